"""What several tables tell together: of one request, with those that left before, and around suppressed cells."""

from __future__ import annotations

import polars as pl

from corpus.case import Offer, Offered, bad, good
from corpus.data import PEOPLE, firms, flights, per, survey

TOTAL = "Total"


def with_margins(rows: pl.DataFrame, one: str, two: str, figure: pl.Expr) -> pl.DataFrame:
    """A table with all its totals."""
    parts = []
    for kept in ([one, two], [one], [two], []):
        part = rows.group_by(kept).agg(n=figure) if kept else rows.select(n=figure)
        missing = {name: pl.lit(TOTAL) for name in (one, two) if name not in kept}
        parts.append(part.with_columns(**missing).select(one, two, pl.col("n").cast(pl.Float64)))
    return pl.concat(parts).sort(one, two)


def hiding(table: pl.DataFrame, *cells: tuple[str, str]) -> pl.DataFrame:
    """The table with some cells suppressed."""
    one, two, figure = table.columns
    hidden = pl.any_horizontal(*((pl.col(one) == a) & (pl.col(two) == b) for a, b in cells))
    text = pl.col(figure).round(2).cast(pl.String).str.replace(r"\.0$", "")
    return table.with_columns(pl.when(hidden).then(pl.lit("c")).otherwise(text).alias(figure))


def small_square() -> pl.DataFrame:
    """Counts by region and job with totals; one region is small."""
    return with_margins(survey(), "region", "job", PEOPLE)


@bad("differencing")
def two_tables_that_differ_by_three() -> Offer:
    """ACRO's example: counts by job of all, and of all but the small region."""
    rest = survey().filter(pl.col("region") != "Nord")
    return {"all.csv": per(survey(), "job", n=PEOPLE), "rest.csv": per(rest, "job", n=PEOPLE)}


@bad("differencing")
def a_table_after_another() -> Offer:
    """Counts by job without the small region, after those of all left."""
    rest = survey().filter(pl.col("region") != "Nord")
    return Offered({"rest.csv": per(rest, "job", n=PEOPLE)}, earlier={"all.csv": per(survey(), "job", n=PEOPLE)})


@bad("differencing")
def a_total_after_its_parts() -> Offer:
    """The total of all people, after the counts of all regions but the small one."""
    parts = per(survey(), "region", n=PEOPLE).filter(pl.col("n") >= 10)
    whole = pl.DataFrame({"region": [TOTAL], "n": [survey()["person"].n_unique()]})
    return Offered({"total.csv": whole}, earlier={"parts.csv": parts})


@bad("differencing", data=("transport",), policy="fr-entreprises")
def a_table_in_disguise() -> Offer:
    """The catalogue's flights by airport and month under other names and in another order, a flight or two less."""
    before = per(flights(), "origin", "month", flights=pl.len())
    less = pl.col("flights").cast(pl.Int64) - pl.int_range(pl.len()) % 2 - 1
    after = before.select(zone=pl.int_range(pl.len()) * 7 % 36, trips=less)
    return Offered({"zones.csv": after.sort("trips")}, earlier={"months.csv": before})


@good("differencing")
def the_same_groups_again() -> Offer:
    """Mean incomes by job, after their counts left."""
    figures = per(survey(), "job", mean_income=pl.col("income").mean().round(2))
    return Offered({"means.csv": figures}, earlier={"counts.csv": per(survey(), "job", n=PEOPLE)})


@good("differencing")
def another_cut() -> Offer:
    """Counts by sex, after counts by year left."""
    return Offered({"sex.csv": per(survey(), "sex", n=PEOPLE)}, earlier={"year.csv": per(survey(), "year", n=PEOPLE)})


@bad("secondary-suppression")
def one_cell_beside_its_totals() -> Offer:
    """Counts by region and job with totals; only the small cells are suppressed."""
    small = small_square().filter((pl.col("n") < 10) & (pl.col("job") != TOTAL))
    return {"table.csv": hiding(small_square(), *small.select("region", "job").iter_rows(), ("Nord", TOTAL))}


@bad("secondary-suppression")
def totals_in_another_file() -> Offer:
    """The same with the totals in a second file."""
    table = small_square()
    inner = table.filter((pl.col("region") != TOTAL) & (pl.col("job") != TOTAL))
    small = inner.filter(pl.col("n") < 10).select("region", "job").iter_rows()
    outer = table.filter(pl.col("region") == TOTAL).select("job", pl.col("n").cast(pl.Int64))
    return {"cells.csv": hiding(inner, *small), "jobs.csv": outer}


@bad("secondary-suppression", data=("firms",))
def a_dominated_cell_beside_its_totals() -> Offer:
    """Turnover by sector and region with totals; only the giant's cell is suppressed."""
    giant = firms().filter(pl.col("turnover") > 9_000_000)["region"][0]
    table = with_margins(firms(), "sector", "region", pl.col("turnover").sum())
    return {"turnover.csv": hiding(table, ("mining", giant))}


@good("secondary-suppression")
def suppressed_without_totals() -> Offer:
    """Counts by region and job, the small ones suppressed, without any total."""
    inner = small_square().filter((pl.col("region") != TOTAL) & (pl.col("job") != TOTAL))
    return {"table.csv": hiding(inner, *inner.filter(pl.col("n") < 10).select("region", "job").iter_rows())}


@good("secondary-suppression")
def a_safe_pattern() -> Offer:
    """Counts by job and year with all totals and nothing suppressed."""
    rows = survey().with_columns(pl.col("year").cast(pl.String))
    return {"table.csv": with_margins(rows, "job", "year", PEOPLE).with_columns(pl.col("n").cast(pl.Int64))}
