"""Examinations: each promise of the lab tried on its own machine, what was seen, and what that says.

Invariants:

* a promise holds only when something was tried and nothing of it worked: silence, a crash and a time-out are no proof;
* what could not be looked at is never counted as kept;
* an examination's digest stands in the audit log, so that one that was changed afterwards is found.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from hub.domain.audit import AuditEntry, AuditEvent, event
from hub.domain.errors import ConflictError

LAST = "last"
"""The lab keeps one examination, the last; the audit log names the digests of all."""
STALE = timedelta(days=7)
EXAMINE = "lab:doctor:examine"


class Promise(StrEnum):
    """What an attempt is about: a promise of the security model, or the machine that all of them rest on."""

    NETWORK = "P1"
    DATASETS = "P2"
    PROJECTS = "P3"
    RUNS = "P4"
    RELEASES = "P5"
    REVIEW = "P6"
    AUDIT = "P7"
    PRIVACY = "P8"
    FAULTS = "P9"
    MACHINE = "machine"


SENTENCES: dict[Promise, str] = {
    Promise.NETWORK: "Nothing leaves a project container by network, and nothing inside has a power over the machine.",
    Promise.DATASETS: "Datasets cannot be changed from inside, and a mount names one immutable version.",
    Promise.PROJECTS: "No project sees another project's files, servers, runs, requests or names.",
    Promise.RUNS: "Only approved bytes run in batch, with parameters inside the approved schema.",
    Promise.RELEASES: "Nothing unreviewed leaves, and what leaves is byte for byte what was reviewed.",
    Promise.REVIEW: "Nobody reviews their own request, and the votes come from eligible, different people.",
    Promise.AUDIT: "Every change, view and download is in an append-only, chained log; an edit is found and named.",
    Promise.PRIVACY: "A privacy budget is never overspent.",
    Promise.FAULTS: "A crash, a kill or a full disk loses nothing that was accepted, and leaves nothing behind.",
    Promise.MACHINE: "What the promises rest on: settings, programs, secrets and the machine itself.",
}


class Verdict(StrEnum):
    """What an attempt says of its promise."""

    HOLDS = "holds"
    BROKEN = "does_not_hold"
    UNSEEN = "not_looked_at"
    NOT_YET = "not_there_yet"  # of a promise that an earlier version did not make; an examination may be of that time
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing that was tried.

    ``where`` is a container's purpose, or ``host``; ``tried`` and ``seen`` are sentences in English, without any value
    from the data.
    """

    promise: Promise
    name: str
    where: str
    tried: str
    seen: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Examination:
    """All that was tried at one time; ``machine`` has the versions and digests of what it was tried on.

    ``entry`` is the number of the audit entry that holds its digest, 0 for one that is not kept.
    """

    id: str
    began: datetime
    seconds: int
    machine: dict[str, str]
    attempts: tuple[Attempt, ...]
    entry: int = 0

    def of(self, promise: Promise) -> tuple[Attempt, ...]:
        """Return what was tried of one promise."""
        return tuple(a for a in self.attempts if a.promise is promise)

    def verdict(self, promise: Promise) -> Verdict:
        """Say whether one promise holds."""
        return verdict_of(self.of(promise))

    @property
    def verdicts(self) -> dict[Promise, Verdict]:
        """Say of every promise whether it holds."""
        return {promise: self.verdict(promise) for promise in Promise}


def verdict_of(attempts: Iterable[Attempt]) -> Verdict:
    """A promise holds when something was tried and all of it was in vain; the worst attempt counts."""
    seen = {attempt.verdict for attempt in attempts}
    if not seen:
        return Verdict.UNSEEN
    return next(v for v in (Verdict.BROKEN, Verdict.UNSEEN, Verdict.HOLDS, Verdict.NOT_YET, Verdict.NOTE) if v in seen)


def examination_digest(examination: Examination) -> str:
    """SHA-256 of the examination's canonical JSON (sorted keys, no spaces, UTF-8)."""
    body = asdict(examination) | {"began": examination.began.astimezone(UTC).isoformat(timespec="microseconds")}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def examination_event(examination: Examination, actor: str) -> AuditEvent:
    """Make the event that the examination is kept with: its digest and the verdict of each promise."""
    verdicts = {str(promise): verdict for promise, verdict in examination.verdicts.items()}
    return event(EXAMINE, actor, examination.id, digest=examination_digest(examination), **verdicts)


def check_kept(examination: Examination, entry: AuditEntry | None) -> None:
    """What the lab shows is what the audit log names, byte for byte."""
    details = dict(entry.event.details) if entry and entry.event.name == EXAMINE else {}
    if details.get("digest") != examination_digest(examination):
        raise ConflictError(
            "The kept examination is not the one that the audit log names: somebody changed it. Run “datalab doctor” "
            "again, and tell the auditors.",
            reason="examination-changed",
        )


def is_stale(examination: Examination, now: datetime) -> bool:
    """Seven days later, an examination says little about the machine as it is."""
    return now - examination.began > STALE


def together(attempts: Iterable[Attempt]) -> list[tuple[Attempt, tuple[str, ...]]]:
    """Return what was tried, once for all the places where the same was seen, with those places."""
    found: dict[tuple[str, str, str, Verdict], tuple[Attempt, list[str]]] = {}
    for attempt in attempts:
        key = (attempt.name, attempt.tried, attempt.seen, attempt.verdict)
        found.setdefault(key, (attempt, []))[1].append(attempt.where)
    return [(attempt, tuple(sorted(set(places)))) for attempt, places in found.values()]
