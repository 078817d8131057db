"""What an author declares of a table: weights, filters, and what they could be used for."""

from __future__ import annotations

import polars as pl

from corpus.case import Offer, Offered, bad, good
from corpus.data import firms, survey
from hub.domain.exports import Severity
from hub.domain.table_context import TableContext


@bad("dominance", data=("firms",))
def a_sum_as_a_weight() -> Offer:
    """Turnover by sector, declared as the weights of a count; one enterprise has nearly all of the mines'."""
    rows = firms().filter(pl.col("sector") != "glass")
    table = rows.group_by("sector").agg(total=pl.col("turnover").sum()).sort("sector")
    declared = TableContext(dataset="firms", dimensions=("sector",), weight="turnover")
    return Offered({"counts.csv": table}, {"counts.csv": declared})


@good("dominance", data=("firms",))
def a_weighted_count() -> Offer:
    """Enterprises by sector, weighted as the survey's plan says."""
    rows = firms().filter(pl.col("sector") != "glass")
    table = rows.group_by("sector").agg(total=pl.col("weight").sum()).sort("sector")
    declared = TableContext(dataset="firms", dimensions=("sector",), weight="weight")
    return Offered({"counts.csv": table}, {"counts.csv": declared})


def _people() -> pl.DataFrame:
    return survey().group_by("sex").agg(n=pl.col("person").n_unique()).sort("sex")


@bad("recompute")
def counts_declared_as_a_mean_of_words() -> Offer:
    """People by sex, declared as the mean of a column of words."""
    declared = TableContext("survey", ("sex",), measure="region", aggregate="mean")
    return Offered({"counts.csv": _people()}, {"counts.csv": declared})


@good("recompute")
def counts_declared_as_counts() -> Offer:
    """The same, declared as what they are."""
    return Offered({"counts.csv": _people()}, {"counts.csv": TableContext("survey", ("sex",), aggregate="count")})


def _incomes(condition: pl.Expr, filtered: str) -> tuple[pl.DataFrame, TableContext]:
    """Income by year, over the rows that a filter takes, and its declaration."""
    rows = survey().filter(condition).group_by("year").agg(income=pl.col("income").sum().round(0)).sort("year")
    told = TableContext("survey", ("year",), measure="income", aggregate="sum", filter=filtered, rounding=1.0)
    return rows, told


def _tables(*made: tuple[pl.DataFrame, TableContext]) -> Offered:
    names = [f"incomes-{letter}.csv" for letter, _ in zip("abc", made, strict=False)]
    return Offered(
        {name: table for name, (table, _) in zip(names, made, strict=True)},
        {name: told for name, (_, told) in zip(names, made, strict=True)},
    )


def _of_regions(*names: str) -> tuple[pl.DataFrame, TableContext]:
    return _incomes(pl.col("region").is_in(names), f"region in ({', '.join(map(repr, names))})")


@bad("filter", severity=Severity.REVIEW)
def half_of_the_people_by_number() -> Offer:
    """Incomes of everybody whose number is below one that the author chose."""
    middle = survey()["person"].unique().sort()[300]
    return _tables(_incomes(pl.col("person") < middle, f"person < '{middle}'"))


@bad("filter", severity=Severity.REVIEW)
def everybody_but_one_name() -> Offer:
    """Incomes of everybody but one person, who is named."""
    name = survey()["full_name"][400]
    return _tables(_incomes(pl.col("full_name") != name, f"full_name != '{name}'"))


@good("filter")
def people_of_two_regions() -> Offer:
    """Incomes of two regions, declared by a filter."""
    return _tables(_of_regions("Est", "Ouest"))


@good("filter")
def everybody_with_a_number() -> Offer:
    """Incomes of all who have a number, which are all."""
    return _tables(_incomes(pl.col("person").is_not_null(), "person is not null"))


@bad("differencing")
def filters_that_pin_a_region() -> Offer:
    """Sums of three declared parts; the first and the third without the second are those of three people."""
    return _tables(_of_regions("Est", "Nord"), _of_regions("Est", "Ouest"), _of_regions("Ouest"))


@bad("differencing")
def a_filter_that_leaves_three_people_out() -> Offer:
    """Sums of everybody, and of everybody but the three people of a region."""
    return _tables(_incomes(pl.lit(value=True), ""), _incomes(pl.col("region") != "Nord", "region != 'Nord'"))


@good("differencing")
def filters_that_leave_a_region() -> Offer:
    """Sums of three declared parts that differ by whole regions."""
    return _tables(_of_regions("Est", "Sud"), _of_regions("Est", "Ouest"), _of_regions("Ouest"))
