"""Promise 7, tried on the lab's real log: the chain is walked, and edits are tried in transactions that are undone.

Nothing stays of it: each edit is made in a transaction of its own that is rolled back whatever happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from hub.adapters.store import WRITE_LOCK, SqlStore, SqlTransaction
from hub.domain.audit import AuditEntry, AuditEvent, chain, event, verify_chain
from hub.domain.errors import LabError
from hub.domain.examinations import Attempt, Promise, Verdict
from hub.services.ports import pages

APPEND_ONLY = "append-only"
"""Part of what the triggers say; any other error is no proof."""
EDITS: dict[str, str] = {
    "update": "UPDATE audit SET actor = 'somebody' WHERE seq = :seq",
    "delete": "DELETE FROM audit WHERE seq = :seq",
    "delete of all": "DELETE FROM audit",
}
SQLITE_EDITS: dict[str, str] = {
    "replace": "INSERT OR REPLACE INTO audit SELECT seq, at, name, 'somebody', subject, project, details, previous, "
    "digest FROM audit WHERE seq = :seq",
    "insert out of turn": "INSERT INTO audit SELECT seq + 7, at, name, actor, subject, project, details, previous, "
    "digest FROM audit WHERE seq = :seq",
}
POSTGRESQL_EDITS: dict[str, str] = {"truncate": "TRUNCATE audit"}
PROBE = event("lab:doctor:probe", "doctor", "probe")


def log_tried(store: SqlStore) -> Iterator[Attempt]:
    """Walk the chain, find an edit in a copy, and try to edit the log itself."""
    yield _walked(store)
    yield _edit_is_found(store)
    edits = EDITS | (SQLITE_EDITS if store.engine.dialect.name == "sqlite" else POSTGRESQL_EDITS)
    for name, statement in edits.items():
        yield _edit_is_refused(store, name, statement)


def _walked(store: SqlStore) -> Attempt:
    tried = "Walk the chain of the whole audit log, from its first entry to its last."
    try:
        with store.read() as reading:
            last = verify_chain(pages(reading))
    except LabError as error:
        unseen = error.reason == "database"
        return _attempt("chain", tried, str(error), Verdict.UNSEEN if unseen else Verdict.BROKEN)
    count = last.seq if last else 0
    return _attempt("chain", tried, f"The chain of {count} entries is unbroken.", Verdict.HOLDS)


def _edit_is_found(store: SqlStore) -> Attempt:
    """Change one word of an entry in memory: the walk has to name it."""
    tried = "Change one word of an entry in a copy, and walk the chain."
    with store.read() as reading:
        last = reading.last_audit_entry()
        copy = reading.audit_entries(max(0, last.seq - 3), 3) if last else []
    if not copy:
        return _attempt("edit-found", tried, "The log is empty, so nothing could be changed.", Verdict.NOTE)
    edited = _as_first(copy)
    edited[-1] = replace(edited[-1], event=replace(edited[-1].event, actor="somebody-else"))
    try:
        verify_chain(edited)
    except LabError:
        return _attempt("edit-found", tried, "The edit was found and named.", Verdict.HOLDS)
    return _attempt("edit-found", tried, "The edit was not found.", Verdict.BROKEN)


def _as_first(entries: list[AuditEntry]) -> list[AuditEntry]:
    """Chain the same events anew from the beginning, so that a part of the log can be walked by itself."""
    made: list[AuditEntry] = []
    for entry in entries:
        made.append(chain(entry.event, made[-1] if made else None, entry.at))
    return made


def _edit_is_refused(store: SqlStore, name: str, statement: str) -> Attempt:
    words = name.replace("-", " ")
    tried = f"Edit the real log ({words}), in a transaction that is undone."
    with store.engine.connect() as connection:
        connection = connection.execution_options(datalab_writes=True)
        transaction = connection.begin()
        try:
            if store.engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})
            seq = _with_an_entry(connection, store, PROBE)
            changed = connection.execute(text(statement), {"seq": seq} if ":seq" in statement else {}).rowcount
        except DBAPIError as error:
            refused = APPEND_ONLY in str(error.orig)
            why = type(error.orig).__name__
            seen = "The database refused it: the log is append-only." if refused else f"The database failed: {why}."
            return _attempt(name.replace(" ", "-"), tried, seen, Verdict.HOLDS if refused else Verdict.UNSEEN)
        finally:
            transaction.rollback()
    return _attempt(name.replace(" ", "-"), tried, f"It was done ({changed} rows), then undone.", Verdict.BROKEN)


def _with_an_entry(connection: Connection, store: SqlStore, what: AuditEvent) -> int:
    """Append an entry inside the transaction, so that an empty log can be tried, too; it goes with the transaction."""
    return SqlTransaction(connection, lambda: datetime.now(UTC)).record(what).seq


def _attempt(name: str, tried: str, seen: str, verdict: Verdict) -> Attempt:
    return Attempt(Promise.AUDIT, name, "host", tried, seen, verdict)
