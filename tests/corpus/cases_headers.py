"""Data in the names of columns."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from corpus import dress
from corpus.case import Offer, bad, good
from corpus.cases_leaks import rows
from corpus.data import PEOPLE, jobs, per, survey
from hub.domain.exports import Severity


def _headed(*names: object, cell: str = "0") -> str:
    """A table of one row below these names."""
    return f"measure,{','.join(map(str, names))}\nlevel{f',{cell}' * len(names)}\n"


@bad("header-values")
def incomes_as_headers() -> Offer:
    """A table of one empty row below forty incomes."""
    return {"levels.csv": _headed(*rows(40, "income")["income"])}


@bad("header-values")
def a_row_as_header() -> Offer:
    """Counts below names that are somebody's income, wealth, bonus, score and visits."""
    return {"counts.csv": _headed(*rows(1, "income", "wealth", "bonus", "score", "visits").row(0), cell="40")}


@bad("header-values")
def a_column_for_each_person() -> Offer:
    """Thirty columns that are named for one person each."""
    return {"levels.csv": _headed(*survey()["person"].unique().sort()[:30], cell="1")}


@bad("header-values", data=("jobs",), policy="fr-fiscal-personnes")
def identifiers_as_headers() -> Offer:
    """The catalogue's numbers of young men as names of columns."""
    return {"levels.csv": _headed(*jobs()["nr"].unique().sort()[::20], cell="1")}


def _two_headers(upper: Sequence[object], lower: Sequence[object], *cells: object) -> bytes:
    """A notebook that shows a table with two rows above its cells."""
    head = "".join(f"<tr>{''.join(f'<th>{name}</th>' for name in row)}</tr>" for row in (upper, lower))
    body = f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    return dress.notebook({"text/html": f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"})


@bad("header-values")
def a_row_in_the_upper_of_two_headers() -> Offer:
    """A table of a notebook with two rows of names, of which the upper one holds somebody's values."""
    upper = rows(1, "income", "wealth", "bonus", "score", "visits").row(0)
    return {"counts.ipynb": _two_headers([*upper, "n"], ["a", "b", "c", "d", "e", ""], *"vwxyz", 40)}


@bad("header-values")
def incomes_above_another_header() -> Offer:
    """A table of a notebook with forty incomes as names, and a word below each."""
    incomes = rows(40, "income")["income"].to_list()
    return {"levels.ipynb": _two_headers(["", *incomes], ["measure"] + ["level"] * 40, "x", *["0"] * 40)}


@good("header-values")
def years_above_another_header() -> Offer:
    """Counts by job of two years in a table of a notebook, as pandas shows them: years above, and the index's name."""
    counts = per(survey(), "job", "year", n=PEOPLE).pivot("year", index="job", values="n").sort("job")
    years = counts.columns[1:]
    head = "".join(f"<tr>{''.join(f'<th>{c}</th>' for c in row)}</tr>" for row in (["year", *years], ["job"]))
    body = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in counts.rows())
    return {"counts.ipynb": dress.notebook({"text/html": f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"})}


@bad("header-values", severity=Severity.REVIEW)
def counts_named_by_an_income() -> Offer:
    """Counts by job whose column is named for somebody's income."""
    income = rows(1, "income").item()
    return {"counts.csv": per(survey(), "job", n=PEOPLE).rename({"n": f"n{int(income)}"})}


@good("header-values")
def a_column_for_each_year() -> Offer:
    """Counts by job, with a column for each year."""
    counts = per(survey(), "job", "year", n=PEOPLE)
    return {"counts.csv": counts.pivot("year", index="job", values="n")}


@good("header-values", review="no dataset gives quartiles of groups again")
def columns_named_for_quantiles() -> Offer:
    """Rounded quartiles of income by job, in columns that are named for them."""
    income = pl.col("income")
    levels = {f"p{q}": (income.quantile(q / 100) / 1000).round(0).cast(pl.Int64) * 1000 for q in (25, 50, 75)}
    return {"quartiles.csv": per(survey(), "job", **levels)}


def _in_letters(*places: int) -> list[str]:
    """Incomes of single people with a letter for each digit."""
    incomes = survey()["income"][slice(*places)].cast(pl.Int64).cast(pl.String)
    return ["".join("abcdefghij"[int(digit)] for digit in income) for income in incomes]


@bad("header-values", severity=Severity.REVIEW)
def empty_columns_with_names() -> Offer:
    """Counts by sex beside 120 columns without a value, each named for an income in letters."""
    empty = {name: pl.lit("") for name in _in_letters(400, 520)}
    return {"counts.csv": per(survey(), "sex", n=PEOPLE).with_columns(**empty)}


@good("header-values")
def a_column_with_a_long_name() -> Offer:
    """Counts by sex in a column that is named in many words."""
    name = "number of different persons of this sex, of all ages and in all of the years of the survey"
    return {"counts.csv": per(survey(), "sex", n=PEOPLE).rename({"n": name})}


@bad("scattered-text", severity=Severity.REVIEW)
def columns_named_in_several_tables() -> Offer:
    """Five tables of counts by sex, each beside 24 columns without a value that are named for an income in letters."""
    counts = per(survey(), "sex", n=PEOPLE)
    names = _in_letters(400, 520)
    return {
        f"counts-{word}.csv": counts.with_columns(**{name: pl.lit("") for name in names[at * 24 : at * 24 + 24]})
        for at, word in enumerate(("all", "again", "more", "other", "last"))
    }


@good("scattered-text")
def tables_with_the_same_names() -> Offer:
    """Counts by sex and by year of several kinds, in tables whose columns have names of their own."""
    return {
        f"counts-{group}.csv": per(
            survey(), group, n_persons=PEOPLE, n_records=pl.len(), visits_total=pl.col("visits").sum()
        )
        for group in ("sex", "year")
    }
