"""What a column of a table holds, in one line: its type, its gaps, its smallest number, and to what it is rounded.

Only what the page shows is summed up, and only so many cells, so that a large table costs no more than a small one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from hub.web.marks import N_

MOST_CELLS = 50_000
FEWEST_TO_ROUND = 3
"""So many different numbers, other than 0, say to what a column is rounded."""
_NUMBER = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,9})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ][0-9:.]{4,15}(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_GAPS = frozenset({"", "c", "s", "x", "*", "-", "…", "na", "n/a", "nan", "null", "none", "nd", "secret", "suppressed"})


class ColumnType(StrEnum):
    """What the cells of a column are, gaps left out."""

    WHOLE = "whole_numbers"
    NUMBERS = "numbers"
    TIMES = "times"
    TEXTS = "texts"
    NOTHING = "nothing"


COLUMN_TYPES = (N_("whole numbers"), N_("numbers"), N_("times"), N_("texts"), N_("nothing"))
"""The words of the types, as they are said."""


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """A column: ``gaps`` are empty or suppressed cells, ``smallest`` the number nearest to 0 that is not 0.

    ``base`` is the largest number that divides all of its numbers: to what they are rounded, if to anything.
    """

    title: str
    type: ColumnType
    filled: int
    gaps: int
    smallest: str = ""
    base: str = ""

    @property
    def type_word(self) -> str:
        """The type as it is said, in English."""
        return self.type.value.replace("_", " ")


def summaries_of(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[ColumnSummary, ...]:
    """Sum up each column of the rows that are shown."""
    counted = rows[: MOST_CELLS // max(1, len(header))]
    return tuple(_summary(title, [row[n] for row in counted if n < len(row)]) for n, title in enumerate(header))


def _summary(title: str, cells: Sequence[str]) -> ColumnSummary:
    filled = [text for cell in cells if (text := cell.strip()).lower() not in _GAPS]
    gaps = len(cells) - len(filled)
    if not filled:
        return ColumnSummary(title, ColumnType.NOTHING, 0, gaps)
    if not all(map(_NUMBER.fullmatch, filled)):
        kind = ColumnType.TIMES if all(map(_DAY.fullmatch, filled)) else ColumnType.TEXTS
        return ColumnSummary(title, kind, len(filled), gaps)
    numbers = {abs(Decimal(text)) for text in filled} - {Decimal(0)}
    kind = ColumnType.NUMBERS if any("." in text for text in filled) else ColumnType.WHOLE
    smallest = _written(min(numbers)) if numbers else ""
    return ColumnSummary(title, kind, len(filled), gaps, smallest, _base(numbers))


def _base(numbers: set[Decimal]) -> str:
    if len(numbers) < FEWEST_TO_ROUND:
        return ""
    decimals = max(0, *(-_exponent(number) for number in numbers))
    shifted = [int(number.scaleb(decimals)) for number in numbers]
    return _written(Decimal(math.gcd(*shifted)).scaleb(-decimals))


def _exponent(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _written(number: Decimal) -> str:
    return f"{number.normalize():f}"
