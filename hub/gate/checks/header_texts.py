"""What the names of a table's columns say beside values: a text that few have, or the total that a table leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import polars as pl

from hub.gate.cells import ValueClass, keys_in
from hub.gate.context import Context
from hub.gate.datasets import UNIT, DataFile
from hub.gate.lineage import lineage
from hub.gate.spoken_numbers import spoken_numbers
from hub.gate.titles import values_met
from hub.gate.views import TableView

YEAR = re.compile(r"(?:19|20)\d\d")
_DIGIT = re.compile(r"\d")
_NUMBER = re.compile(r"\d+")
_MARKS = r"[ \u00a0\u202f'’_.,]"
"""What may stand between the digits of a number."""
_THOUSANDS = re.compile(rf"(?<!\d)[1-9]\d{{0,2}}(?:{_MARKS}\d{{3}})+(?!\d)")
_QUANTILE = re.compile(r"(?<![^\W\d_])(?:p|q|ci|pct)_?\d{1,2}(?:[.,]\d{1,2})?(?!\d)", re.IGNORECASE)
"""A number below a hundred that says which quantile, or which interval, stands below: “p90”, “ci_97.5”."""
_MOST_DIGITS = 18
"""Digits of a number that are read; one that has more is larger than any count."""
_SHORTEST = 5
"""Letters of a text that is taken for a value: shorter ones are names of columns by chance."""
_FEWEST_WORDS = 2
"""Words of numbers in one name that say one: “six hundred”; a single one is mostly none, as in “four-wheelers”."""


Met = tuple[DataFile, str, set[str]]


def texts_met(titles: Iterable[str], context: Context) -> list[Met]:
    """The names that are texts of a column of a dataset that makes no groups, with that column."""
    asked = sorted({title.strip() for title in titles if len(title.strip()) >= _SHORTEST})
    found = []
    for file in context.files:
        others = [title for title in asked if title.casefold() not in file.names]
        for column in file.schema if others else ():
            if file.value_class(column) is ValueClass.TEXT and not file.is_grouping(column):
                found.append((file, column, values_met(others, file, column)))
    return found


def rare_values(met: Iterable[Met], context: Context) -> int:
    """How many names are texts of one column that fewer than ``minimum_units`` units have, at most."""
    return max((_rare(*each, context.policy.minimum_units) for each in met), default=0)


def _rare(file: DataFile, column: str, met: set[str], minimum: int) -> int:
    keys = keys_in(pl.Series("key", sorted(met), dtype=pl.String), file.value_class(column), 0)
    rows = file.matching({"key": (column, 0)}, keys.alias("key").to_frame())
    return rows.group_by("key").agg(pl.col(UNIT).n_unique()).filter(pl.col(UNIT) < minimum).collect().height


def says_total(view: TableView, titles: Sequence[str], context: Context) -> bool:
    """Whether a name holds a number that could be the total of the counts below: no smaller than any of them.

    A year is none, unless it is the number of all units or rows of the dataset.
    """
    tabulation, largest = lineage(view, context).tabulation, _largest(view, context)
    if tabulation is None or largest is None:
        return False
    return any(_says_all(title, tabulation.file) or _may_be_total(title, largest) for title in titles)


def file_name_says_total(view: TableView, context: Context) -> bool:
    """Whether the file's name holds the number of all units or rows of the dataset that the counts are made of."""
    tabulation = lineage(view, context).tabulation
    return tabulation is not None and _largest(view, context) is not None and _says_all(context.path, tabulation.file)


def _says_all(text: str, file: DataFile) -> bool:
    """Whether a text holds the number of all units or rows, whatever marks stand between its digits."""
    plain = _in_ascii(text)
    totals = (f"{_MARKS}?".join(str(total)) for total in {file.height, file.units})
    return any(re.search(rf"(?<!\d)0*{digits}(?!\d)", plain) for digits in totals)


def _may_be_total(title: str, largest: float) -> bool:
    plain = _THOUSANDS.sub(lambda found: re.sub(r"\D", "", found[0]), _QUANTILE.sub("", _in_ascii(title)))
    numbers = [number.lstrip("0")[:_MOST_DIGITS] for number in _NUMBER.findall(plain) if not YEAR.fullmatch(number)]
    is_large = any(int(number or 0) >= largest for number in numbers)
    return is_large or spoken_numbers(_NUMBER.sub("", title)) >= _FEWEST_WORDS


def _in_ascii(text: str) -> str:
    """The text with its digits as ASCII has them, of whatever alphabet they are."""
    return _DIGIT.sub(lambda found: str(int(found[0])), text)


def _largest(view: TableView, context: Context) -> float | None:
    """The largest count or sum that a table shows; None where it shows none, or where nobody knows whether it does."""
    tabulation = lineage(view, context).tabulation
    if tabulation is None:
        return None
    keys = [key for key, figure in tabulation.agreeing.items() if figure.is_additive]
    numbers = (tabulation.view.number_cells(key).max() for key in keys)
    return max((float(str(number)) for number in numbers if number is not None), default=None)
