"""The store on SQLAlchemy: SQLite in WAL mode, or PostgreSQL.

Transactions that write never overlap: SQLite takes its write lock when one begins, PostgreSQL an advisory lock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import PoolProxiedConnection

from hub.adapters import request_lists
from hub.adapters.tables import AUDIT, DERIVED, HEARTBEAT, KEYS, TABLES
from hub.domain.audit import AuditEntry, AuditEvent, chain
from hub.domain.errors import UnavailableError
from hub.domain.exports import ExportFile, ExportRequest, ExportState
from hub.domain.heads import RequestHead
from hub.domain.notices import Channel
from hub.domain.queue import Waiting
from hub.domain.space import full_disk
from hub.domain.work import Work, WorkKind, WorkState
from hub.services.notices import told_by
from hub.services.ports import Between, WorkTimes

T = TypeVar("T")
WRITE_LOCK = 7_318_349_394_477_056
"""Any fixed number: PostgreSQL's advisory lock of the lab's writers."""


_ADAPTERS: dict[type, TypeAdapter[Any]] = {kind: TypeAdapter(kind) for kind in KEYS}


def _row_of(value: object) -> dict[str, object]:
    kind = type(value)
    dumped = _ADAPTERS[kind].dump_python(value, mode="json")
    table = TABLES[kind]
    plain = {f.name: getattr(value, f.name) for f in fields(value)}  # type: ignore[arg-type]
    made = {
        name: dumped[name] if isinstance(table.c[name].type, JSON) else (held.value if isinstance(held, Enum) else held)
        for name, held in plain.items()
    }
    return made | {name: derived.make(value) for name, derived in DERIVED.get(kind, {}).items()}


def _value_of(kind: type[T], row: Row[Any]) -> T:
    body = dict(row._mapping)
    if kind is ExportRequest:
        body["files"] = _files_of(body["files"])
    value: T = _ADAPTERS[kind].validate_python(body)
    return value


_FILES = TypeAdapter(tuple[ExportFile, ...])
LONG, KEPT = 20_000, 32
"""Characters from which on the files of a request are read once and kept, and for how many requests."""


def _files_of(text: str) -> tuple[ExportFile, ...]:
    """Read the files of a request; those of a long one are kept by their exact text, since they are only values."""
    return _long_files(text) if len(text) >= LONG else _FILES.validate_json(text)


@lru_cache(KEPT)
def _long_files(text: str) -> tuple[ExportFile, ...]:
    return _FILES.validate_json(text)


def _columns(kind: type) -> list[ColumnElement[Any]]:
    """The columns of a record's own fields; a request's files as the text that they are stored as."""
    own = [TABLES[kind].c[f.name] for f in fields(kind)]
    return [cast(c, Text).label("files") if kind is ExportRequest and c.name == "files" else c for c in own]


_ALL_OF = {kind: select(*_columns(kind)).order_by(TABLES[kind].c.ordinal) for kind in KEYS}
_ONE_OF = {
    kind: select(*_columns(kind)).where(TABLES[kind].c[key] == bindparam("key")) for kind, (_, key) in KEYS.items()
}
_LAST_OF_AUDIT = select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(1)
_INTO_AUDIT = insert(AUDIT)
"""What is asked most often, made once: all records of a kind, one by its name, the head of the log, and its next."""


def _entry_of(row: Row[Any]) -> AuditEntry:
    details = tuple((str(k), str(v)) for k, v in row.details)
    happened = AuditEvent(row.name, row.actor, row.subject, row.project, details)
    return AuditEntry(row.seq, row.at, happened, row.previous, row.digest)


def _is_one_of(column: Column[Any], wanted: object) -> ColumnElement[bool]:
    """The column has the value, or one of those of a tuple, or is a moment between two."""
    if isinstance(wanted, Between):
        return and_(column >= wanted.start, column < wanted.end)
    if isinstance(wanted, tuple):
        return column.in_([w.value if isinstance(w, Enum) else w for w in wanted])
    return column == (wanted.value if isinstance(wanted, Enum) else wanted)


class SqlReading:
    """A consistent look at the records, inside one database transaction."""

    def __init__(self, connection: Connection, moment: datetime) -> None:
        self._connection = connection
        self.moment = moment
        self._seen: dict[tuple[type, str], Any] = {}
        self._lists: dict[tuple[object, ...], list[Any]] = {}

    def get(self, kind: type[T], key: str) -> T | None:
        """Return the record of that name, identifier or digest; it is read once, since this is one look."""
        if (kind, key) not in self._seen:
            row = self._connection.execute(_ONE_OF[kind], {"key": key}).one_or_none()
            self._seen[kind, key] = None if row is None else _value_of(kind, row)
        found: T | None = self._seen[kind, key]
        return found

    def find(self, kind: type[T], /, **equal: object) -> list[T]:
        """Return the records whose fields equal the given values, oldest first."""
        asked = (kind, *sorted(equal.items()))
        if asked not in self._lists:
            wanted = [_is_one_of(TABLES[kind].c[k], v) for k, v in equal.items()]
            rows = self._connection.execute(_ALL_OF[kind].where(*wanted) if wanted else _ALL_OF[kind])
            self._lists[asked] = [_value_of(kind, row) for row in rows]
        return list(self._lists[asked])

    def count(self, kind: type, /, **equal: object) -> int:
        """Return how many records ``find`` would return."""
        wanted = [_is_one_of(TABLES[kind].c[k], v) for k, v in equal.items()]
        counted = self._connection.execute(select(func.count()).select_from(TABLES[kind]).where(*wanted))
        return int(counted.scalar_one())

    def request_heads(
        self,
        states: tuple[ExportState, ...] = (),
        projects: tuple[str, ...] | None = None,
        before: int = 0,
        limit: int = 0,
    ) -> list[RequestHead]:
        """Return what lists show of export requests, newest first; 0, empty and None stand for no bound."""
        return request_lists.request_heads(self._connection, states, projects, before, limit)

    def waiting_counts(self, asked: Waiting) -> dict[tuple[str, str], int]:
        """Return how many requests wait in the queue, by their project and author."""
        return request_lists.waiting_counts(self._connection, asked)

    def waiting_heads(self, asked: Waiting, shown: Collection[tuple[str, str]], limit: int = 0) -> list[RequestHead]:
        """Return what lists show of what waits, of these projects and authors alone, the longest wait first."""
        return request_lists.waiting_heads(self._connection, asked, shown, limit)

    def audit_entries(self, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """Return entries of the audit log with a larger sequence number, in order."""
        rows = self._connection.execute(select(AUDIT).where(AUDIT.c.seq > after).order_by(AUDIT.c.seq).limit(limit))
        return [_entry_of(row) for row in rows]

    def audit_named(self, names: tuple[str, ...], projects: tuple[str, ...] | None = None) -> list[AuditEntry]:
        """Return the entries of events of these names, in these projects where some are named, in order."""
        wanted = [AUDIT.c.name.in_(names)]
        if projects is not None:
            wanted.append(AUDIT.c.project.in_(projects))
        return [_entry_of(row) for row in self._connection.execute(select(AUDIT).where(*wanted).order_by(AUDIT.c.seq))]

    def last_audit_entry(self) -> AuditEntry | None:
        """Return the head of the chain."""
        row = self._connection.execute(_LAST_OF_AUDIT).one_or_none()
        return None if row is None else _entry_of(row)

    def work_times(self) -> list[WorkTimes]:
        """Return kind, state and times of every piece of work; the other columns are not even read."""
        c = TABLES[Work].c
        rows = self._connection.execute(select(c.kind, c.state, c.created, c.started, c.ended))
        return [WorkTimes(WorkKind(kind), WorkState(state), *times) for kind, state, *times in rows]


class SqlTransaction(SqlReading):
    """All of it happens, or nothing."""

    def __init__(self, connection: Connection, now: Callable[[], datetime], channels: tuple[Channel, ...] = ()) -> None:
        super().__init__(connection, now())
        self._now = now
        self._channels = channels
        self._head: AuditEntry | None = None

    def record(self, event: AuditEvent) -> AuditEntry:
        """Append an event to the chain."""
        if self._head is None:  # nobody else writes meanwhile, so later on it is what was written last here
            self._head = self.last_audit_entry()
        self._head = entry = chain(event, self._head, self._now())
        happened = {"name": event.name, "actor": event.actor, "subject": event.subject, "project": event.project}
        kept = {"seq": entry.seq, "at": entry.at, "previous": entry.previous, "digest": entry.digest}
        details = [list(pair) for pair in event.details]
        self._connection.execute(_INTO_AUDIT, {**kept, **happened, "details": details})
        return entry

    def save(self, value: object, event: AuditEvent) -> AuditEntry:
        """Insert or replace a record together with its audit event, and with what people are told of it."""
        entry = self.record(event)
        self._put(value, entry)
        for told in told_by(self, value, event, self._channels):
            self._put(told, entry)
        return entry

    def _put(self, value: object, entry: AuditEntry) -> None:
        table, key = TABLES[type(value)], KEYS[type(value)][1]
        row = _row_of(value)
        self._seen.pop((type(value), str(row[key])), None)
        self._lists = {asked: kept for asked, kept in self._lists.items() if asked[0] is not type(value)}
        changed = self._connection.execute(update(table).where(table.c[key] == row[key]).values(**row))
        if changed.rowcount == 0:
            self._connection.execute(insert(table).values(ordinal=entry.seq, **row))

    def beat(self, name: str) -> None:
        """Write that a process of the lab lives."""
        changed = self._connection.execute(update(HEARTBEAT).where(HEARTBEAT.c.name == name).values(at=self._now()))
        if changed.rowcount == 0:
            self._connection.execute(insert(HEARTBEAT).values(name=name, at=self._now()))


class SqlStore:
    """The lab's own tables behind an SQLAlchemy URL; ``channels`` is how messages leave the lab, if at all."""

    def __init__(self, url: str, now: Callable[[], datetime], channels: tuple[Channel, ...] = ()) -> None:
        self.engine = _engine(url)
        self._now = now
        self._channels = channels

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        """Open a transaction that writes; no two overlap."""
        with _said_plainly(), self.engine.connect() as connection:
            connection = connection.execution_options(datalab_writes=True)
            if self.engine.dialect.name == "postgresql":
                # Each statement sees what is committed, so also what the lock's last holder wrote while we waited.
                connection = connection.execution_options(isolation_level="READ COMMITTED")
            with connection.begin():
                if self.engine.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})
                yield SqlTransaction(connection, self._now, self._channels)

    @contextmanager
    def read(self) -> Iterator[SqlReading]:
        """Open a transaction that only reads, and sees one moment."""
        with _said_plainly(), self.engine.connect() as connection, connection.begin():
            yield SqlReading(connection, self._now())

    def beat(self, name: str) -> None:
        """Write that a process of the lab lives; a full disk or a read-only database is an error here."""
        try:
            with self.begin() as records:
                records.beat(name)
        except DBAPIError as error:
            raise UnavailableError(
                "The lab's database does not take what is written ({why}).",
                reason="database",
                why=type(error.orig).__name__,
            ) from error

    def beats(self) -> dict[str, datetime]:
        """Return when each process wrote last that it lives."""
        with _said_plainly(), self.engine.connect() as connection, connection.begin():
            return {row.name: row.at for row in connection.execute(select(HEARTBEAT))}


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Turn a database that does not answer into a sentence; a fault of ours stays what it is."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise full_disk() from error
        raise UnavailableError(
            "The lab's database does not answer ({why}); nothing was saved. Try again, or tell the administrator.",
            reason="database",
            why=type(error.orig).__name__,
        ) from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise UnavailableError(
            "The lab's database went away; nothing was saved. Try again.", reason="database"
        ) from error


def _engine(url: str) -> Engine:
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": 30})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1), pool_pre_ping=True, isolation_level="REPEATABLE READ"
    )


def _prepare_sqlite(connection: Any, _record: PoolProxiedConnection) -> None:
    """Readers do not wait for writers (WAL), and a commit is on disk before it returns."""
    connection.isolation_level = None  # we say BEGIN ourselves, see below
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the write lock at once, so that what it has read cannot change before it writes."""
    writes = connection.get_execution_options().get("datalab_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
