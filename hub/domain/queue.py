"""The stewards' queue: who looks after a request for a while, how long it has waited, and how grave its findings are.

Invariants:

* one steward at a time has claimed a request, and nobody else decides on it meanwhile;
* a claim ends by itself, also where the clock was set back; it never outlasts the review;
* who decides names what they saw, and nothing is decided on anything else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from hub.domain.errors import ConflictError
from hub.domain.exports import ExportFile, ExportRequest, ExportState, Severity
from hub.domain.heads import RequestHead

IN_REVIEW = (ExportState.SUBMITTED, ExportState.IN_REVIEW)
QUEUED = (*IN_REVIEW, ExportState.APPROVED, ExportState.RETURNED)
"""What stands in the queue: what stewards are to decide on or to release, and what they sent back."""


class Show(StrEnum):
    """Which part of the queue."""

    ALL = "all"
    UNCLAIMED = "unclaimed"
    MINE = "mine"
    RETURNED = "returned"


class ServiceLevel(StrEnum):
    """How long a request has waited for the stewards, by the lab's own bounds."""

    IN_TIME = "in_time"
    SOON = "due_soon"
    LATE = "late"


class Change(StrEnum):
    """What is another than a steward saw."""

    TURN = "sent_again"
    FILES = "other_files"
    POLICY = "other_policy"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is asked for of the queue, by what a database compares.

    It waits since later than ``after`` and not later than ``until``; ``held`` says whether a claim on it holds, and
    ``held_by`` whose: one that was made later than ``claimed_after`` and not later than ``claimed_until``.
    """

    states: tuple[ExportState, ...] = QUEUED
    project: str = ""
    risk: Severity | None = None
    after: datetime | None = None
    until: datetime | None = None
    held: bool | None = None
    held_by: str = ""
    claimed_after: datetime | None = None
    claimed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a steward saw when they decided: submission, canonical digests by path, policy; nothing where unsaid."""

    turn: int = 0
    canonical: Mapping[str, str] | None = None
    policy: str = ""


def digest_of_files(files: Iterable[ExportFile]) -> str:
    """SHA-256 of the paths and canonical digests of files in their order: all of them in one word."""
    return hashlib.sha256("\0".join([word for f in files for word in (f.path, f.canonical)]).encode()).hexdigest()


def whole_seconds(span: timedelta) -> timedelta:
    """Return a span without its part of a second, which durations on the wire do not have (RFC 3339, appendix A)."""
    return timedelta(seconds=span // timedelta(seconds=1))


def holder(request: ExportRequest | RequestHead, now: datetime, lasts: timedelta) -> str:
    """Who has claimed the request; nobody once the time is over, or where nothing is to be decided."""
    if request.state not in IN_REVIEW or request.claimed is None:
        return ""
    return request.claimed_by if timedelta() <= now - request.claimed < lasts else ""


def check_not_claimed(request: ExportRequest, steward: str, now: datetime, lasts: timedelta) -> None:
    """While one steward has claimed a request, no other decides on it."""
    other = holder(request, now, lasts)
    if other not in ("", steward) and request.claimed is not None:
        raise ConflictError(
            "The export request {id} is claimed by {person} until {until}; decide on it afterwards, or talk to them.",
            reason="claimed",
            id=request.id,
            person=other,
            until=request.claimed + lasts,
        )


def claim(request: ExportRequest, steward: str, now: datetime, lasts: timedelta) -> ExportRequest:
    """Return the request as claimed from now on; who has claimed it already has it for longer."""
    if request.state not in IN_REVIEW:
        raise ConflictError(
            "The export request {id} is {state}; it is not in review.",
            reason="not-in-review",
            id=request.id,
            state=request.state,
        )
    check_not_claimed(request, steward, now, lasts)
    return replace(request, claimed_by=steward, claimed=now)


def unclaim(request: ExportRequest, steward: str, now: datetime, lasts: timedelta) -> ExportRequest:
    """Return the request as nobody's; only who has claimed it gives it back."""
    if holder(request, now, lasts) != steward:
        raise ConflictError(
            "You have not claimed the export request {id}, or your claim has ended.",
            reason="not-claimed",
            id=request.id,
        )
    return without_claim(request)


def without_claim(request: ExportRequest) -> ExportRequest:
    """Return the request as nobody's."""
    return replace(request, claimed_by="", claimed=None)


def check_fresh(request: ExportRequest, seen: Seen) -> None:
    """A decision is about what its steward saw; what is another now is named, and nothing is decided."""
    present = {f.path: f.canonical for f in request.files}
    changes = (
        (Change.TURN, seen.turn not in (0, request.turn)),
        (Change.FILES, any(present.get(path) != digest for path, digest in (seen.canonical or {}).items())),
        (Change.POLICY, seen.policy not in ("", request.policy)),
    )
    found = tuple(change for change, is_other in changes if is_other)
    if found:
        raise ConflictError(
            "The export request {id} has changed since you looked ({changes}), so nothing was decided. Look again, "
            "then decide.",
            reason="vote-stale",
            id=request.id,
            changes=found,
        )


def waiting_since(request: ExportRequest | RequestHead) -> datetime:
    """When its author sent it last; requests of before that was kept count from when they were made."""
    return request.submitted or request.created


def queued_since(request: ExportRequest) -> datetime | None:
    """Since when it stands in the queue, if it does."""
    return waiting_since(request) if request.state in QUEUED else None


def level_of(
    request: ExportRequest | RequestHead, now: datetime, soon: timedelta, late: timedelta
) -> ServiceLevel | None:
    """How late the stewards are with a request; none where it waits for its author."""
    if request.state is ExportState.RETURNED:
        return None
    waited = now - waiting_since(request)
    if waited >= late:
        return ServiceLevel.LATE
    return ServiceLevel.SOON if waited >= soon else ServiceLevel.IN_TIME
