"""Questions for the records whose fields have given values: made once for each kind, its fields and forms of values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, bindparam, func, select

from hub.adapters.rows import columns_of
from hub.adapters.tables import KEYS, TABLES
from hub.services.ports import Between

ALL_OF = {kind: select(*columns_of(kind)).order_by(TABLES[kind].c.ordinal) for kind in KEYS}
ONE_OF = {
    kind: select(*columns_of(kind)).where(TABLES[kind].c[key] == bindparam("key")) for kind, (_, key) in KEYS.items()
}
"""All records of a kind, and the one of a name."""


class Form(StrEnum):
    """How a field is compared."""

    NOTHING = "nothing"
    ONE = "one"
    SOME = "some"
    SPAN = "span"


def form_of(wanted: object) -> Form:
    """Return how a field is compared with a value: a tuple stands for any of it, a ``Between`` for what is in it."""
    if isinstance(wanted, Between):
        return Form.SPAN
    if isinstance(wanted, tuple):
        return Form.SOME
    return Form.NOTHING if wanted is None else Form.ONE


def records_whose(kind: type, equal: Mapping[str, object]) -> tuple[Select[Any], dict[str, object]]:
    """Return the question for records of a kind, oldest first, and its parameters."""
    return _records(kind, _forms(equal)), _parameters(equal)


def count_whose(kind: type, equal: Mapping[str, object]) -> tuple[Select[Any], dict[str, object]]:
    """Return the question for how many they are, and its parameters."""
    return _count(kind, _forms(equal)), _parameters(equal)


def _forms(equal: Mapping[str, object]) -> tuple[tuple[str, Form], ...]:
    return tuple((name, form_of(wanted)) for name, wanted in equal.items())


@cache
def _records(kind: type, forms: tuple[tuple[str, Form], ...]) -> Select[Any]:
    return ALL_OF[kind].where(*(_compared(TABLES[kind].c[name], form) for name, form in forms))


@cache
def _count(kind: type, forms: tuple[tuple[str, Form], ...]) -> Select[Any]:
    compared = (_compared(TABLES[kind].c[name], form) for name, form in forms)
    return select(func.count()).select_from(TABLES[kind]).where(*compared)


def _compared(column: Column[Any], form: Form) -> ColumnElement[bool]:
    if form is Form.SPAN:
        return and_(column >= bindparam(f"from_{column.name}"), column < bindparam(f"to_{column.name}"))
    if form is Form.SOME:
        return column.in_(bindparam(f"is_{column.name}", expanding=True))
    return column.is_(None) if form is Form.NOTHING else column == bindparam(f"is_{column.name}")


def _parameters(equal: Mapping[str, object]) -> dict[str, object]:
    given: dict[str, object] = {}
    for name, wanted in equal.items():
        if isinstance(wanted, Between):
            given |= {f"from_{name}": wanted.start, f"to_{name}": wanted.end}
        elif isinstance(wanted, tuple):
            given[f"is_{name}"] = [_plain(each) for each in wanted]
        elif wanted is not None:
            given[f"is_{name}"] = _plain(wanted)
    return given


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value
