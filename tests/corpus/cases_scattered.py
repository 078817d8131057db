"""Data in small parts: a row for each cell of a notebook, an identifier for each file, a sentence for each cell."""

from __future__ import annotations

import json

import polars as pl

from corpus.case import Offer, Offered, bad, good
from corpus.cases_leaks import rows
from corpus.data import PEOPLE, YEARS, jobs, per, survey
from hub.domain.exports import Severity
from hub.gate.exchange import ApprovedNotebook
from hub.gate.notebook_source import cell_digest

_SENTENCE = (
    "The weather was fine, and nothing else that is worth a word happened on that day in the whole of the county."
)


def cells(*sources: str, kind: str = "code") -> bytes:
    """A notebook of cells without outputs."""
    made = [
        {"cell_type": kind, "id": f"c{at}", "metadata": {}, "source": source}
        | ({"execution_count": None, "outputs": []} if kind == "code" else {})
        for at, source in enumerate(sources)
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made}).encode()


@bad("scattered-rows")
def a_row_for_each_cell() -> Offer:
    """A notebook whose every code cell holds an income and a number of visits, a row for each cell."""
    return {
        "plan.ipynb": cells(*(f"step = {income}, {visits}" for income, visits in rows(40, "income", "visits").rows()))
    }


@bad("scattered-rows")
def an_income_for_each_cell() -> Offer:
    """A notebook whose every code cell holds one income."""
    return {"plan.ipynb": cells(*(f"rate = {income}" for income in rows(40, "income")["income"]))}


@bad("scattered-rows")
def a_row_for_each_file() -> Offer:
    """Twelve documents of two values each, a row for each file."""
    found = rows(12, "income", "visits").rows()
    return {f"part-{at:02d}.json": json.dumps({"a": i, "b": v}) for at, (i, v) in enumerate(found)}


@bad("scattered-rows")
def tables_of_one_row() -> Offer:
    """Twelve tables of one row and two columns, under other names each."""
    found = rows(12, "income", "visits").rows()
    return {f"part-{at:02d}.csv": f"u{at},w{at}\n{i},{v}\n" for at, (i, v) in enumerate(found)}


@bad("scattered-rows")
def a_column_cut_into_tables() -> Offer:
    """Three tables of twenty incomes each, which are a long column together."""
    found = survey()["income"].sample(60, seed=3)
    return {f"part-{at}.csv": pl.DataFrame({"value": found[20 * at : 20 * at + 20]}) for at in range(3)}


@bad("scattered-rows")
def codes_cut_into_texts() -> Offer:
    """Three texts that name twenty people each by their codes."""
    found = survey()["person"].unique().sort()
    return {f"part-{at}.txt": " ".join(found[20 * at : 20 * at + 20]) for at in range(3)}


@bad("scattered-rows")
def half_a_column_for_each_request() -> Offer:
    """A table of twenty incomes, after another one left in a request of its own."""
    found = survey()["income"].sample(40, seed=3)
    first, second = (pl.DataFrame({"value": part}) for part in (found[:20], found[20:]))
    return Offered({"second.csv": second}, earlier={"first.csv": first})


@good("scattered-rows", review="no dataset gives the tables")
def losses_in_tables() -> Offer:
    """The losses of training in three tables of twenty rounds each."""
    losses = pl.Series([round(2 / n, 4) for n in range(1, 61)])
    return {f"part-{at}.csv": pl.DataFrame({"loss": losses[20 * at : 20 * at + 20]}) for at in range(3)}


@good("scattered-rows")
def cells_that_compute() -> Offer:
    """A notebook of three short cells that compute something."""
    return {"plan.ipynb": cells("import polars as pl", "step = 0.5", "shares = [step * n for n in range(4)]")}


@bad("scattered-rows")
def a_row_for_each_request() -> Offer:
    """A document of two values, after two others left in requests of their own, a row each."""
    found = rows(3, "income", "visits").rows()
    *before, last = [json.dumps({"a": income, "b": visits}) for income, visits in found]
    return Offered({"part.json": last}, earlier={f"before-{at}.json": part for at, part in enumerate(before)})


@bad("scattered-rows", severity=Severity.REVIEW)
def one_more_row_after_many() -> Offer:
    """A document of two values, after requests that held rows enough by themselves left."""
    found = rows(7, "income", "visits").rows()
    *before, last = [json.dumps({"a": income, "b": visits}) for income, visits in found]
    return Offered({"part.json": last}, earlier={f"before-{at}.json": part for at, part in enumerate(before)})


@good("scattered-rows")
def means_in_several_requests() -> Offer:
    """Mean incomes by job of one year, after those of the other years left in requests of their own."""
    means = per(survey(), "year", "job", income=pl.col("income").mean().round(2))
    tables = {f"means-{year}.csv": means.filter(pl.col("year") == year) for year in YEARS}
    return Offered({(last := f"means-{YEARS[-1]}.csv"): tables.pop(last)}, earlier=tables)


@good("scattered-rows")
def means_in_several_files() -> Offer:
    """Mean incomes by job, a table for each year."""
    means = per(survey(), "year", "job", income=pl.col("income").mean().round(2))
    return {f"means-{year}.csv": means.filter(pl.col("year") == year) for year in YEARS}


@bad("scattered-identifiers", data=("jobs",), policy="fr-fiscal-personnes")
def an_identifier_for_each_cell() -> Offer:
    """A notebook whose every code cell holds one of the catalogue's numbers of young men."""
    return {"plan.ipynb": cells(*(f"keep = {nr}" for nr in jobs()["nr"].unique().sort()[::20]))}


@bad("scattered-identifiers", data=("jobs",), policy="fr-fiscal-personnes")
def identifiers_in_each_request() -> Offer:
    """A document with two numbers of young men, after two others with two each left in requests of their own."""
    numbers = jobs()["nr"].unique().sort()[::20]
    one, *before = [json.dumps([numbers[at], numbers[at + 1]]) for at in (0, 2, 4)]
    return Offered({"keep.json": one}, earlier={f"before-{at}.json": part for at, part in enumerate(before)})


@good("scattered-identifiers", data=("jobs",), policy="fr-fiscal-personnes")
def numbers_of_cells() -> Offer:
    """A notebook whose cells hold a few numbers, of which one is somebody's."""
    return {"plan.ipynb": cells("rows = 100", "seed = 17", "columns = 12")}


@bad("scattered-text", severity=Severity.REVIEW)
def a_short_note_in_each_request() -> Offer:
    """A note without numbers, too short to be read, after seven others left in requests of their own."""
    notes = {f"note-{letter}.md": f"{_SENTENCE} This is the {letter} part.\n" for letter in "abcdefgh"}
    return Offered({"note-a.md": notes.pop("note-a.md")}, earlier=notes)


@bad("uncounted-parts", severity=Severity.REVIEW)
def a_note_after_too_many() -> Offer:
    """A note, after sixty others left that fill what the gate can put together, so that older ones have no room."""
    notes = {f"note-{at:02d}.md": f"{_SENTENCE} This is part {at}.\n" + f"{_SENTENCE}\n" * 34 for at in range(60)}
    return Offered({"note.md": f"{_SENTENCE}\n"}, earlier=notes)


@good("uncounted-parts")
def a_table_after_a_few_notes() -> Offer:
    """Counts by job, after three notes left in requests of their own."""
    notes = {f"note-{letter}.md": f"{_SENTENCE} This is the {letter} part.\n" for letter in "abc"}
    return Offered({"counts.csv": per(survey(), "job", n=PEOPLE)}, earlier=notes)


@bad("scattered-text", severity=Severity.REVIEW)
def short_notes_in_many_files() -> Offer:
    """Eight notes without numbers, each too short to be read."""
    return {f"note-{letter}.md": f"{_SENTENCE} This is the {letter} part.\n" for letter in "abcdefgh"}


@bad("scattered-text", severity=Severity.REVIEW)
def short_cells_of_prose() -> Offer:
    """A notebook of eight cells of prose, each too short to be read."""
    return {"notes.ipynb": cells(*(f"{_SENTENCE} Part {letter}." for letter in "abcdefgh"), kind="markdown")}


@bad("scattered-text", severity=Severity.REVIEW)
def a_few_digits_for_each_cell() -> Offer:
    """A notebook whose every code cell holds a few digits."""
    return {"plan.ipynb": cells(*(f"step_{letter} = {ord(letter) * 7919 % 1000}" for letter in "abcdefghijkl"))}


@good("scattered-text")
def the_cells_of_the_approved_notebook() -> Offer:
    """A notebook of many cells that are those of the approved one, as its run wrote them."""
    sources = [f"step_{letter} = {ord(letter) * 7919 % 1000}  # {_SENTENCE}" for letter in "abcdefghijkl"]
    digests = tuple(cell_digest("code", source) for source in sources)
    approved = ApprovedNotebook(digest="0" * 64, cells=digests, parameters={})
    return Offered({"plan.ipynb": cells(*sources)}, approved=approved)


def _nir(number: int) -> str:
    return str(survey()["nir"].unique(maintain_order=True)[number])


@bad("scattered-identifiers")
def an_identifier_over_several_cells() -> Offer:
    """A social security number, four digits for each cell of a notebook."""
    nir = _nir(40)
    return {"plan.ipynb": cells(*(f"step = '{nir[at : at + 4]}'" for at in range(0, len(nir), 4)))}


@bad("scattered-identifiers")
def an_identifier_over_two_lines() -> Offer:
    """A social security number that a line end cuts."""
    nir = _nir(50)
    return {"notes.md": f"Ask for {nir[:8]}\n{nir[8:]}.\n"}


@bad("scattered-identifiers")
def an_identifier_digit_by_digit() -> Offer:
    """A social security number with a space after each digit."""
    return {"notes.md": f"Ask for {' '.join(_nir(60))}.\n"}


@bad("scattered-identifiers")
def a_name_backwards() -> Offer:
    """Somebody's name from its end to its beginning."""
    return {"notes.md": f"Ask for {survey()['full_name'][400][::-1]}.\n"}


@bad("scattered-identifiers")
def halves_of_identifiers() -> Offer:
    """Social security numbers cut into two columns, the second half first."""
    halves = "".join(f"{_nir(at)[7:]},{at},{_nir(at)[:7]}\n" for at in range(100, 104))
    return {"table.csv": f"a,n,b\n{halves}"}


@bad("personal-numbers", data=())
def halves_of_numbers_that_nobody_declared() -> Offer:
    """Social security numbers in two columns, without a dataset."""
    return {"table.csv": "a,b\n" + "".join(f"{_nir(at)[:7]},{_nir(at)[7:]}\n" for at in range(100, 110))}


@bad("personal-numbers", data=())
def a_number_over_two_lines() -> Offer:
    """A social security number that a line end cuts, without a dataset."""
    return {"notes.md": f"Ask for {_nir(50)[:7]}\n{_nir(50)[7:]} again.\n"}


@good("scattered-identifiers", review="text with numbers is read by a steward")
def digits_that_are_nobody() -> Offer:
    """A note with many numbers, on as many lines as a social security number has digits."""
    return {"notes.md": "".join(f"{at * 7919 % 100}\n" for at in range(15))}


@good("personal-numbers", data=(), review="no dataset was given to compare with")
def columns_of_whole_numbers() -> Offer:
    """A table of two columns of whole numbers that are as long as halves of social security numbers."""
    return {
        "table.csv": "a,b\n" + "".join(f"{1_230_000 + at * 7919},{at * 104_729 + 10_000_000}\n" for at in range(10))
    }
