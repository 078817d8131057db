"""The audit log: an append-only chain of events.

Invariants:

* each event's digest covers the event and the digest of the one before, so that an edit is found and named;
* sequence numbers start at 1 and have no gap.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from hub.domain.errors import ConflictError

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What happened, before it stands in the chain; ``name`` is ``source:subject:action``."""

    name: str
    actor: str
    subject: str
    project: str = ""
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of the chain."""

    seq: int
    at: datetime
    event: AuditEvent
    previous: str
    digest: str


def event(name: str, actor: str, subject: str, project: str = "", /, **details: object) -> AuditEvent:
    """Make an event; details are words and numbers about the act, never values from the data."""
    return AuditEvent(name, actor, subject, project, tuple(sorted((k, str(v)) for k, v in details.items())))


def entry_digest(seq: int, at: datetime, what: AuditEvent, previous: str) -> str:
    """SHA-256 of the entry's canonical JSON (sorted keys, no spaces, UTF-8)."""
    body = {"seq": seq, "at": at.astimezone(UTC).isoformat(timespec="microseconds"), "previous": previous}
    body |= asdict(what)
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def chain(what: AuditEvent, last: AuditEntry | None, now: datetime) -> AuditEntry:
    """Append an event to the chain."""
    seq, previous = (last.seq + 1, last.digest) if last else (1, GENESIS)
    return AuditEntry(seq, now, what, previous, entry_digest(seq, now, what, previous))


def verify_chain(entries: Iterable[AuditEntry]) -> AuditEntry | None:
    """Walk the chain and return its last entry; the first that does not fit is named in the error."""
    last: AuditEntry | None = None
    for entry in entries:
        seq, previous = (last.seq + 1, last.digest) if last else (1, GENESIS)
        if entry.seq != seq:
            raise ConflictError("The audit log breaks at entry {seq}: it is missing.", reason="audit-gap", seq=seq)
        if entry.previous != previous or entry.digest != entry_digest(entry.seq, entry.at, entry.event, previous):
            raise ConflictError("The audit log breaks at entry {seq}: it was changed.", reason="audit-edit", seq=seq)
        last = entry
    return last
