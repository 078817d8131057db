"""Counts: small cells, in every form in which they can be written, and what gives them away."""

from __future__ import annotations

import polars as pl

from corpus import dress
from corpus.case import Offer, Offered, bad, good
from corpus.data import PEOPLE, flights, jobs, per, stays, survey
from hub.domain.table_context import TableContext


def by_region() -> pl.DataFrame:
    """Counts by region, with the three people of “Nord”."""
    return per(survey(), "region", n=PEOPLE)


def by_sex_and_year() -> pl.DataFrame:
    """Counts of large groups."""
    return per(survey(), "sex", "year", n=PEOPLE)


def crosstab(rows: pl.DataFrame, index: str, columns: str) -> pl.DataFrame:
    """Counts with a column for each category."""
    return per(rows, index, columns, n=PEOPLE).pivot(columns, index=index, values="n", sort_columns=True)


@bad("minimum-frequency")
def counts_by_region() -> Offer:
    """Counts by region; three people live in one of them."""
    return {"counts.csv": by_region()}


@good("minimum-frequency")
def counts_by_sex_and_year() -> Offer:
    """Counts by sex and year."""
    return {"counts.csv": by_sex_and_year()}


@good("minimum-frequency")
def small_cell_left_out() -> Offer:
    """Counts by region, the small one suppressed, and no total."""
    shown = pl.when(pl.col("n") >= 10).then(pl.col("n").cast(pl.String)).otherwise(pl.lit("c"))
    return {"counts.csv": by_region().with_columns(n=shown)}


@good("minimum-frequency")
def french_counts() -> Offer:
    """Counts by sex and year, written the French way."""
    return {"effectifs.csv": dress.french(by_sex_and_year().rename({"n": "effectif"}))}


@bad("minimum-frequency", data=("stays",))
def seventy_rows_of_one_unit() -> Offer:
    """ACRO's example: a cell of seventy rows, all of one patient."""
    return {"stays.csv": per(stays(), "ward", stays=pl.len())}


@bad("minimum-frequency")
def means_in_latex() -> Offer:
    """Means by region as a table of LaTeX in a report."""
    return {"report.md": dress.latex(per(survey(), "region", mean_income=pl.col("income").mean().round(2)))}


@bad("minimum-frequency")
def means_in_ruled_latex() -> Offer:
    """Counts by region as a table of LaTeX with space between rows, and a label with an ampersand."""
    table = dress.latex(per(survey(), "region", n=PEOPLE))
    return {"report.md": table.replace("Nord", "Nord R\\&D").replace("\\midrule", "\\midrule\n\\addlinespace")}


@bad("minimum-frequency")
def means_without_counts() -> Offer:
    """Means by region without a count in sight; one region has three people."""
    return {"means.csv": per(survey(), "region", mean_income=pl.col("income").mean().round(2))}


@bad("minimum-frequency")
def counts_under_another_name() -> Offer:
    """The counts by region in a column called “weight of evidence”."""
    return {"counts.csv": by_region().rename({"n": "weight of evidence"})}


@bad("minimum-frequency")
def counts_as_semicolons() -> Offer:
    """The counts by region, with semicolons and a French name."""
    return {"effectifs.csv": dress.french(by_region().rename({"n": "effectif"}))}


@bad("minimum-frequency")
def wide_counts() -> Offer:
    """Counts by region with a column for each year."""
    return {"wide.csv": crosstab(survey(), "region", "year")}


@bad("minimum-frequency")
def wide_counts_with_labels_last() -> Offer:
    """The same with the regions in the last column."""
    table = crosstab(survey(), "region", "year")
    return {"wide.csv": table.select(*table.columns[1:], "region")}


@good("minimum-frequency")
def wide_counts_of_large_groups() -> Offer:
    """Counts by sex with a column for each year."""
    return {"wide.csv": crosstab(survey(), "sex", "year")}


@bad("minimum-frequency")
def turned_counts() -> Offer:
    """Counts by region, rows and columns exchanged."""
    return {"turned.csv": dress.turned(by_region())}


@bad("minimum-frequency")
def counts_in_markdown() -> Offer:
    """Counts by region as a table of Markdown in a report."""
    return {"report.md": "# Results\n\n" + dress.markdown(by_region())}


@bad("minimum-frequency")
def counts_in_a_log() -> Offer:
    """Counts by region as polars prints them."""
    return {"run.log": dress.printed(by_region())}


@bad("minimum-frequency")
def counts_in_a_notebook() -> Offer:
    """Counts by region as a notebook shows them."""
    return {"counts.ipynb": dress.as_output(by_region())}


@bad("minimum-frequency")
def counts_in_parquet() -> Offer:
    """Counts by region as a Parquet file."""
    return {"counts.parquet": dress.parquet(by_region())}


@bad("minimum-frequency")
def counts_in_json() -> Offer:
    """Counts by region as a JSON document."""
    return {"counts.json": dress.records(by_region())}


@bad("minimum-frequency")
def shuffled_counts_with_other_rows() -> Offer:
    """Counts by region among many lines that are no regions of the dataset."""
    more = pl.DataFrame({"region": [f"Zone {n}" for n in range(12)], "n": [400 + n for n in range(12)]})
    more = more.cast({"n": by_region().schema["n"]})
    return {"counts.csv": pl.concat([by_region(), more]).sample(fraction=1.0, shuffle=True, seed=1)}


@bad("minimum-frequency")
def means_among_other_rows() -> Offer:
    """Means by region among many lines that are no regions of the dataset."""
    own = per(survey(), "region", value=pl.col("income").mean().round(2))
    more = pl.DataFrame({"region": [f"Zone {n}" for n in range(12)], "value": [20_000.5 + n for n in range(12)]})
    return {"means.csv": pl.concat([own, more])}


@bad("minimum-frequency")
def cumulative_counts() -> Offer:
    """Cumulative counts by region, from which the small one follows."""
    return {"cumulative.csv": by_region().sort("region").with_columns(pl.col("n").cum_sum().alias("cumulative_count"))}


@bad("minimum-frequency")
def only_cumulative_counts() -> Offer:
    """The same without the counts themselves."""
    table = by_region().with_columns(pl.col("n").cum_sum().alias("cumulative"))
    return {"cumulative.csv": table.select("region", "cumulative")}


@bad("minimum-frequency")
def counts_of_declared_part() -> Offer:
    """Counts of a declared part of the data: the miners with many visits, by commune."""
    part = survey().filter((pl.col("job") == "miner") & (pl.col("visits") > 55))
    said = TableContext("survey", ("commune",), filter="job = 'miner' and visits > 55")
    return Offered({"part.csv": per(part, "commune", n=PEOPLE)}, {"part.csv": said})


@bad("minimum-frequency", data=("jobs",), policy="fr-fiscal-personnes")
def real_small_cells() -> Offer:
    """Mean wages of the catalogue's young men by years of schooling; few of them had three years."""
    return {"educ.csv": per(jobs(), "educ", mean_lwage=pl.col("lwage").mean().round(4))}


@good("minimum-frequency", data=("jobs",), policy="fr-fiscal-personnes")
def real_means_by_year() -> Offer:
    """Mean wages of the catalogue's young men by year."""
    return {"year.csv": per(jobs(), "year", n=pl.col("nr").n_unique(), mean_lwage=pl.col("lwage").mean().round(4))}


@bad("minimum-frequency", data=("transport",), policy="fr-entreprises")
def real_carriers() -> Offer:
    """Flights of the catalogue's carriers, which are its units, one line for each."""
    return {"carriers.csv": per(flights(), "carrier", flights=pl.len())}


@good("minimum-frequency", data=("transport",), policy="fr-entreprises")
def real_months() -> Offer:
    """The catalogue's flights by airport and month, of all carriers."""
    return {"months.csv": per(flights(), "origin", "month", flights=pl.len())}
