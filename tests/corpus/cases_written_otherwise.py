"""Counts and values that stand in no cell: told by shares, names, declared roundings, and patterns of words."""

from __future__ import annotations

from itertools import product

import polars as pl

from corpus.case import Offer, Offered, bad, good
from corpus.data import PEOPLE, per, survey
from corpus.dress import notebook
from hub.domain.exports import Severity
from hub.domain.table_context import TableContext

WHOLE = 600


def _regions() -> pl.DataFrame:
    """Counts by region, without the small one and without a total."""
    return per(survey(), "region", n=PEOPLE).filter(pl.col("n") >= 10)


def _shares(decimals: int, of: int = WHOLE) -> pl.DataFrame:
    return _regions().with_columns(percent=(pl.col("n") / of * 100).round(decimals))


@bad("complement")
def shares_of_a_whole_that_is_not_shown() -> Offer:
    """Counts by region with percentages of everybody; the small region is left out, and follows from both."""
    return {"regions.csv": _shares(2)}


@bad("complement")
def shares_without_counts() -> Offer:
    """The percentages alone, beside the counts in a second file."""
    return {"counts.csv": _regions(), "percent.csv": _shares(1).drop("n")}


@bad("complement", severity=Severity.REVIEW)
def whole_percentages() -> Offer:
    """The same in whole percent, from which the small region's size follows roughly."""
    return {"regions.csv": _shares(0)}


@good("complement")
def shares_of_all_jobs() -> Offer:
    """Counts by job with percentages of everybody, and no job left out."""
    percent = (PEOPLE / WHOLE * 100).round(2)
    return {"jobs.csv": per(survey(), "job", n=PEOPLE, percent=percent)}


@good("complement", review="no dataset gives shares of a part")
def shares_of_what_is_shown() -> Offer:
    """Counts by region without the small one, with percentages of those that are shown."""
    return {"regions.csv": _shares(2, of=int(_regions()["n"].sum()))}


@bad("rounding", policy="uk-opensafely")
def exact_shares() -> Offer:
    """Rounded counts by job with exact shares of everybody, from which the exact counts follow."""
    rounded = ((PEOPLE / 5).round() * 5).cast(pl.Int64)
    return {"jobs.csv": per(survey(), "job", n=rounded, share=(PEOPLE / WHOLE).round(4))}


@bad("rounding", policy="uk-opensafely")
def exact_means_of_zeros_and_ones() -> Offer:
    """The exact part of smokers' records by job, without a count in sight."""
    return {"smokers.csv": per(survey(), "job", smoker=pl.col("smoker").mean().round(5))}


@good("rounding", policy="uk-opensafely")
def coarse_shares() -> Offer:
    """The part of smokers' records by job, in two decimals, which many counts would give."""
    return {"smokers.csv": per(survey(), "job", smoker=pl.col("smoker").mean().round(2))}


def _visits(table: pl.DataFrame, rounding: float) -> Offered:
    told = TableContext("survey", ("job", "year"), measure="visits", aggregate="mean", rounding=rounding)
    return Offered({"visits.csv": table}, {"visits.csv": told})


@bad("recompute")
def any_decimals_that_were_rounded_away() -> Offer:
    """Mean visits by job and year with decimals of the author's, declared as rounded to whole numbers."""
    said = (pl.int_range(pl.len()) * 7919 % 97 - 48) / 100
    return _visits(
        per(survey(), "job", "year", mean_visits=pl.col("visits").mean()).with_columns(pl.col("mean_visits") + said), 1
    )


@good("recompute")
def means_in_whole_numbers() -> Offer:
    """Mean visits by job and year, declared as rounded to whole numbers, as they are."""
    return _visits(per(survey(), "job", "year", mean_visits=pl.col("visits").mean().round()), 1)


@bad("header-values", severity=Severity.REVIEW)
def a_total_in_a_header() -> Offer:
    """Counts by region without the small one, in a column whose name says how many people there are."""
    return {"counts.csv": _regions().rename({"n": f"people (N={WHOLE})"})}


@bad("header-values", severity=Severity.REVIEW)
def a_total_in_a_file_name() -> Offer:
    """Counts by region without the small one, in a file whose name says how many people there are."""
    return {f"counts_of_{WHOLE}.csv": _regions()}


@good("header-values")
def a_year_and_an_age_in_a_header() -> Offer:
    """Counts by region without the small one, in a column whose name says a year and an age."""
    return {"counts.csv": _regions().rename({"n": "people over 18 in 2022"})}


def _named(*names: str) -> Offer:
    """Harmless counts, once below each name."""
    counts = per(survey(), "job", "year", n=PEOPLE)
    return {"counts.csv": counts.select("job", "year", *(pl.col("n").alias(name) for name in names))}


@bad("header-values", data=("survey with planted rows",))
def people_above_harmless_counts() -> Offer:
    """Counts by job and year, once below the name of each of four people, which nobody declared as identifiers."""
    return _named(*survey()["full_name"].unique().sort()[1:5])


@bad("header-values", data=("survey with planted rows",), severity=Severity.REVIEW)
def somebody_above_harmless_counts() -> Offer:
    """Counts by job and year, below the name, region, sex and job of one person."""
    return _named(*survey().select("full_name", "region", "sex", pl.col("job").alias("work")).row(400))


@bad("header-values", severity=Severity.REVIEW)
def a_letter_as_headers() -> Offer:
    """Counts by job and year, once below each of forty stretches of a letter."""
    words = ["".join(letters) for letters in product("bdfgkl", "aeiou", "mnrst", "aeo")]
    return _named(*(" ".join(words[at : at + 4]) for at in range(0, 160, 4)))


@good("header-values")
def names_of_groups_and_figures() -> Offer:
    """Counts by year and commune, a column for each of nine communes."""
    rows = survey().filter(pl.col("region") != "Nord")
    return {"counts.csv": per(rows, "year", "commune", n=PEOPLE).pivot("commune", index="year", values="n")}


@bad("free-text", severity=Severity.REVIEW)
def a_column_as_a_sentence() -> Offer:
    """Whether each of ninety records is a smoker's, as a text of two words."""
    return {"note.txt": " ".join("the" if smokes else "a" for smokes in survey()["smoker"][:90]) + "\n"}


@bad("values", severity=Severity.REVIEW)
def a_column_as_a_value() -> Offer:
    """The same as one value of a JSON document."""
    text = " ".join("yes" if smokes else "no" for smokes in survey()["smoker"][:90])
    return {"note.json": f'{{"answers": "{text}"}}'}


@bad("free-text", severity=Severity.REVIEW)
def bars_of_marks() -> Offer:
    """Counts by region as bars of a text, a mark for each person."""
    return {"bars.txt": "".join(f"{region} {'█' * n}\n" for region, n in _regions().rows() if n < 190) + "Nord ███\n"}


@bad("free-text", severity=Severity.REVIEW)
def one_letter_after_the_other() -> Offer:
    """A sentence about somebody with a space after each letter."""
    return {"note.txt": " ".join("the man near the mill drinks") + "\n"}


@good("free-text")
def rules_and_dots_of_a_report() -> Offer:
    """A report with headings, a rule, a dash and dots."""
    return {"report.md": "# Wages\n\nThey rose -- and then ... fell.\n\n---\n\n## More\n\nSee there --- or not.\n"}


def _people_of_nord() -> pl.DataFrame:
    return survey().filter(pl.col("region") == "Nord").select("region", "sex", "job").unique(maintain_order=True)


@bad("row-leak")
def words_between_commas() -> Offer:
    """Region, sex and job of the three people of a region as lines of a note, without a number."""
    return {"note.txt": f"Those of Nord:\n\n{_people_of_nord().write_csv()}"}


@bad("row-leak")
def words_in_a_comment() -> Offer:
    """The same as a comment of a notebook's source."""
    lines = _people_of_nord().write_csv().splitlines()
    return {"work.ipynb": notebook(source="".join(f"# {line}\n" for line in lines))}


@bad("row-leak")
def words_in_tuples() -> Offer:
    """The same as a list of tuples of a notebook's source, the first of which names the others."""
    people = _people_of_nord()
    return {"work.ipynb": notebook(source=f"rows = {[tuple(people.columns), *people.rows()]}")}


@good("row-leak")
def words_that_are_nobodys() -> Offer:
    """Lines of words between commas below names of columns, which say what the columns are of."""
    return {"note.txt": "region,sex,job\nplace,person,work\n"}


@bad("complement")
def a_total_in_other_words() -> Offer:
    """Counts by region without the small one, and a line “All regions”."""
    total = pl.DataFrame({"region": ["All regions"], "n": [WHOLE]})
    return {"regions.csv": pl.concat([_regions(), total.cast({"n": pl.UInt32})])}


@good("complement", review="a group of what is not named is no group of the dataset")
def a_group_of_all_others() -> Offer:
    """Counts by commune of those with sixty people or more, and a line “All others”."""
    counts = per(survey(), "commune", n=PEOPLE)
    large = counts.filter(pl.col("n") >= 60)
    rest = pl.DataFrame({"commune": ["All others"], "n": [WHOLE - int(large["n"].sum())]})
    return {"communes.csv": pl.concat([large, rest.cast({"n": pl.UInt32})])}


@bad("rounding", policy="uk-opensafely")
def sums_beside_means() -> Offer:
    """Sums and means of visits by job, which give the exact counts by a division."""
    visits = pl.col("visits")
    return {"visits.csv": per(survey(), "job", visits_sum=visits.sum(), visits_mean=visits.mean().round(3))}


@good("rounding", policy="uk-opensafely")
def means_alone() -> Offer:
    """The means alone."""
    return {"visits.csv": per(survey(), "job", visits_mean=pl.col("visits").mean().round(3))}
