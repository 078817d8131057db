"""A record's value as a row of its table, and back."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import fields
from enum import Enum
from threading import Lock
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import JSON, ColumnElement, Row, Text, cast

from hub.adapters.tables import DERIVED, TABLES
from hub.domain.audit import AuditEntry, AuditEvent
from hub.domain.exports import ExportFile, ExportRequest

T = TypeVar("T")

_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def _adapter(kind: type) -> TypeAdapter[Any]:
    """What reads and writes a kind of record, made when the first one comes: a process sees few of the kinds."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def row_of(value: object) -> dict[str, object]:
    """Return the columns of a record, with those that the database orders and counts by."""
    kind = type(value)
    dumped = _adapter(kind).dump_python(value, mode="json")
    table = TABLES[kind]
    plain = {f.name: getattr(value, f.name) for f in fields(value)}  # type: ignore[arg-type]
    made = {
        name: dumped[name] if isinstance(table.c[name].type, JSON) else (held.value if isinstance(held, Enum) else held)
        for name, held in plain.items()
    }
    return made | {name: derived.make(value) for name, derived in DERIVED.get(kind, {}).items()}


def value_of(kind: type[T], row: Row[Any]) -> T:
    """Return the record that a row holds."""
    body = dict(row._mapping)
    if kind is ExportRequest:
        body["files"] = _LONG_FILES.of(body["id"], body["files"])
    value: T = _adapter(kind).validate_python(body)
    return value


_FILES = TypeAdapter(tuple[ExportFile, ...])
LONG, KEPT = 20_000, 32
"""Characters from which on the files of a request are read once and kept, and for how many requests."""


class LongFiles:
    """The files of long requests that were read last, each beside the exact text that they were read from.

    Only what is stored with that very text now is given, since texts are compared as wholes.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[str, tuple[ExportFile, ...]]] = OrderedDict()
        self._turn = Lock()

    def of(self, request: str, text: str) -> tuple[ExportFile, ...]:
        """Return the files that the text says; a short one is read each time."""
        if len(text) < LONG:
            return _FILES.validate_json(text)
        known = self._kept.get(request)
        files = known[1] if known and known[0] == text else _FILES.validate_json(text)
        with self._turn:
            self._kept[request] = (text, files)
            self._kept.move_to_end(request)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return files


_LONG_FILES = LongFiles()


def columns_of(kind: type) -> list[ColumnElement[Any]]:
    """The columns of a record's own fields; a request's files as the text that they are stored as."""
    own = [TABLES[kind].c[f.name] for f in fields(kind)]
    return [cast(c, Text).label("files") if kind is ExportRequest and c.name == "files" else c for c in own]


def entry_of(row: Row[Any]) -> AuditEntry:
    """Return the entry of the audit log that a row holds."""
    details = tuple((str(k), str(v)) for k, v in row.details)
    happened = AuditEvent(row.name, row.actor, row.subject, row.project, details)
    return AuditEntry(row.seq, row.at, happened, row.previous, row.digest)
