"""Data in small parts: a row for each cell of a notebook, an identifier for each file, a sentence for each cell."""

from __future__ import annotations

import json

import polars as pl

from corpus.case import Offer, Offered, bad, good
from corpus.cases_leaks import rows
from corpus.data import YEARS, jobs, per, survey
from hub.domain.exports import Severity
from hub.gate.exchange import ApprovedNotebook
from hub.gate.notebook_source import cell_digest

_SENTENCE = "The weather was fine, and nothing else that is worth a word happened on that day in the whole of the county."


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
    return {"plan.ipynb": cells(*(f"step = {income}, {visits}" for income, visits in rows(40, "income", "visits").rows()))}


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


@good("scattered-rows")
def cells_that_compute() -> Offer:
    """A notebook of three short cells that compute something."""
    return {"plan.ipynb": cells("import polars as pl", "step = 0.5", "shares = [step * n for n in range(4)]")}


@good("scattered-rows")
def means_in_several_files() -> Offer:
    """Mean incomes by job, a table for each year."""
    means = per(survey(), "year", "job", income=pl.col("income").mean().round(2))
    return {f"means-{year}.csv": means.filter(pl.col("year") == year) for year in YEARS}


@bad("scattered-identifiers", data=("jobs",), policy="fr-fiscal-personnes")
def an_identifier_for_each_cell() -> Offer:
    """A notebook whose every code cell holds one of the catalogue's numbers of young men."""
    return {"plan.ipynb": cells(*(f"keep = {nr}" for nr in jobs()["nr"].unique().sort()[::20]))}


@good("scattered-identifiers", data=("jobs",), policy="fr-fiscal-personnes")
def numbers_of_cells() -> Offer:
    """A notebook whose cells hold a few numbers, of which one is somebody's."""
    return {"plan.ipynb": cells("rows = 100", "seed = 17", "columns = 12")}


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
