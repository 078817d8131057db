"""Figures of a measure: sums, means, extremes, quantiles, and what they tell of few units."""

from __future__ import annotations

import json
from itertools import pairwise

import polars as pl

from corpus import dress
from corpus.case import Offer, Offered, bad, good
from corpus.data import PEOPLE, firms, health, per, stays, survey
from hub.domain.exports import Severity
from hub.domain.table_context import TableContext


@bad("dominance", data=("firms",))
def a_giant_among_dwarfs() -> Offer:
    """Turnover by sector; one of 51 mines has 99 percent of theirs."""
    return {"turnover.csv": per(firms(), "sector", turnover=pl.col("turnover").sum())}


@bad("dominance", data=("firms",), policy="fr-entreprises")
def a_giant_under_french_rules() -> Offer:
    """Mean turnover by sector under the rule of 85 percent."""
    return {"turnover.csv": dress.french(per(firms(), "sector", turnover=pl.col("turnover").mean().round(2)))}


@bad("dominance", data=("firms",))
def a_giant_in_thousands() -> Offer:
    """Mean turnover by sector under a name that no dataset has."""
    return {"figures.csv": per(firms(), "sector", figure=pl.col("turnover").mean().round(1))}


@bad("dominance")
def a_rich_man() -> Offer:
    """Mean wealth by job; one of the people has nearly all of it."""
    return {"wealth.csv": per(survey(), "job", mean_wealth=pl.col("wealth").mean().round(0))}


@bad("dominance", data=("firms",))
def two_groups_own_all() -> Offer:
    """Turnover of the glass makers, of which two groups hold all."""
    table = per(firms(), "sector", turnover=pl.col("turnover").sum())
    return {"turnover.csv": table.filter(pl.col("sector") != "mining")}


@good("dominance", data=("firms",))
def turnover_of_many() -> Offer:
    """Turnover of the sectors in which nobody is large."""
    table = per(firms(), "sector", turnover=pl.col("turnover").sum())
    return {"turnover.csv": table.filter(pl.col("sector").is_in(["food", "metal", "textile"]))}


@good("dominance", data=("firms",))
def exports_with_losses() -> Offer:
    """Exports by sector, some of them negative, where nobody is large."""
    table = per(firms(), "sector", exports=pl.col("exports").sum())
    return {"exports.csv": table.filter(pl.col("sector").is_in(["food", "metal", "textile"]))}


@bad("identical-values")
def a_bonus_that_all_get() -> Offer:
    """ACRO's example: mean bonus by job; every miner has the same one."""
    return {"bonus.csv": per(survey(), "job", mean_bonus=pl.col("bonus").mean().round(2))}


@bad("identical-values")
def a_bonus_in_latex() -> Offer:
    """The same as a table of LaTeX that a notebook shows."""
    table = per(survey(), "job", mean_bonus=pl.col("bonus").mean().round(2))
    return {"bonus.ipynb": dress.notebook({"text/plain": dress.latex(table)})}


@bad("identical-values")
def a_sum_that_all_share() -> Offer:
    """The sum of the bonuses by job, in a column that says nothing."""
    return {"bonus.csv": per(survey(), "job", x=pl.col("bonus").sum().round(2))}


@bad("identical-values", data=("stays",), severity=Severity.REVIEW)
def fees_that_are_nearly_the_same() -> Offer:
    """Mean fees by ward; those of surgery differ by less than one percent."""
    wards = stays().filter(pl.col("ward") != "burns")
    return {"fees.csv": per(wards, "ward", mean_fee=pl.col("fee").mean().round(2))}


@good("identical-values")
def a_bonus_that_differs() -> Offer:
    """Mean bonus of the other jobs."""
    table = per(survey(), "job", mean_bonus=pl.col("bonus").mean().round(2))
    return {"bonus.csv": table.filter(pl.col("job") != "miner")}


@bad("endpoints")
def largest_values() -> Offer:
    """ACRO's example: the largest income of each job."""
    return {"largest.csv": per(survey(), "job", max_income=pl.col("income").max())}


@bad("endpoints")
def smallest_values() -> Offer:
    """ACRO's example: the smallest income of each job."""
    return {"smallest.csv": per(survey(), "job", min_income=pl.col("income").min())}


@bad("endpoints")
def largest_values_under_another_name() -> Offer:
    """The largest income of each job in a column called “figure”."""
    return {"figures.csv": per(survey(), "job", figure=pl.col("income").max())}


@bad("endpoints")
def largest_values_rounded() -> Offer:
    """The largest income of each job, to whole numbers."""
    return {"figures.csv": per(survey(), "job", figure=pl.col("income").max().round(0).cast(pl.Int64))}


@bad("endpoints")
def described() -> Offer:
    """What ``describe()`` prints, with its smallest and largest value."""
    income = survey()["income"]
    rows = {"count": income.len(), "mean": income.mean(), "std": income.std(), "min": income.min(), "max": income.max()}
    return {"describe.txt": "           income\n" + "".join(f"{k:<8}  {v:.6f}\n" for k, v in rows.items())}


@bad("endpoints")
def a_range() -> Offer:
    """Smallest and largest income in one cell of text."""
    income = survey()["income"]
    return {"range.csv": f"statistic,income\nmean,{income.mean():.2f}\nmin,{income.min()}\nmax,{income.max()}\n"}


@good("endpoints")
def means_and_deviations() -> Offer:
    """Mean and standard deviation of income by job."""
    figures = {"mean_income": pl.col("income").mean().round(2), "std_income": pl.col("income").std().round(2)}
    return {"means.csv": per(survey(), "job", n=PEOPLE, **figures)}


@good("endpoints", data=("stays",), review="no dataset gives the table")
def a_column_of_months() -> Offer:
    """The months that a study covers, without a figure."""
    return {"months.csv": "study,begins,ends\none,January,March\ntwo,April,December\n"}


@bad("quantiles")
def a_quantile_of_few() -> Offer:
    """The ninety-ninth percentile of income by job, beyond which lie a handful of people."""
    return {"p99.csv": per(survey(), "job", p99_income=pl.col("income").quantile(0.99).round(2))}


@bad("quantiles", data=())
def a_quantile_beside_its_count() -> Offer:
    """The ninetieth percentile of thirty, of data that the gate does not know."""
    return {"p90.csv": "area,n,p90\nA,30,31.5\nB,400,40.5\n"}


@bad("quantiles", data=(), severity=Severity.REVIEW)
def a_quantile_of_nobody_knows_how_many() -> Offer:
    """A column of percentiles without a count."""
    return {"p90.csv": "area,p90\nA,31.5\nB,40.5\n"}


@good("quantiles")
def medians() -> Offer:
    """Median income by job."""
    return {"medians.csv": per(survey(), "job", median_income=pl.col("income").median().round(2))}


@bad("histogram-edges")
def bins_from_smallest_to_largest() -> Offer:
    """A histogram whose first bin begins with the smallest income."""
    income = survey()["income"]
    low, high = float(income.min() or 0), float(income.max() or 0)
    edges = [low + (high - low) * n / 5 for n in range(6)]
    counts = [income.is_between(a, b).sum() for a, b in pairwise(edges)]
    bins = [f"[{a:.2f}, {b:.2f})" for a, b in pairwise(edges)]
    return {"histogram.csv": pl.DataFrame({"bin": bins, "people": [max(c, 20) for c in counts]})}


@good("histogram-edges", review="no dataset gives classes of a measure again")
def bins_at_round_numbers() -> Offer:
    """A histogram with bins of ten thousand."""
    bins = [f"[{10_000 * n}, {10_000 * n + 10_000})" for n in range(5)]
    return {"histogram.csv": pl.DataFrame({"bin": bins, "people": [320, 890, 610, 400, 180]})}


@bad("recompute")
def a_table_that_is_not_what_it_says() -> Offer:
    """A table that is declared as mean incomes, with one of them changed."""
    table = per(survey(), "job", mean_income=pl.col("income").mean().round(2))
    wrong = table.with_columns(
        pl.when(pl.col("job") == "nurse").then(12_345.67).otherwise("mean_income").alias("mean_income")
    )
    said = TableContext("survey", ("job",), "income", "mean")
    return Offered({"means.csv": wrong}, {"means.csv": said})


@bad("recompute")
def counts_declared_as_others() -> Offer:
    """Counts of a small part of the data, declared as those of all."""
    part = per(survey().filter(pl.col("visits") > 50), "job", n=PEOPLE)
    return Offered(
        {"counts.csv": part}, {"counts.csv": TableContext("survey", ("job",), aggregate="units", measure="")}
    )


@bad("recompute", severity=Severity.REVIEW)
def figures_of_nobody_knows_what() -> Offer:
    """Figures by job that no statistic of the dataset gives."""
    return {"figures.csv": "job,index\nclerk,1.31\nminer,1.22\nnurse,1.47\nteacher,1.09\n"}


@good("recompute")
def a_declared_table() -> Offer:
    """Mean incomes of a part of the data, declared with their filter."""
    part = survey().filter(pl.col("year") >= 2021)
    said = TableContext("survey", ("sex",), "income", "mean", filter="year >= 2021")
    return Offered({"means.csv": per(part, "sex", mean_income=pl.col("income").mean().round(2))}, {"means.csv": said})


@good("recompute", data=("health",))
def real_visits_by_plan() -> Offer:
    """Mean visits to a doctor by plan, from the catalogue's health data."""
    return {"visits.csv": per(health(), "idp", n=pl.len(), mean_mdvis=pl.col("mdvis").mean().round(4))}


@good("recompute", data=("stays",))
def costs_by_ward() -> Offer:
    """Mean cost of a stay in the wards with many patients."""
    table = per(stays(), "ward", mean_cost=pl.col("cost").mean().round(2))
    return {"costs.csv": table.filter(pl.col("ward") != "burns")}


OUTSIDE_NORTH = pl.col("region") != "Nord"


@bad("recompute", finds="column-leak")
def anything_under_a_large_rounding() -> Offer:
    """Incomes of single people as counts that were rounded to a thousand million, says their author."""
    rows = survey().filter(OUTSIDE_NORTH).select("region", "sex", n="income").head(40)
    said = TableContext("survey", ("region", "sex"), rounding=1e9)
    return Offered({"counts.csv": rows}, {"counts.csv": said})


@bad("microdata")
def a_count_beside_each_record() -> Offer:
    """The count of a group in the row of each of its records, as “transform” gives it."""
    kept = survey().filter(OUTSIDE_NORTH)
    return {"counts.csv": kept.select("region", "sex").join(per(kept, "region", "sex", n=PEOPLE), on=["region", "sex"])}


@bad("values", data=("survey",), severity=Severity.REVIEW)
def answers_without_digits() -> Offer:
    """A column of truths as a list."""
    return {"answers.json": json.dumps(survey()["smoker"].to_list())}


@bad("dressed-numbers", severity=Severity.REVIEW)
def records_in_brackets() -> Offer:
    """Counts by group, each with one record in brackets behind it."""
    kept = survey().filter(OUTSIDE_NORTH)
    table = per(kept, "region", "sex", n=PEOPLE, one=pl.col("income").first())
    return {"counts.csv": table.select("region", "sex", n=pl.format("{} ({})", "n", "one"))}


@good("dressed-numbers")
def one_unit_all_down() -> Offer:
    """Mean incomes with the sign for euros behind each."""
    table = per(survey().filter(OUTSIDE_NORTH), "region", income=pl.col("income").mean().round(0))
    return {"incomes.csv": table.with_columns(income=pl.format("{} €", "income"))}
