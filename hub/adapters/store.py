"""The store on SQLAlchemy: SQLite in WAL mode, or PostgreSQL.

Transactions that write never overlap: SQLite takes its write lock when one begins, PostgreSQL an advisory lock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from hub.adapters import request_lists, work_queue
from hub.adapters.database import engine_of, said_plainly
from hub.adapters.glance import Glance
from hub.adapters.questions import ONE_OF, count_whose, records_whose
from hub.adapters.rows import entry_of, row_of, value_of
from hub.adapters.tables import AUDIT, HEARTBEAT, KEYS, TABLES
from hub.domain.audit import AuditEntry, AuditEvent, chain
from hub.domain.errors import UnavailableError
from hub.domain.exports import ExportState
from hub.domain.heads import Asker, RequestHead
from hub.domain.notices import Channel
from hub.domain.queue import Waiting
from hub.domain.queue_turns import Queued
from hub.domain.work import Work, WorkKind, WorkState
from hub.services.notices import told_by
from hub.services.ports import WorkTimes

T = TypeVar("T")
WRITE_LOCK = 7_318_349_394_477_056
"""Any fixed number: PostgreSQL's advisory lock of the lab's writers."""


_LAST_OF_AUDIT = select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(1)
_INTO_AUDIT = insert(AUDIT)
"""What is asked most often, made once: the head of the log, and its next."""


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
            row = self._connection.execute(ONE_OF[kind], {"key": key}).one_or_none()
            self._seen[kind, key] = None if row is None else value_of(kind, row)
        found: T | None = self._seen[kind, key]
        return found

    def find(self, kind: type[T], /, **equal: object) -> list[T]:
        """Return the records whose fields equal the given values, oldest first."""
        asked = (kind, *sorted(equal.items()))
        if asked not in self._lists:
            chosen, given = records_whose(kind, equal)
            found = [value_of(kind, row) for row in self._connection.execute(chosen, given)]
            self._lists[asked] = found
            if KEYS[kind][1] in equal:
                self._seen |= _known_by_name(kind, found, equal)
        return list(self._lists[asked])

    def count(self, kind: type, /, **equal: object) -> int:
        """Return how many records ``find`` would return."""
        chosen, given = count_whose(kind, equal)
        return int(self._connection.execute(chosen, given).scalar_one())

    def request_heads(
        self,
        states: tuple[ExportState, ...] = (),
        projects: tuple[str, ...] | None = None,
        before: int = 0,
        limit: int = 0,
    ) -> list[RequestHead]:
        """Return what lists show of export requests, newest first; 0, empty and None stand for no bound."""
        return request_lists.request_heads(self._connection, states, projects, before, limit)

    def waiting_counts(self, asked: Waiting) -> dict[Asker, int]:
        """Return how many requests wait in the queue, by their project and author."""
        return request_lists.waiting_counts(self._connection, asked)

    def waiting_heads(self, asked: Waiting, shown: Collection[Asker], limit: int = 0) -> list[RequestHead]:
        """Return what lists show of what waits, of these projects and authors alone, the longest wait first."""
        return request_lists.waiting_heads(self._connection, asked, shown, limit)

    def audit_entries(self, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """Return entries of the audit log with a larger sequence number, in order."""
        rows = self._connection.execute(select(AUDIT).where(AUDIT.c.seq > after).order_by(AUDIT.c.seq).limit(limit))
        return [entry_of(row) for row in rows]

    def audit_named(self, names: tuple[str, ...], projects: tuple[str, ...] | None = None) -> list[AuditEntry]:
        """Return the entries of events of these names, in these projects where some are named, in order."""
        wanted = [AUDIT.c.name.in_(names)]
        if projects is not None:
            wanted.append(AUDIT.c.project.in_(projects))
        return [entry_of(row) for row in self._connection.execute(select(AUDIT).where(*wanted).order_by(AUDIT.c.seq))]

    def last_audit_entry(self) -> AuditEntry | None:
        """Return the head of the chain."""
        row = self._connection.execute(_LAST_OF_AUDIT).one_or_none()
        return None if row is None else entry_of(row)

    def queue_heads(self) -> dict[str, Work]:
        """Return the queued run of each project that goes first, and under "" the other work."""
        return work_queue.heads(self._connection)

    def queued(self) -> list[Queued]:
        """Return all queued work with its project and priority, the longest wait first."""
        return work_queue.queued(self._connection)

    def under_way(self) -> dict[str, int]:
        """Return how much work each project has under way, and under "" how much is no run."""
        return work_queue.under_way(self._connection)

    def last_starts(self) -> dict[str, datetime]:
        """Return when each project started a run last, and under "" when other work started."""
        return work_queue.last_starts(self._connection)

    def run_durations(self, notebook: str, most: int) -> list[timedelta]:
        """Return how long the runs of a notebook took that succeeded last, at most so many."""
        return work_queue.run_durations(self._connection, notebook, most)

    def work_times(self) -> list[WorkTimes]:
        """Return kind, state and times of every piece of work; the other columns are not even read."""
        c = TABLES[Work].c
        rows = self._connection.execute(select(c.kind, c.state, c.created, c.started, c.ended))
        return [WorkTimes(WorkKind(kind), WorkState(state), *times) for kind, state, *times in rows]


def _known_by_name(kind: type[T], found: list[T], equal: Mapping[str, object]) -> dict[tuple[type, str], T | None]:
    """Return what ``get`` need not ask again: what was found by its name, and where names alone were asked, none."""
    key = KEYS[kind][1]
    names = equal[key]
    nobody = dict.fromkeys((kind, str(n)) for n in names) if isinstance(names, tuple) and len(equal) == 1 else {}
    return nobody | {(kind, getattr(value, key)): value for value in found}


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
        row = row_of(value)
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
        self.engine = engine_of(url)
        self._head = Glance(self.engine, "SELECT digest FROM audit ORDER BY seq DESC LIMIT 1")
        self._now = now
        self._channels = channels

    @contextmanager
    def begin(self) -> Iterator[SqlTransaction]:
        """Open a transaction that writes; no two overlap."""
        with said_plainly(), self.engine.connect() as connection:
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
        with said_plainly(), self.engine.connect() as connection, connection.begin():
            yield SqlReading(connection, self._now())

    def head(self) -> str:
        """Return the digest of the last event, "" before the first."""
        return self._head.look() or ""

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
        with said_plainly(), self.engine.connect() as connection, connection.begin():
            return {row.name: row.at for row in connection.execute(select(HEARTBEAT))}
