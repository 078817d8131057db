"""Facts about counts that are not shown and can be worked out: rests of totals, denominators, percentages, rounding."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.exports import FixKind, Severity
from hub.domain.table_context import TableContext


def areas(*sizes: int) -> pl.DataFrame:
    """So many rows of each area, with a value that differs from row to row."""
    names = [chr(97 + n) for n, size in enumerate(sizes) for _ in range(size)]
    return pl.DataFrame({"area": names, "pay": [100.0 + n % 7 for n in range(len(names))]})


def counted(rows: pl.DataFrame, *kept: str) -> str:
    """Counts of some areas, and the total of all."""
    table = rows.filter(pl.col("area").is_in(kept)).group_by("area").len("n").sort("area")
    return pl.concat([table, pl.DataFrame({"area": ["Total"], "n": [rows.height]}, schema=table.schema)]).write_csv()


def test_a_total_that_leaves_a_small_rest_blocks(on: Any, make: Any) -> None:
    rows = areas(40, 50, 4)
    judged = on(rows).judge("t.csv", counted(rows, "a", "b"))
    (found,) = [f for f in judged.findings if f.check == "complement"]
    assert found.severity is Severity.BLOCK
    assert found.place == "t.csv, row 3, column area"
    assert "4" in found.detail
    assert "4" not in found.sentence


def test_a_rest_that_is_large_enough_passes(on: Any, make: Any) -> None:
    rows = areas(40, 50, 4, 6)
    assert "complement" not in make.checks(on(rows).judge("t.csv", counted(rows, "a", "b")))


def test_a_total_without_a_rest_passes(on: Any, make: Any) -> None:
    rows = areas(40, 50)
    assert on(rows).judge("t.csv", counted(rows, "a", "b")).verdict == "none"


@settings(max_examples=15, deadline=None)
@given(small=st.integers(1, 9), other=st.integers(10, 60))
def test_more_suppressed_cells_never_make_a_rest_smaller(on: Any, make: Any, small: int, other: int) -> None:
    rows = areas(400, other, small)
    assert "complement" in make.checks(on(rows).judge("t.csv", counted(rows, "a", "b")))
    assert "complement" not in make.checks(on(rows).judge("t.csv", counted(rows, "a")))


@pytest.mark.parametrize(("rest", "blocks"), [(1, True), (9, True), (10, False)])
def test_a_rest_is_large_enough_from_the_threshold_on(on: Any, rest: int, blocks: bool) -> None:
    rows = areas(40, 50, rest)
    judged = on(rows).judge("t.csv", counted(rows, "a", "b"))
    found = [f for f in judged.findings if f.check == "complement"]
    assert bool(found) is blocks
    assert all(f.detail == f"The smallest of these rests covers this many units: {rest}." for f in found)
    assert all(f.parameters == (("minimum_units", "10"),) for f in found)
    assert all(f.rule == "at least 10 privacy units in each cell (uk-sacro)" for f in found)


def answers(answered: int) -> pl.DataFrame:
    return areas(40, 40).with_columns(
        pl.when((pl.col("area") == "a") | (pl.int_range(pl.len()) < 40 + answered)).then("pay").alias("pay")
    )


@pytest.mark.parametrize(("answered", "blocks"), [(9, True), (10, False)])
def test_a_mean_counts_those_who_answered(on: Any, make: Any, answered: int, blocks: bool) -> None:
    rows = answers(answered)
    table = rows.group_by("area").agg(pl.col("pay").mean().alias("mean_pay")).sort("area").write_csv()
    judged = on(rows).judge("t.csv", table, TableContext("d", ("area",), "pay", "mean"))
    found = [f for f in judged.findings if f.check == "denominator"]
    assert [f.place for f in found] == (["t.csv, row 2, column area"] if blocks else [])
    assert all(f.fix and f.fix.kind is FixKind.SUPPRESS and f.fix.rows == (2,) for f in found)


@pytest.mark.parametrize(("units", "is_found"), [(9, False), (10, True)])
def test_few_answers_of_fewer_units_than_the_threshold_are_the_minimum_frequencys(
    on: Any, make: Any, units: int, is_found: bool
) -> None:
    rows = pl.concat([areas(40), areas(units).with_columns(area=pl.lit("b"))])
    rows = rows.with_columns(pl.when((pl.col("area") == "a") | (pl.int_range(pl.len()) < 45)).then("pay").alias("pay"))
    table = rows.group_by("area").agg(pl.col("pay").mean().alias("mean_pay")).sort("area").write_csv()
    judged = on(rows).judge("t.csv", table, TableContext("d", ("area",), "pay", "mean"))
    assert ("denominator" in make.checks(judged)) is is_found
    assert ("minimum-frequency" in make.checks(judged)) is not is_found


def test_a_cell_that_is_not_shown_may_rest_on_few_answers(on: Any, make: Any) -> None:
    rows = answers(9)
    mean = rows.filter(pl.col("area") == "a").select(pl.col("pay").mean()).item()
    judged = on(rows).judge("t.csv", f"area,mean_pay\na,{mean}\nb,\n", TableContext("d", ("area",), "pay", "mean"))
    assert "denominator" not in make.checks(judged)


def test_the_fewest_answers_are_those_that_a_steward_reads(on: Any) -> None:
    rows = pl.concat([answers(9), areas(40).with_columns(area=pl.lit("c"))])
    rows = rows.with_columns(pl.when((pl.col("area") != "c") | (pl.int_range(pl.len()) < 84)).then("pay").alias("pay"))
    table = rows.group_by("area").agg(pl.col("pay").mean().alias("mean_pay")).sort("area").write_csv()
    judged = on(rows).judge("t.csv", table, TableContext("d", ("area",), "pay", "mean"))
    (found,) = [f for f in judged.findings if f.check == "denominator"]
    assert found.detail == "The smallest of these denominators covers this many units: 4."


def test_a_steward_reads_how_few_answered(on: Any) -> None:
    rows = answers(9)
    table = rows.group_by("area").agg(pl.col("pay").mean().alias("mean_pay")).sort("area").write_csv()
    judged = on(rows).judge("t.csv", table, TableContext("d", ("area",), "pay", "mean"))
    (found,) = [f for f in judged.findings if f.check == "denominator"]
    assert found.detail == "The smallest of these denominators covers this many units: 9."
    assert "fewer than 10 distinct units have a value of pay" in found.sentence
    assert found.parameters == (("minimum_units", "10"),)
    assert found.rule == "at least 10 privacy units in each cell (uk-sacro)"


@pytest.mark.parametrize(
    ("cells", "severity"),
    [
        ("120,2.5", "block"),  # 3 people
        ("120,97.5", "block"),  # 3 people are not
        ("120,8.3", None),  # 10 people
        ("120,0", None),
        ("1000,0.9", "block"),
        ("100,9", "block"),
        ("2000,0", None),
        ("5000,0.1", "review"),  # 5, and up to 7.5 without the rounding
    ],
)
def test_a_percentage_gives_the_count_of_its_part(gate: Any, cells: str, severity: str | None) -> None:
    judged = gate.without_data().judge("t.csv", f"area,n,pct_smokers\nA,{cells}\nB,400,50\nC,300,20\n")
    found = {str(f.severity) for f in judged.findings if f.check == "percentage"}
    if severity == "review":
        assert found  # rounding leaves more possible than three, and not enough for ten
    else:
        assert found == ({severity} if severity else set())


@pytest.mark.parametrize(
    ("title", "cells", "severity"),
    [
        ("pct_smokers", "100,10", None),
        ("pct_smokers", "100,90", None),
        ("pct_smokers", "100,91", "block"),
        ("pct_smokers", "100,100", None),
        ("pct_smokers", "100,101", None),
        ("pct_smokers", "180,5", "block"),  # 9, and up to 9.9 without the rounding
        ("pct_smokers", "400,2", "review"),  # 8, and up to 10
        ("share_smokers", "100,0.10", None),
        ("share_smokers", "100,0.09", "block"),
        ("share_smokers", "100,9", None),
    ],
)
def test_a_part_is_enough_from_the_threshold_on(gate: Any, title: str, cells: str, severity: str | None) -> None:
    large = "50" if title.startswith("pct") else "0.5"
    judged = gate.without_data().judge("t.csv", f"area,n,{title}\nA,{cells}\nB,400,{large}\nC,90,{large}\n")
    found = [f for f in judged.findings if f.check == "percentage"]
    assert all(f.place == "t.csv, row 1, column 3" for f in found)
    assert {str(f.severity) for f in found} == ({severity} if severity else set())
    assert all(f.parameters == (("minimum_units", "10"),) for f in found)
    assert all(f.rule == "at least 10 privacy units in each cell (uk-sacro)" for f in found)


def test_a_percentage_is_held_against_every_count_beside_it(gate: Any) -> None:
    judged = gate.without_data().judge(
        "t.csv", "area,n_all,n_asked,pct_yes\nA,900,100,5\nB,4000,400,50\nC,900,300,20\n"
    )
    found = [f for f in judged.findings if f.check == "percentage"]
    assert {(f.place, str(f.severity)) for f in found} == {("t.csv, row 1, column 4", "block")}


def test_rounding_may_hide_a_count(gate: Any) -> None:
    judged = gate.without_data().judge("t.csv", "area,n,pct_smokers\nA,900,1\nB,400,50\n")
    assert {str(f.severity) for f in judged.findings if f.check == "percentage"} == {"review"}


def test_a_share_of_the_count_itself_is_no_part_of_it(gate: Any, make: Any) -> None:
    judged = gate.without_data().judge("t.csv", "area,n,percent\nA,20,2\nB,180,18\nC,800,80\n")
    assert "percentage" not in make.checks(judged)


@pytest.mark.parametrize("title", ["share", "proportion_f", "taux", "part_femmes"])
def test_fractions_count_too(gate: Any, make: Any, title: str) -> None:
    judged = gate.without_data().judge("t.csv", f"area,effectif,{title}\nA,100,0.03\nB,100,0.5\n")
    assert "percentage" in make.checks(judged)


def test_counts_are_multiples_of_the_base(gate: Any, make: Any) -> None:
    rounded = gate.without_data().under(rounding_base=5)
    judged = rounded.judge("t.csv", "area,n,mean\nA,120,3.1\nB,43,2.2\n")
    (found,) = [f for f in judged.findings if f.check == "rounding"]
    assert found.place == "t.csv, row 2, column 2"
    assert found.fix is not None
    assert (found.fix.kind, found.fix.columns, found.fix.base) == (FixKind.ROUND, (2,), 5)
    assert "rounding" not in make.checks(rounded.judge("t.csv", "area,n,mean\nA,120,3.1\nB,45,2.2\n"))


def test_without_a_base_counts_leave_as_they_are(gate: Any, make: Any) -> None:
    assert "rounding" not in make.checks(gate.without_data().judge("t.csv", "area,n\nA,121\nB,43\n"))


def test_rounded_counts_agree_with_the_dataset(on: Any) -> None:
    rows = areas(41, 52)
    table = "area,n\na,40\nb,50\n"
    assert on(rows).under(rounding_base=5).judge("t.csv", table).verdict == "none"
    assert on(rows).judge("t.csv", table).verdict == "review"


def test_a_single_row_is_no_share_of_its_own_count(gate: Any, make: Any) -> None:
    judged = gate.without_data().judge("t.csv", "area,n,pct_smokers\nA,120,2.5\n")
    assert "percentage" in make.checks(judged)


def test_a_rest_is_counted_within_each_line_of_totals(on: Any) -> None:
    rows = pl.DataFrame({
        "p": range(208), "sex": ["f"] * 104 + ["m"] * 104, "area": (["a"] * 50 + ["b"] * 50 + ["c"] * 4) * 2,
    }).filter(~((pl.col("sex") == "m") & (pl.col("area") == "c")))  # fmt: skip
    cells = rows.filter(pl.col("area") != "c").group_by("sex", "area").len("n").sort("sex", "area")
    totals = rows.group_by("sex").len("n").sort("sex").select("sex", pl.lit("Total").alias("area"), "n")
    judged = on(rows, "p").judge("t.csv", pl.concat([cells, totals]).write_csv())
    assert [f.place for f in judged.findings if f.check == "complement"] == ["t.csv, row 5, columns sex × area"]
