"""A parsed filter as a condition on the rows of a file of a dataset."""

from __future__ import annotations

import operator
import unicodedata
from collections.abc import Callable
from datetime import datetime, time

import polars as pl

from hub.domain.errors import InvalidError
from hub.gate.cells import ValueClass
from hub.gate.datasets import DataFile
from hub.gate.filter_language import Among, Both, Comparison, IsNull, Node, Not, Value, columns_of

_COMPARE: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def has_columns(node: Node, file: DataFile) -> bool:
    """Whether a file has every column that a filter names."""
    return all(name.strip().casefold() in file.names for name in columns_of(node))


def filtered(file: DataFile, node: Node, said: str = "") -> DataFile:
    """Return the part of a file that a filter takes; raises InvalidError where a value is not of its column's kind."""
    return file.where(condition(node, file), said)


def condition(node: Node, file: DataFile) -> pl.Expr:
    """Return the condition; a comparison with a missing value takes nothing, and neither does its opposite."""
    match node:
        case Not(part):
            return ~condition(part, file)
        case Both(parts, True):
            return pl.all_horizontal(*(condition(part, file) for part in parts))
        case Both(parts, _):
            return pl.any_horizontal(*(condition(part, file) for part in parts))
        case IsNull(column):
            return pl.col(_name(column, file)).is_null()
        case Comparison(column, mark, value):
            return _compared(_name(column, file), mark, value, file)
        case Among(column, values):
            name = _name(column, file)
            return pl.any_horizontal(*(_compared(name, "=", value, file) for value in values))


def _name(column: str, file: DataFile) -> str:
    return file.names[column.strip().casefold()]


def _compared(name: str, mark: str, value: Value, file: DataFile) -> pl.Expr:
    column = pl.col(name)
    match file.value_class(name):
        case ValueClass.NUMBER if isinstance(value, int | float) and not isinstance(value, bool):
            return _COMPARE[mark](column, pl.lit(value))
        case ValueClass.TRUTH if isinstance(value, bool) and mark in ("=", "!="):
            return _COMPARE[mark](column, pl.lit(value))
        case ValueClass.TIME if isinstance(value, str) and isinstance(file.schema[name], pl.Time):
            return _COMPARE[mark](column, pl.lit(_time_of_day(value, name)))
        case ValueClass.TIME if isinstance(value, str):
            return _COMPARE[mark](column.cast(pl.Datetime("us")), pl.lit(_moment(value, name)))
        case ValueClass.TEXT if isinstance(value, str):
            return _COMPARE[mark](column, pl.lit(unicodedata.normalize("NFC", value).strip()))
        case _:
            raise _wrong_kind(name)


def _time_of_day(text: str, name: str) -> time:
    try:
        return time.fromisoformat(text.strip())
    except ValueError:
        raise _wrong_kind(name) from None


def _moment(text: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _wrong_kind(name) from None
    if moment.tzinfo is not None:
        raise _wrong_kind(name)
    return moment


def _wrong_kind(name: str) -> InvalidError:
    return InvalidError(
        "The filter compares the column {name} with a value of another kind. Write numbers plainly, and texts and "
        "dates in single quotes.",
        reason="filter-kind",
        name=name,
    )
