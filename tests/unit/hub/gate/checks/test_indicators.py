"""Facts about indicators: sums and means of zeros and ones give counts, of those with a yes and of those without."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext

RULE = "indicator"


def ill(*yes: int, size: int = 400) -> pl.DataFrame:
    """So many people of each town with an illness, of four hundred; each is two rows."""
    rows = [
        {"person": f"{town}{n}", "town": town, "ill": 1 if n < count else 0}
        for town, count in zip("abcdef", yes, strict=False)
        for n in range(size)
    ]
    return pl.concat([pl.DataFrame(rows)] * 2)


def found(on: Any, rows: pl.DataFrame, table: str | pl.DataFrame, unit: str = "person", **declared: Any) -> list[Any]:
    context = TableContext("d", ("town",), **declared)
    text = table if isinstance(table, str) else table.write_csv()
    return [f for f in on(rows, unit).judge("t.csv", text, context).findings if f.check == RULE]


def sums(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.group_by("town").agg(pl.col("ill").sum()).sort("town")


def means(rows: pl.DataFrame, decimals: int) -> pl.DataFrame:
    return rows.group_by("town").agg(pl.col("ill").mean().round(decimals).alias("mean_ill")).sort("town")


@pytest.mark.parametrize(("yes", "blocks"), [(1, True), (9, True), (10, False), (390, False), (391, True)])
def test_a_sum_is_a_count_of_those_with_and_of_those_without(on: Any, yes: int, blocks: bool) -> None:
    rows = ill(yes, 200)
    assert [(f.severity, f.place) for f in found(on, rows, sums(rows))] == (
        [(Severity.BLOCK, "t.csv, row 1, column 2")] if blocks else []
    )


@pytest.mark.parametrize("yes", [0, 400])
def test_nobody_and_everybody_are_no_few(on: Any, yes: int) -> None:
    rows = ill(yes, 200)
    assert found(on, rows, sums(rows)) == []


def test_it_is_said_with_its_rule_and_can_be_left_out(on: Any) -> None:
    rows = ill(200, 7, 4)
    (told,) = found(on, rows, sums(rows))
    assert told.place == "t.csv, rows 2, 3, column 2"
    assert "ill is a column of two values" in told.sentence
    assert "fewer than 10" in told.sentence
    assert told.rule == "at least 10 privacy units in each cell (uk-sacro)"
    assert told.detail == "The smallest of these counts covers this many units: 4."
    assert told.parameters == (("minimum_units", "10"),)
    assert told.fix is not None
    assert (told.fix.rows, told.fix.columns) == ((2, 3), (2,))


@pytest.mark.parametrize(
    ("decimals", "severity"), [(4, Severity.BLOCK), (3, Severity.BLOCK), (2, Severity.REVIEW), (1, Severity.REVIEW)]
)
def test_a_mean_with_few_decimals_leaves_larger_counts_possible(on: Any, decimals: int, severity: Severity) -> None:
    """Of 800 answers, a mean to two decimals is known to four more or fewer, and here 9 is near ten."""
    rows = ill(9, 200)
    assert [f.severity for f in found(on, rows, means(rows, decimals), measure="ill", aggregate="mean")] == [severity]


@pytest.mark.parametrize(("yes", "severity"), [(5, Severity.BLOCK), (6, Severity.REVIEW)])
def test_what_a_rounded_mean_leaves_open_grows_with_the_answers(on: Any, yes: int, severity: Severity) -> None:
    """Of 800 answers, half of a hundredth is four, which six may be beyond and five may not."""
    rows = ill(yes, 200)
    assert [f.severity for f in found(on, rows, means(rows, 2), measure="ill", aggregate="mean")] == [severity]


def test_what_a_rounded_mean_leaves_open_shrinks_with_what_lies_between_the_two(on: Any) -> None:
    """Of 800 answers of 10 or 20, a mean to one decimal is known to four more or fewer."""
    rows = ill(7, 200).with_columns((10 + 10 * pl.col("ill")).alias("ill"))
    told = found(on, rows, means(rows, 1), measure="ill", aggregate="mean")
    assert [f.severity for f in told] == [Severity.REVIEW]


@pytest.mark.parametrize(("shown", "severity"), [("0.50", Severity.BLOCK), ("0.5", Severity.REVIEW)])
def test_zeros_at_the_end_say_how_far_a_mean_was_rounded(on: Any, shown: str, severity: Severity) -> None:
    """Nine of eighteen: 0.5 may be as many as ten of them, 0.50 may not."""
    rows = ill(9, size=18)
    told = found(on, rows, f"town,mean_ill\na,{shown}\n", measure="ill", aggregate="mean")
    assert [f.severity for f in told] == [severity]


@pytest.mark.parametrize("yes", [9, 10])
def test_zeros_behind_a_number_that_was_rounded_more_say_nothing(on: Any, yes: int) -> None:
    """Nine of nineteen are 0.47 and ten are 0.53, so that 0.50 was written of 0.5."""
    rows = ill(yes, size=19)
    told = found(on, rows, "town,mean_ill\na,0.50\n", measure="ill", aggregate="mean")
    assert [f.severity for f in told] == [Severity.REVIEW]


def test_zeros_at_the_end_of_one_mean_say_nothing_where_another_was_rounded_more(on: Any) -> None:
    """Nine of eighteen are 0.50, and ten of nineteen 0.53, which stands there as 0.50."""
    rows = pl.concat([ill(9, size=18), ill(0, 10, size=19).filter(pl.col("town") == "b")])
    told = found(on, rows, "town,mean_ill\na,0.50\nb,0.50\n", measure="ill", aggregate="mean")
    assert [(f.severity, f.place) for f in told] == [(Severity.REVIEW, "t.csv, rows 1, 2, column 2")]


@pytest.mark.parametrize(("size", "severity"), [(88, Severity.BLOCK), (83, Severity.REVIEW)])
def test_a_mean_with_a_zero_at_its_end_lies_within_half_of_what_that_says(
    on: Any, size: int, severity: Severity
) -> None:
    """Nine of 88 are 0.102, which is 0.10; nine of 83 are 0.108, which is not."""
    rows = ill(9, size=size)
    told = found(on, rows, "town,mean_ill\na,0.10\n", measure="ill", aggregate="mean")
    assert [f.severity for f in told] == [severity]


def test_one_to_the_other_side_of_what_lies_between_the_two(on: Any) -> None:
    """Of 800 answers of 10 or 20, a mean to one decimal leaves five below ten."""
    rows = ill(5, 200).with_columns((10 + 10 * pl.col("ill")).alias("ill"))
    told = found(on, rows, means(rows, 1), measure="ill", aggregate="mean")
    assert [f.severity for f in told] == [Severity.BLOCK]


def test_one_is_few_too(on: Any) -> None:
    rows = ill(1, 200)
    (told,) = found(on, rows, sums(rows))
    assert told.detail == "The smallest of these counts covers this many units: 1."


def test_a_standard_deviation_of_zeros_and_ones_is_a_share(on: Any) -> None:
    rows = ill(4, 200)
    table = rows.group_by("town").agg(pl.col("ill").std().alias("std_ill")).sort("town")
    assert found(on, rows, table, measure="ill", aggregate="std")


def test_what_is_sure_blocks_and_what_is_not_is_read_each_with_its_rows(on: Any) -> None:
    rows = ill(3, 200, 8)
    told = found(on, rows, means(rows, 2), measure="ill", aggregate="mean")
    assert [(f.severity, f.place) for f in told] == [
        (Severity.BLOCK, "t.csv, row 1, column 2"),
        (Severity.REVIEW, "t.csv, row 3, column 2"),
    ]


def test_a_cell_that_shows_nothing_tells_nothing(on: Any) -> None:
    rows = ill(4, 210)
    assert found(on, rows, "town,ill\na,c\nb,420\n") == []
    assert found(on, rows, "town,ill\na,8\nb,c\n")


def test_a_row_of_no_group_tells_nothing(on: Any) -> None:
    rows = ill(4, 200)
    told = found(on, rows, "town,ill\na,8\nb,400\nz,0\n")
    assert [f.place for f in told] == ["t.csv, row 1, column 2"]


def test_answers_that_are_missing_count_for_neither_side(on: Any) -> None:
    """Of 400 people nine said no, and all others said nothing or yes."""
    rows = ill(200, 180).with_columns(
        pl.when(pl.col("person").is_in([f"a{n}" for n in range(209, 400)])).then(None).otherwise("ill").alias("ill")
    )
    assert [f.place for f in found(on, rows, sums(rows))] == ["t.csv, row 1, column 2"]


def test_a_column_of_truths_is_one_too(on: Any) -> None:
    rows = ill(4, 200).with_columns(pl.col("ill") == 1)
    assert [f.place for f in found(on, rows, sums(rows))] == ["t.csv, row 1, column 2"]


def test_any_two_numbers_are_a_yes_and_a_no(on: Any) -> None:
    rows = ill(4, 200).with_columns(pl.when(pl.col("ill") == 0).then(5.0).otherwise("ill").alias("ill"))
    assert [f.place for f in found(on, rows, sums(rows))] == ["t.csv, row 1, column 2"]


def test_three_numbers_are_no_yes_and_no(on: Any) -> None:
    third = pl.when(pl.col("person") == "a399").then(5.0).otherwise("ill").alias("ill")
    rows = ill(4, 200).with_columns(third)
    assert found(on, rows, sums(rows)) == []


def test_a_maximum_of_zeros_and_ones_is_no_count(on: Any) -> None:
    rows = ill(4, 200)
    table = rows.group_by("town").agg(pl.col("ill").max().alias("max_ill")).sort("town")
    assert found(on, rows, table, measure="ill", aggregate="max") == []


def test_each_figure_is_judged_by_itself(on: Any) -> None:
    rows = ill(4, 200)
    table = sums(rows).join(means(rows, 4), on="town")
    assert [f.place for f in found(on, rows, table)] == ["t.csv, row 1, column 2", "t.csv, row 1, column 3"]


def test_a_table_with_a_column_for_each_group_has_no_cells_to_leave_out_by_its_row(on: Any) -> None:
    """What was reshaped is named by its author's rows, and has to be made anew."""
    first = ill(4, 200).with_columns(year=pl.lit(2020))
    rows = pl.concat([first, ill(200, 200).with_columns(year=pl.lit(2021))])
    wide = rows.group_by("town", "year").agg(pl.col("ill").sum()).pivot("year", index="town", values="ill")
    judged = on(rows, "person").judge("t.csv", wide.sort("town").write_csv(), TableContext("d", measure="ill"))
    (told,) = [f for f in judged.findings if f.check == RULE]
    assert told.fix is None
