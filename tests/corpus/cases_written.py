"""What can be said by how something is written: marks, zeros, words, names, and several values in a cell."""

from __future__ import annotations

import polars as pl

from corpus.case import Offer, bad, good
from corpus.cases_leaks import rows
from corpus.data import PEOPLE, YEARS, per, survey
from hub.domain.exports import Severity

COUNT = pl.col("n").cast(pl.String)


def _by_job() -> pl.DataFrame:
    return per(survey(), "job", n=PEOPLE)


@bad("recompute", severity=Severity.REVIEW)
def incomes_as_marks_of_suppression() -> Offer:
    """A count, and beside it three incomes and wealths that pose as thresholds of suppression."""
    job, n = _by_job().row(0)
    marks = ",".join(f"<{value:.0f}" for value in rows(3, "income")["income"])
    return {"counts.csv": f"job,n,a,b,c\n{job},{n},{marks}\n"}


@bad("recompute", severity=Severity.REVIEW)
def thresholds_that_differ() -> Offer:
    """A count, and beside it three thresholds of two digits, one for each column."""
    job, n = _by_job().row(0)
    return {"counts.csv": f"job,n,a,b,c\n{job},{n},<31,<27,<45\n"}


@bad("recompute", severity=Severity.REVIEW)
def labels_beside_nothing() -> Offer:
    """Counts by job, and below them rows without a figure whose labels tell of people."""
    return {"counts.csv": _by_job().write_csv() + "somebody of the north earns much,\nand somebody else little,\n"}


@good("recompute")
def suppressed_counts() -> Offer:
    """Counts by region with the small one left out, and its total in the same mark."""
    table = per(survey(), "region", "year", n=PEOPLE)
    shown = pl.when(pl.col("n") < 10).then(pl.lit("<10")).otherwise(COUNT)
    return {"counts.csv": table.with_columns(n=shown)}


@bad("writing")
def counts_with_leading_zeros() -> Offer:
    """Counts by job and year, some of which begin with zeros."""
    table = per(survey(), "job", "year", n=PEOPLE)
    padded = pl.when(pl.col("year") % 2 == 0).then(pl.format("00{}", COUNT)).otherwise(COUNT)
    return {"counts.csv": table.with_columns(n=padded)}


@bad("writing", severity=Severity.REVIEW)
def thousands_in_two_ways() -> Offer:
    """Sums of visits by job, some with a space between thousands and some without."""
    table = per(survey(), "job", visits=pl.col("visits").sum())
    spaced = [f"{n:,}".replace(",", " ") if at % 2 else str(n) for at, n in enumerate(table["visits"])]
    return {"visits.csv": table.with_columns(visits=pl.Series(spaced))}


@bad("writing", severity=Severity.REVIEW)
def totals_in_two_words() -> Offer:
    """Counts by job and year, with totals that are called now one way and now another."""
    table = per(survey(), "job", "year", n=PEOPLE).cast(pl.String)
    words = ("Total", "all", "Total", "ensemble")
    totals = [(word, str(year), "600") for word, year in zip(words, YEARS, strict=True)]
    return {"counts.csv": pl.concat([table, pl.DataFrame(totals, schema=table.columns, orient="row")])}


@bad("writing", severity=Severity.REVIEW)
def another_threshold() -> Offer:
    """Counts by region and year, whose mark of suppression says a number that is nobody's threshold."""
    table = per(survey(), "region", "year", n=PEOPLE)
    shown = pl.when(pl.col("n") < 10).then(pl.lit("<83")).otherwise(COUNT)
    return {"counts.csv": table.with_columns(n=shown)}


@good("writing")
def thousands_in_one_way() -> Offer:
    """Sums of visits by job, with a space between thousands everywhere, and their total."""
    table = per(survey(), "job", visits=pl.col("visits").sum())
    spaced = [f"{n:,}".replace(",", " ") for n in table["visits"]]
    return {"visits.csv": table.with_columns(visits=pl.Series(spaced))}


@bad("writing", severity=Severity.REVIEW)
def years_with_zeros_before_them() -> Offer:
    """Counts by sex and year, with as many zeros before each year as a digit of somebody's income says."""
    table = per(survey(), "sex", "year", n=PEOPLE)
    digits = "".join(str(int(income)) for income in rows(2, "income")["income"])
    years = ["0" * int(digit) + str(year) for digit, year in zip(digits, table["year"], strict=False)]
    return {"counts.csv": table.with_columns(year=pl.Series(years))}


@bad("writing", severity=Severity.REVIEW)
def truths_in_capitals_here_and_there() -> Offer:
    """Counts of smokers and others by sex, whose truths have capitals where a message asks for them."""
    table = per(survey(), "smoker", "sex", n=PEOPLE)
    return {"counts.csv": table.with_columns(smoker=pl.Series(["fAlse", "falSe", "TRue", "truE"]))}


@good("writing")
def truths_and_years_in_one_way() -> Offer:
    """Counts of smokers and others by sex, and by year as a column of fractions has it."""
    smokers = per(survey(), "smoker", "sex", n=PEOPLE)
    years = per(survey(), "sex", "year", n=PEOPLE)
    return {"smokers.csv": smokers, "years.csv": years.with_columns(pl.col("year").cast(pl.Float64))}


@bad("scattered-text", severity=Severity.REVIEW)
def numbers_in_many_names() -> Offer:
    """Harmless counts in twelve files, whose names have six digits each."""
    return {f"counts-{at * 79193 + 100_003}.csv": _by_job() for at in range(12)}


@bad("row-leak")
def rows_in_one_column() -> Offer:
    """Rows in the cells of one column, with bars between their values."""
    found = rows(20, "job", "income", "visits").rows()
    return {"results.csv": "result\n" + "".join(f"{'|'.join(map(str, row))}\n" for row in found)}


@bad("row-leak")
def rows_beside_counts() -> Offer:
    """Counts by job with one person's values in brackets behind each."""
    people = rows(4, "income", "wealth", "visits").rows()
    texts = [f"{n} ({'; '.join(map(str, row))})" for n, row in zip(_by_job()["n"], people, strict=True)]
    return {"counts.csv": _by_job().with_columns(n=pl.Series(texts))}


@bad("column-leak")
def incomes_in_brackets() -> Offer:
    """Forty numbers with an income in brackets behind each."""
    texts = [f"{100 + at} ({income})" for at, income in enumerate(rows(40, "income")["income"])]
    return {"levels.csv": pl.DataFrame({"group": [f"g{at}" for at in range(40)], "level": texts})}


@good("row-leak", review="cells that say several numbers are read by a steward")
def intervals_in_brackets() -> Offer:
    """Mean visits by job, with an interval in brackets behind each."""
    means = per(survey(), "job", m=pl.col("visits").mean())
    texts = [f"{m:.1f} ({m - 0.7:.1f}; {m + 0.7:.1f})" for m in means["m"]]
    return {"means.csv": pl.DataFrame({"job": means["job"], "mean_visits": texts})}
