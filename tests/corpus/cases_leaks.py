"""Rows, columns, identifiers and canaries of a dataset, as they are and laundered."""

from __future__ import annotations

import json
import random

import polars as pl

from corpus import dress
from corpus.case import Offer, bad, good
from corpus.data import CANARY, PEOPLE, calls, flights, health, jobs, per, survey
from hub.domain.exports import Severity

COLUMNS = ("region", "sex", "job", "year", "income", "visits")


def rows(count: int = 8, *columns: str) -> pl.DataFrame:
    """Rows of the survey from its middle."""
    return survey().select(columns or COLUMNS)[400 : 400 + count]


@bad("row-leak")
def head() -> Offer:
    """What ``head()`` gives."""
    return {"head.csv": rows(5)}


@bad("row-leak")
def rows_renamed() -> Offer:
    """Rows under names that say nothing, columns in another order."""
    found = rows().select("income", "visits", "year", "job", "sex", "region")
    return {"results.csv": found.rename({name: f"v{at}" for at, name in enumerate(found.columns)})}


@bad("row-leak")
def rows_sorted() -> Offer:
    """Rows of all over the dataset, sorted by income."""
    return {"results.csv": survey().select(COLUMNS).sample(40, seed=5).sort("income")}


@bad("row-leak")
def rows_rounded() -> Offer:
    """Rows with incomes rounded to whole numbers, under other names."""
    found = rows(20).with_columns(pl.col("income").round(0).cast(pl.Int64))
    return {"results.csv": found.rename({name: f"v{at}" for at, name in enumerate(found.columns)})}


@bad("row-leak")
def rows_turned() -> Offer:
    """Rows written from top to bottom, a column for each person."""
    numbered = rows(8, "region", "job", "income", "visits").with_row_index("record")
    return {"turned.csv": dress.turned(numbered)}


@bad("row-leak")
def rows_in_french() -> Offer:
    """Rows with semicolons, decimal commas and French names."""
    names = {"region": "région", "sex": "sexe", "job": "métier", "year": "an", "income": "revenu", "visits": "visites"}
    return {"lignes.csv": dress.french(rows(20).rename(names))}


@bad("row-leak")
def rows_with_spaced_thousands() -> Offer:
    """Rows whose incomes are written with spaces between thousands, as the French do."""
    spaced = pl.col("income").map_elements(lambda v: f"{v:,.2f}".replace(",", " "), return_dtype=pl.String)
    return {"lignes.csv": rows(20).with_columns(spaced)}


@bad("row-leak")
def rows_with_units() -> Offer:
    """Rows whose incomes carry a sign for euros, and whose numbers carry a word."""
    marked = rows(20).with_columns(income=pl.format("{} €", "income"), visits=pl.format("{} visits", "visits"))
    return {"lignes.csv": marked.rename({name: f"v{at}" for at, name in enumerate(marked.columns)})}


@bad("row-leak", finds="recompute", severity=Severity.REVIEW)
def rows_in_thousands() -> Offer:
    """Rows with scaled incomes, years and visits: scaled values are met by no rule, and a steward reads them."""
    scaled = rows(20).with_columns(
        income=pl.col("income") / 1000, year=pl.col("year") - 2000, visits=pl.col("visits") * 7
    )
    return {
        "results.csv": scaled.select("income", "year", "visits").rename({"income": "a", "year": "b", "visits": "c"})
    }


@bad("row-leak")
def rows_split_over_files() -> Offer:
    """Rows cut into two files of two columns each, line by line."""
    found = rows(40)
    return {"one.csv": found.select("income", "visits"), "two.csv": found.select("job", "region", "income")}


@bad("row-leak")
def rows_in_markdown() -> Offer:
    """Rows as a table of Markdown."""
    return {"notes.md": dress.markdown(rows())}


@bad("row-leak")
def rows_as_web_page() -> Offer:
    """Rows as a notebook shows a frame."""
    return {"head.ipynb": dress.notebook({"text/html": dress.html(rows(5))}, source="df.head()")}


@bad("row-leak")
def rows_pasted_into_source() -> Offer:
    """Rows written as a list of tuples in a notebook's source."""
    return {"analysis.ipynb": dress.notebook(source=f"rows = {rows(6).rows()}")}


@bad("row-leak")
def rows_in_parquet() -> Offer:
    """Rows as a Parquet file."""
    return {"rows.parquet": dress.parquet(rows(30))}


@bad("row-leak")
def rows_in_json() -> Offer:
    """Rows as columns of a JSON document."""
    return {"rows.json": dress.columns(rows(12))}


@bad("row-leak")
def rows_in_nested_json() -> Offer:
    """Rows of a JSON document whose every value stands in a list or an object of its own."""
    nested = [{"a": {"v": r["income"]}, "b": [r["visits"]], "c": [[r["year"]]]} for r in rows(12).to_dicts()]
    return {"rows.json": json.dumps(nested)}


@bad("row-leak", data=("calls",))
def rows_with_lengths_and_times_of_a_zone() -> Offer:
    """Rows with lengths of time as pandas writes them, beside times with their zone's shift from UTC."""
    return {"calls.csv": calls().select("waited", "began")[400:420].to_pandas().to_csv(index=False)}


@good("row-leak", data=("calls",))
def counts_beside_columns_of_rare_types() -> Offer:
    """Counts by district of a dataset with lengths of time, times of a zone, bytes and lists."""
    return {"counts.csv": per(calls(), "district", n=pl.col("caller").n_unique())}


@bad("column-leak", data=("calls",))
def lengths_by_themselves() -> Offer:
    """A list of lengths of time, which are nearly all different."""
    return {"waits.csv": calls().select("waited")[100:200].sort("waited").to_pandas().to_csv(index=False)}


@bad("row-leak")
def rows_in_a_log() -> Offer:
    """Rows in the lines of a log."""
    lines = [f"INFO step {n}: {','.join(map(str, row))}" for n, row in enumerate(rows().rows())]
    return {"run.log": "\n".join(lines)}


@bad("row-leak")
def rows_between_results() -> Offer:
    """A table of harmless means with a few rows of the dataset below it."""
    means = per(survey(), "job", income=pl.col("income").mean().round(2), visits=pl.col("visits").mean().round(2))
    some = rows(12, "job", "income", "visits").cast({"visits": pl.Float64})
    return {"results.csv": pl.concat([means, some])}


@bad("row-leak", data=("jobs",), policy="fr-fiscal-personnes")
def real_rows() -> Offer:
    """Rows of the catalogue's wages, without their identifier and under other names."""
    found = jobs().select("lwage", "educ", "exper", "year", "hours").sample(30, seed=2)
    return {"results.csv": found.rename({name: f"x{at}" for at, name in enumerate(found.columns)})}


@bad("row-leak", data=("transport",), policy="fr-entreprises")
def real_flights() -> Offer:
    """Flights of the catalogue, sorted, with four of their columns."""
    found = flights().select("tailnum", "flight", "dep_time", "arr_time").drop_nulls().sample(30, seed=2)
    return {
        "results.csv": found.sort("dep_time").rename({"tailnum": "a", "flight": "b", "dep_time": "c", "arr_time": "d"})
    }


@bad("row-leak", data=("health",))
def real_person_years() -> Offer:
    """Person-years of the catalogue's health data."""
    return {"results.csv": health().sample(30, seed=4)}


@good("row-leak")
def means_of_groups() -> Offer:
    """Mean incomes and visits by job and year."""
    figures = {"income": pl.col("income").mean().round(2), "visits": pl.col("visits").mean().round(2)}
    return {"means.csv": per(survey(), "job", "year", n=PEOPLE, **figures)}


@good("row-leak", review="text with numbers is read by a steward")
def what_describes_a_frame() -> Offer:
    """Shape and types of a frame, in a notebook."""
    return {
        "frame.ipynb": dress.notebook({"text/plain": f"{survey().shape}\n{dict(survey().schema)}"}, source="df.shape")
    }


@good("row-leak", review="no dataset gives the table")
def numbers_of_ones_own() -> Offer:
    """A table of numbers that come from nowhere in the data."""
    table = pl.DataFrame({"run": range(1, 13), "loss": [round(1 / n, 4) for n in range(1, 13)]})
    return {"training.csv": table}


@bad("column-leak")
def incomes_alone() -> Offer:
    """All incomes of a year, sorted, and nothing else."""
    return {"incomes.csv": survey().filter(pl.col("year") == 2020).select(pl.col("income").sort())}


@bad("column-leak")
def a_hundred_incomes() -> Offer:
    """A hundred incomes under another name, beside a number for each line."""
    found = survey()["income"].sample(100, seed=3)
    return {"values.csv": pl.DataFrame({"line": range(1, 101), "value": found})}


@bad("column-leak")
def incomes_one_in_a_line() -> Offer:
    """A hundred incomes as a text, one in a line."""
    return {"values.txt": "".join(f"{income}\n" for income in survey()["income"].sample(100, seed=3))}


@bad("column-leak")
def incomes_as_a_list() -> Offer:
    """A hundred incomes as the one list of a JSON document."""
    return {"values.json": json.dumps(survey()["income"].sample(100, seed=3).to_list())}


@bad("column-leak")
def incomes_as_notebook_prints_them() -> Offer:
    """Two hundred incomes with a number before each, as a notebook prints a column."""
    found = survey()["income"].sample(200, seed=3)
    printed = "\n".join(f"{at:<6}{income}" for at, income in enumerate(found))
    return {"column.ipynb": dress.notebook({"text/plain": f"{printed}\nLength: 200, dtype: float64"})}


@bad("column-leak")
def incomes_in_source() -> Offer:
    """Sixty incomes behind each other in a cell of code."""
    return {"plan.ipynb": dress.notebook(source=f"levels = {survey()['income'].sample(60, seed=3).to_list()}")}


@bad("column-leak")
def codes_of_people() -> Offer:
    """The codes of fifty people, which nobody declared as identifiers."""
    return {"kept.txt": ", ".join(sorted(set(survey()["person"]))[100:150])}


@good("column-leak", review="numbers in a text are read by a steward")
def numbers_of_a_simulation() -> Offer:
    """A hundred numbers of a simulation, one in a line, as large as incomes and with as many decimals."""
    draw = random.Random(31)
    return {"drawn.txt": "".join(f"{draw.lognormvariate(10, 0.4):.2f}\n" for _ in range(100))}


@good("column-leak", review="a document of numbers is read by a steward")
def losses_as_a_list() -> Offer:
    """The losses of two hundred rounds of training, as a list."""
    return {"losses.json": json.dumps([round(2 / n, 4) for n in range(1, 201)])}


@good("column-leak", review="no dataset gives a list of deciles again")
def deciles_of_income() -> Offer:
    """The nine deciles of income."""
    found = [round(float(survey()["income"].quantile(n / 10) or 0), -2) for n in range(1, 10)]
    return {"deciles.csv": pl.DataFrame({"decile": [f"D{n}" for n in range(1, 10)], "level": found})}


@bad("microdata", data=("survey",))
def as_many_lines_as_people() -> Offer:
    """Six hundred lines of numbers with some noise, as many as there are people."""
    table = pl.DataFrame(
        {
            "a": [n * 7919 % 10007 for n in range(600)],
            "b": [round((n * 104_729 % 9973) / 7, 3) for n in range(600)],
            "c": [round((n * 1299709 % 8887) / 3, 2) for n in range(600)],
        }
    )
    return {"values.csv": table}


@bad("microdata", data=(), severity=Severity.REVIEW)
def a_long_table_of_unknown_data() -> Offer:
    """Three hundred lines of data that the gate does not know."""
    return {"values.csv": "a,b,c\n" + "".join(f"{n * 31 % 997},{n * 57 % 991},{n * 73 % 983}\n" for n in range(300))}


@good("microdata")
def a_table_of_many_groups() -> Offer:
    """Mean income by job and commune, thirty-six lines."""
    kept = survey().filter(pl.col("region") != "Nord")
    table = per(kept, "commune", "job", n=PEOPLE, mean_income=pl.col("income").mean().round(2))
    return {"means.csv": table.filter(pl.col("n") >= 10)}


@bad("canary")
def a_planted_name() -> Offer:
    """A sentence that names the planted person."""
    return {"notes.md": f"The case of {CANARY} is typical.\n"}


@bad("canary")
def a_planted_name_in_capitals() -> Offer:
    """The same in capitals without accents, in a table."""
    return {"table.csv": "who,group\nZEPHYRINE QUATRELIVRES,A\nsomebody,B\n"}


@bad("canary", data=("survey with planted rows",))
def a_planted_number() -> Offer:
    """The social security number of a planted row, in groups, among harmless words."""
    nir = survey().filter(pl.col("full_name") == CANARY)["nir"][0]
    return {"notes.md": f"The run of {nir[:5]} {nir[5:10]} {nir[10:]} is typical.\n"}


@bad("canary", data=("survey with planted rows",))
def two_planted_amounts() -> Offer:
    """Income and wealth of a planted row, in two sentences without her name."""
    row = survey().filter(pl.col("full_name") == CANARY).row(0, named=True)
    return {"notes.md": f"The first is {row['income']}.\nThe second is {row['wealth']}.\n"}


@good("canary", data=("survey with planted rows",), review="numbers in a text are read by a steward")
def one_short_amount_of_a_planted_row() -> Offer:
    """An income that somebody of the planted rows has, too, by itself."""
    income = survey().filter(pl.col("full_name") == CANARY)["income"][0]
    return {"notes.md": f"The model begins at {income}.\n"}


@good("canary")
def a_word_of_the_planted_name() -> Offer:
    """A sentence with the first name alone."""
    return {"notes.md": "Zéphyrine is a given name.\n"}


@bad("direct-identifiers")
def numbers_of_people() -> Offer:
    """A column of social security numbers under another name."""
    return {"who.csv": survey().select(key="nir", income="income")[::400]}


@bad("direct-identifiers")
def names_in_prose() -> Offer:
    """A sentence with the names of two people."""
    one, two = survey()["full_name"][40], survey()["full_name"][160]
    return {"notes.md": f"Most visits were those of {one} and {two}.\n"}


@bad("direct-identifiers")
def names_as_headers() -> Offer:
    """People's names as the headers of a table."""
    found = survey()["full_name"].unique(maintain_order=True)[20:24].to_list()
    return {"table.csv": ",".join(["measure", *found]) + "\nvisits,12,40,31,22\n"}


@bad("direct-identifiers")
def names_without_accents() -> Offer:
    """People's names in capitals and without accents, in a log."""
    found = survey()["full_name"].unique(maintain_order=True)[30:36].to_list()
    plain = [name.upper().replace("È", "E").replace("Ê", "E") for name in found]
    return {"run.log": "\n".join(f"done: {name}" for name in plain)}


@bad("direct-identifiers", data=("jobs",), policy="fr-fiscal-personnes")
def real_identifiers() -> Offer:
    """The catalogue's numbers of young men, beside a figure."""
    return {"men.csv": per(jobs(), "nr", mean=pl.col("lwage").mean().round(3)).head(60)}


@good("direct-identifiers")
def words_that_are_names_too() -> Offer:
    """A sentence about trees, which are parts of the people's names."""
    return {"notes.md": "The garden has an acacia, a charme and an olivier.\n"}
