"""How the groups of a table are written: a number, a truth or a time in one way all over the table.

A group is met in whatever way it is written (“02019”, “2 019”, “TrUe”, “1”), so that the choice among the ways could
say something in each row. Texts are met only as the dataset has them.
"""

from __future__ import annotations

import re

import polars as pl

from hub.gate.cells import ValueClass, number, table_key

_LEADING_ZERO = r"^[+-]?0\d"
_BETWEEN = r"\d([ \x{a0}\x{202f}'’,])\d{3}"
_POINT_ZERO = r"\.0*$"
_LARGE = 1000
_DIGIT = re.compile(r"\d")
_HOUR = re.compile(r"^\d\d?(?=:)")


def in_several_ways(cells: pl.Series, value_class: ValueClass) -> bool:
    """Whether labels of one column are written in more ways than one; what is no value of the class does not count."""
    label = pl.col("label")
    frame = pl.DataFrame({"label": cells.str.strip_chars().unique()})
    known = frame.filter(table_key(label, value_class, 0).is_not_null())
    match value_class:
        case ValueClass.NUMBER:
            return _numbers(known.select(label.str.replace(_POINT_ZERO, "").str.strip_prefix("+")).unique())
        case ValueClass.TRUTH:
            return len(set(map(_style, known["label"]))) > 1 or "" in set(map(_style, known["label"]))
        case ValueClass.TIME:
            return _times(known["label"].to_list())
        case _:
            return False


def _numbers(labels: pl.DataFrame) -> bool:
    """The same number twice, zeros before some of them, or several marks between thousands."""
    label, value = pl.col("label"), number(pl.col("label"))
    if labels.select(value.n_unique()).item() < labels.height:
        return True
    if labels.select(label.str.contains(_LEADING_ZERO).any() & (label.str.len_chars().n_unique() > 1)).item():
        return True
    marks = labels.filter(value.abs() >= _LARGE).select(label.str.extract(_BETWEEN, 1).fill_null("").n_unique())
    return int(marks.item()) > 1


def _times(labels: list[str]) -> bool:
    """Times of several forms, by how many digits each part has, or hours below ten both with a zero and without."""
    hours = [found[0] for found in map(_HOUR.match, labels) if found]
    is_filled = {len(hour) > 1 for hour in hours if len(hour) == 1 or hour[0] == "0"}
    return len(is_filled) > 1 or len({_DIGIT.sub("0", _HOUR.sub("0", text)) for text in labels}) > 1


def _style(text: str) -> str:
    """How a truth is written, or nothing where it is in letters as nobody writes them."""
    if not text.isalpha():
        return _DIGIT.sub("0", text)
    return next((name for name in ("islower", "isupper", "istitle") if getattr(text, name)()), "")
