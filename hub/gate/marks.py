"""Marks that stand in a table's cells in place of a value: not shown, missing, or summed over."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

_SUPPRESSED = (
    r"(?i)^(?:|c|s|x|\*+|-+|\.+|…|n/?a|<na>|nan|null|none|nd|secret|\[?(?:suppressed|redacted)\]?|confidential"
    r"|[<≤]\s*\d{1,2})$"
)
_SUPPRESSED_CELL = re.compile(_SUPPRESSED)
_BELOW = r"^[<≤]\s*\d{1,2}$"
"""A mark of suppression that says below which number: of two digits at most, since a longer one is a figure."""
_MARGIN = (
    r"(?i)^(?:|(?:grand |sub-?|sous-)?tot(?:als?|aux)(?: g[ée]n[ée]ral)?|all|both|every(?:body|one)|ensemble|tout|tous"
    r"|toutes|overall|sum|somme|marge|Σ|∑|(?:ins)?gesamt|(?:all|both|tous|toutes)(?: les| the)? [^\W\d_]+)$"
)
_OTHERS = r"(?i) (?:other|autre|rest)"
"""“All regions” is a total, and “all others” a group of those that are not named."""
_MISSING = r"(?i)^(?:|n/?a|<na>|nan|null|none|nat)$"


def is_suppressed(frame: pl.DataFrame, key: str) -> pl.Expr:
    """Whether a cell of a column shows nothing: empty, or the one mark of suppression that the column uses.

    A column with two different marks says something by their choice, and so does a table whose marks say different
    numbers; there, only empty cells show nothing.
    """
    text = pl.col(key).str.strip_chars()
    marks = frame.select(text.str.to_lowercase()).to_series()
    forms = marks.filter(marks.str.contains(_SUPPRESSED)).n_unique()
    is_one = forms == 1 and not (bool(marks.str.contains(_BELOW).any()) and _numbers_below(frame) > 1)
    return text.str.contains(_SUPPRESSED) if is_one else text == ""


def _numbers_below(frame: pl.DataFrame) -> int:
    """How many different numbers a table's marks of suppression say."""
    cells = frame.select(pl.col(pl.String)).unpivot(value_name="cell").select(pl.col("cell").str.strip_chars())
    return cells.to_series().filter(cells.to_series().str.contains(_BELOW)).str.replace_all(r"\D", "").n_unique()


def suppression_mark(cells: Iterable[str]) -> str:
    """Return the one mark that these cells use for what they do not show; an empty cell where they use none or two."""
    found = {cell.strip().lower(): cell.strip() for cell in set(cells) if _SUPPRESSED_CELL.fullmatch(cell.strip())}
    return next(iter(found.values())) if len(found) == 1 else ""


def is_margin(column: pl.Expr) -> pl.Expr:
    """Whether a dimension's cell says that the row sums over it."""
    return column.str.strip_chars().str.contains(_MARGIN) & ~column.str.contains(_OTHERS)


def says_margin(text: str) -> bool:
    """The same of one text."""
    return re.fullmatch(_MARGIN, text.strip()) is not None and re.search(_OTHERS, text) is None


def is_missing(column: pl.Expr) -> pl.Expr:
    """Whether a cell stands for a missing value."""
    return column.str.strip_chars().str.contains(_MISSING)
