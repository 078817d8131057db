"""Facts about how figures are written: one way for what is the same."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Severity

RULE = "writing"


def said(gate: Any, content: str) -> list[Severity]:
    return [f.severity for f in gate.judge("t.csv", content).findings if f.check == RULE]


@pytest.mark.parametrize("cell", ["007", "+07", "-0012", " 01.5"])
def test_leading_zeros_of_a_count_block(gate: Any, cell: str) -> None:
    assert said(gate.without_data(), f"a,n\nx,{cell}\ny,12\n") == [Severity.BLOCK]


@pytest.mark.parametrize("cell", ["0", "0.5", "70", "-0.2", "100"])
def test_zeros_that_say_the_size_are_plain(gate: Any, cell: str) -> None:
    assert said(gate.without_data(), f"a,n\nx,{cell}\ny,12\n") == []


def test_codes_keep_their_zeros(gate: Any) -> None:
    assert said(gate.without_data(), "commune,n\n01007,12\n01014,15\n") == []


def test_thousands_are_written_in_one_way(gate: Any) -> None:
    assert said(gate.without_data(), "a,n\nx,1 200\ny,3400\n") == [Severity.REVIEW]
    assert said(gate.without_data(), "a,n\nx,1 200\ny,3'400\n") == [Severity.REVIEW]
    assert said(gate.without_data(), "a,n\nx,1 200\ny,3 400\nz,12\n") == []
    assert said(gate.without_data(), "a,n\nx,1 000\ny,3400\n") == [Severity.REVIEW]


def test_the_column_of_what_is_written_in_several_ways_is_named(gate: Any) -> None:
    judged = gate.without_data().judge("t.csv", "a,n,count\nx,12,1 200\ny,15,3400\n")
    assert [f.place for f in judged.findings if f.check == RULE] == ["t.csv, column 3"]


def test_totals_have_one_word(gate: Any, data: pl.DataFrame) -> None:
    people = pl.col("person").n_unique().alias("n")
    table = data.filter(pl.col("region") != "Nord").group_by("region", "sex").agg(people).sort("region", "sex")
    total = data.select(people).item()
    assert said(gate, table.write_csv() + f"Total,Total,{total}\n") == []
    assert said(gate, table.write_csv() + f"Total,all,{total}\n") == [Severity.REVIEW]


def test_a_mark_says_no_other_threshold(gate: Any) -> None:
    minimum = gate.policy.minimum_units
    assert said(gate.without_data(), f"a,n\nx,<{minimum}\ny,12\n") == []
    assert said(gate.without_data(), f"a,n\nx,<{minimum + 1}\ny,12\n") == [Severity.REVIEW]
