"""Facts about rounding: where the policy has a base, every count is a multiple of it, and other figures need not be."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Finding, FixKind, Severity
from hub.domain.table_context import TableContext
from hub.gate.checks.rounding import rounding
from hub.gate.context import Context
from hub.gate.fragments import Fragment, TableFragment, TextFragment
from hub.gate.kinds import Kind


def table(**columns: tuple[str, ...]) -> TableFragment:
    return TableFragment(place="!t", columns=tuple(columns), data=tuple(columns.values()))


def found(gate: Any, fragment: Fragment, base: int = 5, datasets: Any = ()) -> list[Finding] | None:
    policy = gate.under(rounding_base=base).policy
    return rounding(fragment, Context("t.csv", Kind.CSV, TableContext(), policy, datasets))


def test_counts_that_are_no_multiples_block_with_their_rows_and_are_rounded(gate: Any) -> None:
    (told,) = found(gate, table(area=("a", "b", "c", "d"), n=("40", "43", "45", "0.5"))) or []
    assert (told.check, told.severity) == ("rounding", Severity.BLOCK)
    assert told.place == "t.csv!t, rows 2, 4, column 2"
    assert told.sentence.endswith("to a multiple of 5.")
    assert told.rule == "counts are multiples of 5 (uk-sacro)"
    assert told.parameters == (("rounding_base", "5"),)
    assert told.fix is not None
    assert (told.fix.kind, told.fix.place, told.fix.rows, told.fix.columns, told.fix.base) == (
        FixKind.ROUND, "!t", (), (2,), 5,
    )  # fmt: skip


@pytest.mark.parametrize(("base", "blocks"), [(0, False), (1, False), (2, True), (3, False), (7, True)])
def test_a_base_of_one_asks_for_nothing(gate: Any, base: int, blocks: bool) -> None:
    assert bool(found(gate, table(area=("a", "b"), n=("9", "3")), base)) is blocks


def test_each_column_of_counts_is_said_and_no_other(gate: Any) -> None:
    told = found(gate, table(area=("a",), n=("41",), mean=("4.3",), count=("42",), total=("5",))) or []
    assert [f.place for f in told] == ["t.csv!t, row 1, column 2", "t.csv!t, row 1, column 4"]
    assert found(gate, table(area=("a",), mean=("4.3",))) is None
    assert found(gate, TextFragment(text="n is 41")) is None


def test_a_printed_table_is_said_and_has_no_fix(gate: Any) -> None:
    (told,) = found(gate, TextFragment(place="!p", text="area    n\na      41\nb      45\n")) or []
    assert (told.place, told.fix) == ("t.csv!p, row 1, column 2", None)


def test_what_is_counted_in_the_dataset_is_a_count_whatever_it_is_called(on: Any) -> None:
    """So is a sum of zeros and ones; a sum of other numbers is none."""
    rows = pl.DataFrame(
        {"person": range(90), "sex": ["f", "m", "m"] * 30, "ill": [0, 1] * 45, "visits": [n % 7 for n in range(90)]}
    )
    gate = on(rows, "person")
    figures = rows.group_by("sex").agg(pl.len().alias("them"), pl.col("ill").sum(), pl.col("visits").sum()).sort("sex")
    shown = {name: tuple(map(str, figures[name].to_list())) for name in figures.columns}
    told = found(gate, table(**shown), 4, gate.datasets) or []
    assert [f.place for f in told] == ["t.csv!t, row 1, column 2", "t.csv!t, rows 1, 2, column 3"]


def test_a_count_that_is_named_like_one_counts_beside_what_agrees(on: Any) -> None:
    rows = pl.DataFrame({"person": range(90), "sex": ["f", "m", "m"] * 30})
    gate = on(rows, "person")
    told = found(gate, table(sex=("f", "m"), them=("30", "60"), n=("7", "9")), 4, gate.datasets) or []
    assert [f.place for f in told] == ["t.csv!t, row 1, column 2", "t.csv!t, rows 1, 2, column 3"]


def test_half_a_count_is_no_matter_of_rounding_where_there_is_no_base(gate: Any) -> None:
    assert found(gate, table(area=("a",), n=("0.5",)), 1) is None


def test_counts_beside_each_other_are_named_by_their_authors_rows_and_have_no_fix(on: Any) -> None:
    rows = pl.DataFrame({"person": range(120), "sex": ["f", "m", "m"] * 40, "year": [2020, 2021] * 60})
    gate = on(rows, "person")
    wide = rows.group_by("sex", "year").len().pivot("year", index="sex", values="len").sort("sex")
    shown = {name: tuple(map(str, wide[name].to_list())) for name in wide.columns}
    (told,) = found(gate, table(**shown), 8, gate.datasets) or []
    assert (told.place.startswith("t.csv!t, row 1, "), told.fix) == (True, None)


@pytest.mark.parametrize("order", ["exact", "rounded", "exact rounded", "rounded exact"])
def test_sums_that_give_multiples_hide_none_that_give_other_counts(on: Any, order: str) -> None:
    """Sums agree with the dataset to so many digits, so that one column can be chosen to give rounded counts."""
    sizes = [2003, 1492, 1481]
    areas = [area for area, size in zip("abc", sizes, strict=True) for _ in range(size)]
    rows = pl.DataFrame({"area": areas, "pay": [n * 37 % 101 for n in range(sum(sizes))]})
    gate = on(rows).under(significant_digits=3)
    of = rows.group_by("area").agg(pl.col("pay").sum(), pl.col("pay").mean().round(4).alias("mean")).sort("area")
    mean = of["mean"].to_list()
    near = [round(count * each) for count, each in zip([2005, 1490, 1480], mean, strict=True)]
    sums = {"exact": tuple(map(str, of["pay"])), "rounded": tuple(map(str, near))}
    named = dict(zip(("sum_pay", "pay_sum"), (sums[name] for name in order.split()), strict=False))
    told = found(gate, table(area=tuple("abc"), **named, mean_pay=tuple(map(str, mean))), 5, gate.datasets) or []
    place = f"t.csv!t, rows 1, 2, 3, column {len(named) + 2}"
    assert [f.place for f in told] == ([place] if "exact" in order else [])
