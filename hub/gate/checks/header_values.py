"""Header values: what the names of a table's columns tell, which are cells like any other."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import ValueClass
from hub.gate.checks.check import Check
from hub.gate.checks.columns import column_leak
from hub.gate.checks.header_texts import YEAR, file_name_says_total, rare_values, says_total, texts_met
from hub.gate.checks.identifiers import COLUMN_BITS, direct_identifiers
from hub.gate.checks.leak import row_leak
from hub.gate.checks.reading import MOST_DIGITS_IN_CODE
from hub.gate.context import Context
from hub.gate.datasets import DataFile
from hub.gate.fragments import ArraysFragment, Fragment, TableFragment
from hub.gate.marks import is_margin
from hub.gate.spoken_numbers import spoken_numbers
from hub.gate.titles import says_much, unknown, values_met

IDENTIFIER = "header-values"
_LONG_NUMBER = re.compile(r"\d[\d., \u00a0\u202f]*\d")
_LONG = 4
_FEWEST = 2
_FEWEST_UNITS = 3
_NEARLY = 0.9


def header_values(fragment: Fragment, context: Context) -> list[Finding] | None:
    """The names of a table's columns hold no rows, columns, identifiers or units of a dataset.

    They are read as a row and as a column of values, by the rules for these; of several rows that name the columns,
    each, and all together. So are the names of a model's arrays. Names that hold numbers of four digits or more, other
    than years, or many digits together, are read by a steward, unless they are groups of the dataset. So are a text
    that few units have, names that are together as long as a text that a steward reads, and a number in them, or in
    the file's name, that may be the total of the counts below.
    """
    findings = []
    views = [view for view in context.tables(fragment) if view.titled]
    rows = [(view.place, view.columns) for view in views]
    is_model = isinstance(fragment, ArraysFragment)
    if isinstance(fragment, ArraysFragment):
        rows.append((fragment.place, tuple(array.name for array in fragment.arrays)))
    if isinstance(fragment, TableFragment):
        rows += [(fragment.place, row) for row in fragment.header]
        if _are_rows(fragment.header, context):
            findings.append(context.finding(IDENTIFIER, Severity.BLOCK, f"{fragment.place}, the header", _BLOCKED))
    # All names are looked up at once: a document may have very many small tables.
    met = texts_met({title for _, cells in rows for title in cells}, context)
    for where, cells in rows:
        titles = list(dict.fromkeys(title.strip() for title in cells if title.strip()))
        place = f"{where}, the header"
        texts = [(file, column, own) for file, column, names in met if (own := names.intersection(titles))]
        rare = rare_values(texts, context)
        if (
            rare >= _FEWEST_UNITS
            or _holds_data(titles, context, has_texts=bool(texts))
            or any(_names_units(titles, file) for file in context.files)
        ):
            findings.append(context.finding(IDENTIFIER, Severity.BLOCK, place, _BLOCKED))
        elif rare:
            findings.append(context.finding(IDENTIFIER, Severity.REVIEW, place, _RARE))
        elif not is_model and _holds_numbers(_unknown(titles, context)):
            findings.append(context.finding(IDENTIFIER, Severity.REVIEW, place, _REVIEWED))
        elif not is_model and says_much(titles, context):
            rule = f"free text from {context.policy.free_text} characters ({context.policy.name})"
            findings.append(context.finding(IDENTIFIER, Severity.REVIEW, place, _LONG_NAMES, rule))
    for view in views:
        if says_total(view, _unknown(view.columns, context), context):
            findings.append(context.finding(IDENTIFIER, Severity.REVIEW, f"{view.place}, the header", _TOTAL))
        if file_name_says_total(view, context):
            findings.append(context.finding(IDENTIFIER, Severity.REVIEW, f"{view.place}, the file's name", _TOTAL))
    return list(dict.fromkeys(findings)) or None


_BLOCKED = (
    "The names of the columns are values of a dataset: its rows, its figures, or the names of its units. Name the "
    "columns for what stands below them, and groups for what they have in common."
)
_REVIEWED = (
    "The names of the columns hold numbers that no check can verify, so a steward reads them. Name the columns for "
    "what stands below them."
)
_RARE = (
    "The names of the columns are texts that few units of a dataset have, so a steward reads them. Name the columns "
    "for what stands below them."
)
_TOTAL = (
    "A name beside these counts holds a number that may be their total, and what a total leaves beyond the cells that "
    "are shown is counted only where it is a row of the table. A steward reads it; write totals as rows, or leave "
    "them out."
)
_LONG_NAMES = (
    "The names of the columns are together as long as a text that could carry anything, so a steward reads them. Name "
    "the columns in a few words, and leave out those that show nothing."
)


def _holds_data(titles: list[str], context: Context, *, has_texts: bool) -> bool:
    """Whether the names are rows, a column or identifiers of a dataset; words of groups alone are no row."""
    fresh = context.undeclared()
    row = TableFragment(nested=True, columns=("",) * len(titles), data=tuple((title,) for title in titles))
    if sum(map(_may_be_value, titles)) < _FEWEST:
        return has_texts and bool(row_leak(row, fresh))
    column = TableFragment(nested=True, columns=("",), data=(tuple(titles),))
    return bool(row_leak(row, fresh) or column_leak(column, fresh) or direct_identifiers(column, fresh))


def _are_rows(header: Sequence[tuple[str, ...]], context: Context) -> bool:
    """Whether rows that name the columns are rows of a dataset together, though each tells too little."""
    if len(header) < _FEWEST:
        return False
    rows = TableFragment(nested=True, columns=("",) * len(header[0]), data=tuple(zip(*header, strict=True)))
    return bool(row_leak(rows, context.undeclared()))


def _may_be_value(title: str) -> bool:
    """Whether a name has a digit and is no year: a number is one in whatever it is dressed, as “120 mg”."""
    return not YEAR.fullmatch(title) and any(map(str.isdigit, title))


def _names_units(titles: list[str], file: DataFile) -> bool:
    """Whether nearly all names that are no columns of the dataset are units of it, and too many for chance."""
    if not file.unit:
        return False
    names = pl.Series("title", [t for t in titles if t.casefold() not in file.names], dtype=pl.String)
    others = names.filter(~names.to_frame().select(is_margin(pl.col("title"))).to_series())
    if others.len() < _FEWEST_UNITS:
        return False
    met = len(values_met(others, file, file.unit))
    if met < _NEARLY * others.len():
        return False
    if file.value_class(file.unit) is not ValueClass.NUMBER:
        return True
    low, high = (
        int(file.select(pl.col(file.unit)).select(at).collect().item()) for at in (pl.min(file.unit), pl.max(file.unit))
    )
    return met * -math.log2(min(file.density(file.unit, 0, low, high), 1.0)) >= COLUMN_BITS


def _unknown(titles: Sequence[str], context: Context) -> list[str]:
    """The names that say numbers, and are neither columns of a dataset nor values of its groups."""
    return unknown([title for title in titles if spoken_numbers(title)], context)


def _holds_numbers(titles: list[str]) -> bool:
    return sum(map(spoken_numbers, titles)) > MOST_DIGITS_IN_CODE or any(_is_long(title) for title in titles)


def _is_long(title: str) -> bool:
    numbers = [re.sub(r"\D", "", found) for found in _LONG_NUMBER.findall(title)]
    return any(len(n.strip("0")) >= _LONG and not YEAR.fullmatch(n) for n in numbers)


HEADER_VALUES = Check(
    IDENTIFIER,
    header_values,
    claims=False,
    parameters=("evidence_bits", "minimum_units", "free_text"),
    source="The lab's own: what names a column is a cell, too",
)
