"""Facts about shares: what their line lacks to the whole, and how finely they tell counts."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Severity

SIZES = {"a": 200, "b": 150, "c": 146, "d": 4}


def rows(sizes: dict[str, int]) -> pl.DataFrame:
    """People by area, half of them of either job, and a third with a yes."""
    areas = [area for area, size in sizes.items() for _ in range(size)]
    at = range(len(areas))
    jobs = ["x" if n % 2 else "y" for n in at]
    return pl.DataFrame({"p": at, "area": areas, "job": jobs, "ill": [int(n % 3 == 0) for n in at]})


def told(judged: Any, check: str) -> list[tuple[Severity, str]]:
    return [(f.severity, f.place) for f in judged.findings if f.check == check]


def shares(sizes: dict[str, int], decimals: int, scale: int = 1, of: int = 500, column: str = "share") -> str:
    lines = "".join(f"{area},{size / of * scale:.{decimals}f}\n" for area, size in sizes.items())
    return f"area,{column}\n{lines}"


SHOWN = {area: size for area, size in SIZES.items() if area != "d"}


@pytest.mark.parametrize(("decimals", "scale"), [(4, 1), (3, 100), (1, 100)])
def test_shares_of_a_whole_with_a_small_rest_block(on: Any, decimals: int, scale: int) -> None:
    judged = on(rows(SIZES), "p").judge("t.csv", shares(SHOWN, decimals, scale))
    assert told(judged, "complement") == [(Severity.BLOCK, "t.csv, rows 1, 2, 3, column 2")]
    assert {f.detail for f in judged.findings if f.check == "complement"} == {
        "The smallest of these rests covers this many units: 4."
    }


def test_coarse_shares_with_a_small_rest_are_read(on: Any) -> None:
    judged = on(rows(SIZES), "p").judge("t.csv", shares(SHOWN, 0, 100))
    assert [severity for severity, _ in told(judged, "complement")] == [Severity.REVIEW]


def test_shares_with_no_rest_or_a_large_one_pass(on: Any) -> None:
    all_shown = {"a": 200, "b": 150, "c": 150}
    assert told(on(rows(all_shown), "p").judge("t.csv", shares(all_shown, 4)), "complement") == []
    large = SHOWN | {"d": 10}
    judged = on(rows(large), "p").judge("t.csv", shares(SHOWN, 4, of=506))
    assert told(judged, "complement") == []


def test_one_share_tells_the_whole_beside_counts(on: Any) -> None:
    text = "area,n,share\na,200,\nb,150,\nc,146,0.292\n"
    judged = on(rows(SIZES), "p").judge("t.csv", text)
    assert told(judged, "complement") == [(Severity.BLOCK, "t.csv, row 3, column 3")]


def test_shares_of_lines_without_a_rest_pass_though_the_whole_has_one(on: Any) -> None:
    """Of each area both jobs are shown; of each job an area is missing."""
    survey = rows(SIZES)
    counts = survey.filter(pl.col("area") != "d").group_by("area", "job").len().sort("area", "job")
    by_area = counts.with_columns(share=(pl.col("len") / pl.col("len").sum().over("area")).round(4)).drop("len")
    assert told(on(survey, "p").judge("t.csv", by_area.write_csv()), "complement") == []
    whole = survey.group_by("job").len(name="all")
    by_job = counts.join(whole, on="job").with_columns(share=(pl.col("len") / pl.col("all")).round(4))
    text = by_job.select("area", "job", "share").sort("area", "job").write_csv()
    assert told(on(survey, "p").judge("t.csv", text), "complement")[0][0] is Severity.BLOCK


@pytest.mark.parametrize(
    ("decimals", "scale", "base", "blocks"),
    [(4, 1, 5, True), (3, 1, 5, True), (2, 1, 5, False), (1, 100, 5, True), (0, 100, 5, False), (4, 1, 1, False)],
)
def test_shares_that_tell_counts_below_the_base_block(
    on: Any, decimals: int, scale: int, base: int, blocks: bool
) -> None:
    """Of 500 people a hundredth is five, which is the base."""
    sizes = {"a": 203, "b": 149, "c": 148}
    gate = on(rows(sizes), "p").under(rounding_base=base)
    found = told(gate.judge("t.csv", shares(sizes, decimals, scale)), "rounding")
    assert found == ([(Severity.BLOCK, "t.csv, rows 1, 2, 3, column 2")] if blocks else [])


def test_exact_shares_that_are_those_of_rounded_counts_pass(on: Any) -> None:
    sizes = {"a": 200, "b": 150, "c": 150}
    judged = on(rows(sizes), "p").under(rounding_base=5).judge("t.csv", shares(sizes, 4))
    assert told(judged, "rounding") == []


@pytest.mark.parametrize(("decimals", "blocks"), [(5, True), (1, False)])
def test_means_of_zeros_and_ones_are_shares(on: Any, decimals: int, blocks: bool) -> None:
    survey = rows({"a": 203, "b": 149, "c": 148})
    table = survey.group_by("area").agg(ill=pl.col("ill").mean().round(decimals)).sort("area")
    judged = on(survey, "p").under(rounding_base=5).judge("t.csv", table.write_csv())
    assert bool(told(judged, "rounding")) is blocks


@pytest.mark.parametrize(
    ("decimals", "digits", "base", "blocks"),
    [(4, 0, 5, True), (0, 0, 5, True), (0, 0, 2, False), (4, 0, 1, False), (4, -3, 5, False)],
)
def test_a_sum_beside_its_mean_tells_the_count(on: Any, decimals: int, digits: int, base: int, blocks: bool) -> None:
    """Of some 200 people with a mean of about 50, a mean in whole numbers leaves four counts."""
    sizes = {"a": 203, "b": 149, "c": 148}
    survey = rows(sizes).with_columns(pay=pl.col("p") * 37 % 101)
    figures = {"sum_pay": pl.col("pay").sum(), "mean_pay": pl.col("pay").mean().round(decimals)}
    table = survey.group_by("area").agg(**figures).sort("area")
    step = 10**-digits
    rounded = table.with_columns(((pl.col("sum_pay") / step).round() * step).cast(pl.Int64))
    assert rounded["sum_pay"].sum() > 20_000
    judged = on(survey, "p").under(rounding_base=base).judge("t.csv", rounded.write_csv())
    assert bool(told(judged, "rounding")) is blocks


def test_a_sum_beside_its_mean_of_counts_that_are_multiples_passes(on: Any) -> None:
    survey = rows({"a": 200, "b": 150, "c": 150}).with_columns(pay=pl.col("p") * 37 % 101)
    figures = {"sum_pay": pl.col("pay").sum(), "mean_pay": pl.col("pay").mean().round(4)}
    table = survey.group_by("area").agg(**figures).sort("area")
    assert told(on(survey, "p").under(rounding_base=5).judge("t.csv", table.write_csv()), "rounding") == []


@pytest.mark.parametrize("decimals", [{"mean": 4, "more": 0}, {"mean": 0, "more": 4}, {"mean": 0, "more": 0}])
def test_a_coarser_column_beside_a_fine_one_hides_nothing(on: Any, decimals: dict[str, int]) -> None:
    """Of some 2,000 people with a mean of about 50, a mean in whole numbers tells no count."""
    survey = rows({"a": 2003, "b": 1492, "c": 1481}).with_columns(pay=pl.col("p") * 37 % 101)
    figures = {f"{name}_pay": pl.col("pay").mean().round(at) for name, at in decimals.items()}
    table = survey.group_by("area").agg(sum_pay=pl.col("pay").sum(), **figures).sort("area")
    shown = table.rename({"more_pay": "pay_mean"}).write_csv()
    found = told(on(survey, "p").under(rounding_base=5).judge("t.csv", shown), "rounding")
    fine = [place for place, at in enumerate(decimals.values(), start=3) if at]
    assert found == [(Severity.BLOCK, f"t.csv, rows 1, 2, 3, column {place}") for place in fine]
