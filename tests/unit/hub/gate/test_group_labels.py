"""Facts about labels of groups: numbers, truths and times have one way to be written, texts are what they are."""

from __future__ import annotations

import polars as pl
import pytest

from hub.gate.cells import ValueClass
from hub.gate.group_labels import in_several_ways


@pytest.mark.parametrize(
    ("value_class", "labels"),
    [
        (ValueClass.NUMBER, ["2019", "02019"]),
        (ValueClass.NUMBER, ["02019", "2020"]),
        (ValueClass.NUMBER, ["2 019", "2020"]),
        (ValueClass.NUMBER, ["2 019", "2'020"]),
        (ValueClass.NUMBER, ["1 000", "2000"]),
        (ValueClass.NUMBER, ["0.5", "0.50"]),
        (ValueClass.TRUTH, ["true", "FALSE"]),
        (ValueClass.TRUTH, ["tRue", "tRue"]),
        (ValueClass.TRUTH, ["1", "false"]),
        (ValueClass.TRUTH, ["1", "0.0"]),
        (ValueClass.TIME, ["2020-01-01", "2020-01-02T00:00:00"]),
        (ValueClass.TIME, ["2020-01-01 00:00:00.0", "2020-01-02 00:00:00.00"]),
        (ValueClass.TIME, ["8:30", "09:30"]),
    ],
)
def test_a_choice_among_ways_is_seen(value_class: ValueClass, labels: list[str]) -> None:
    assert in_several_ways(pl.Series(labels), value_class)


@pytest.mark.parametrize(
    ("value_class", "labels"),
    [
        (ValueClass.NUMBER, ["2019", "2020", " 2019 ", "2019", "Total", ""]),
        (ValueClass.NUMBER, ["2019.0", "2019", "+2020"]),
        (ValueClass.NUMBER, ["01", "02", "12"]),
        (ValueClass.NUMBER, ["0", "5", "10", "0.5"]),
        (ValueClass.NUMBER, ["900", "1 000", "2 000"]),
        (ValueClass.TRUTH, ["true", "false", "Total"]),
        (ValueClass.TRUTH, ["True", "False"]),
        (ValueClass.TRUTH, ["1", "0", ""]),
        (ValueClass.TRUTH, ["1.0", "0.0"]),
        (ValueClass.TIME, ["2020-01-01", "2020-01-02", "all"]),
        (ValueClass.TIME, ["2020-01-01 00:00:00.25", "2020-01-02 00:00:00.50"]),
        (ValueClass.TIME, ["8:30", "0:30", "10:30"]),
        (ValueClass.TIME, ["08:30", "00:30", "10:30"]),
        (ValueClass.TEXT, ["Est", "est", "EST"]),
    ],
)
def test_one_way_is_plain(value_class: ValueClass, labels: list[str]) -> None:
    assert not in_several_ways(pl.Series(labels), value_class)
