"""What a notebook can say by its form: kinds of cells, pieces of a stream, values one to a line, tables in a note."""

from __future__ import annotations

import json
import random
from typing import Any

from corpus import dress
from corpus.case import Offer, bad, good
from corpus.cases_leaks import rows
from corpus.data import PEOPLE, per, survey
from hub.domain.exports import Severity

_RECORD = ("job", "region", "income", "wealth", "visits")


def notebook(*cells: dict[str, Any]) -> bytes:
    """A notebook of these cells."""
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def cell(kind: str, source: str = "", *outputs: dict[str, Any]) -> dict[str, Any]:
    """A cell; one of code has its outputs."""
    own = {"execution_count": None, "outputs": outputs} if kind == "code" else {}
    return {"cell_type": kind, "id": "c", "metadata": {}, "source": source} | own


def piece(text: str) -> dict[str, Any]:
    """What a program prints at a time."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def shown(**data: str) -> dict[str, Any]:
    """What a cell shows."""
    return {"output_type": "display_data", "metadata": {}, "data": {f"text/{kind}": t for kind, t in data.items()}}


@bad("scattered-text", severity=Severity.REVIEW)
def empty_cells_of_three_kinds() -> Offer:
    """A notebook of 600 cells without a letter, whose three kinds follow each other as a message asks."""
    draw = random.Random(31)
    return {"notes.ipynb": notebook(*(cell(draw.choice(("code", "markdown", "raw"))) for _ in range(600)))}


@good("scattered-text")
def a_few_empty_cells() -> Offer:
    """A notebook with a few cells that are empty."""
    return {"notes.ipynb": notebook(cell("markdown", "A note."), cell("code"), cell("code", "result"), cell("code"))}


@bad("row-leak")
def rows_letter_by_letter() -> Offer:
    """Rows that a cell printed letter by letter, each in an output of its own."""
    return {"fit.ipynb": notebook(cell("code", "fit()", *map(piece, rows(12, *_RECORD).write_csv())))}


@bad("row-leak")
def rows_between_what_stays_behind() -> Offer:
    """The same with something that does not leave after each letter."""
    letters = (out for letter in rows(12, *_RECORD).write_csv() for out in (piece(letter), shown(latex="x")))
    return {"fit.ipynb": notebook(cell("code", "fit()", *letters))}


@good("row-leak")
def a_sentence_in_pieces() -> Offer:
    """A sentence that a cell printed in pieces."""
    return {"fit.ipynb": notebook(cell("code", "fit()", *map(piece, ("All is ", "well", ".\n"))))}


@bad("row-leak")
def values_one_to_a_line() -> Offer:
    """Rows in a log, a value to a line and without names."""
    return {"run.log": "\n".join(str(value) for row in rows(12, *_RECORD).rows() for value in row)}


@good("row-leak", review="text with numbers is read by a steward")
def seconds_one_to_a_line() -> Offer:
    """Steps of a program and their seconds in a log, one to a line."""
    return {
        "run.log": "".join(f"{step}\n{at * 1.37 + 0.41:.2f}\n" for at, step in enumerate(("load", "fit", "save") * 5))
    }


@bad("scattered-rows")
def a_value_for_each_output() -> Offer:
    """A notebook whose every output shows one value, five for each person."""
    values = (str(value) for row in rows(12, *_RECORD).rows() for value in row)
    return {"fit.ipynb": notebook(cell("code", "fit()", *(shown(plain=value) for value in values)))}


@bad("scattered-rows")
def a_table_for_each_row() -> Offer:
    """A notebook that shows twelve tables of one line, each a row."""
    lines = ("".join(f"<td>{value}</td>" for value in row) for row in rows(12, *_RECORD).rows())
    return {
        "fit.ipynb": notebook(cell("code", "fit()", *(shown(html=f"<table><tr>{line}</tr></table>") for line in lines)))
    }


@bad("header-values")
def rows_as_names_in_twelve_lines() -> Offer:
    """A table of a notebook that is nothing but names of columns, in twelve lines of a row each."""
    lines = "".join(f"<tr>{''.join(f'<th>{v}</th>' for v in row)}</tr>" for row in rows(12, *_RECORD).rows())
    return {"fit.ipynb": notebook(cell("code", "fit()", shown(html=f"<table><thead>{lines}</thead></table>")))}


@bad("row-leak")
def rows_as_a_web_page_in_a_note() -> Offer:
    """Rows as a web page's table in a cell of Markdown, which shows it as a table."""
    return {"notes.ipynb": notebook(cell("markdown", f"What we found: {dress.html(rows(12, *_RECORD))}"))}


@good("row-leak", review="text with numbers is read by a steward")
def counts_as_a_web_page_in_a_note() -> Offer:
    """Counts by sex and year as a web page's table in a cell of Markdown."""
    return {"notes.ipynb": notebook(cell("markdown", dress.html(per(survey(), "sex", "year", n=PEOPLE))))}
