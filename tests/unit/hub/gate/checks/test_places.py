"""Facts about places: where a finding stands, as the file's author sees it."""

from __future__ import annotations

import re

import polars as pl
import pytest

from hub.gate.checks.places import column_place, line_place, rows_of
from hub.gate.fragments import TextFragment, ValueFragment
from hub.gate.views import TableView


@pytest.mark.parametrize(("text", "line"), [("x", 1), ("\nx", 2), ("a\nb\nx\nc\n", 3), ("a x\n", 1)])
def test_a_match_in_a_text_is_named_by_its_line(text: str, line: int) -> None:
    match = re.search("x", text)
    assert match
    assert line_place(TextFragment(place="!t", text=text), match) == f"!t, line {line}"


def test_only_a_text_has_lines() -> None:
    match = re.search("x", "a\nx")
    assert match
    assert line_place(ValueFragment(place="!v", value="a\nx"), match) == "!v"


def test_a_column_is_named_by_its_number_and_its_rows() -> None:
    view = TableView("!t", ("area", "n"), pl.DataFrame({"c0": ["a", "b"], "c1": ["1", "2"]}))
    assert column_place(view, "c1") == "!t, column 2"
    assert column_place(view, "c0", [2]) == "!t, row 2, column 1"
    assert rows_of(pl.DataFrame({"row": [3, 1]})) == [3, 1]
