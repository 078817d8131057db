"""Notices: what people are told of, and the messages that carry it out of the lab.

Invariants:

* a notice says what kind of thing happened, in which project, and to what; never a title, a file, a reason or a value;
* nobody is told of what they did themselves;
* which change of a request tells whom is one table, with a row for each state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from hub.domain.audit import AuditEvent
from hub.domain.ballots import Ballot
from hub.domain.exceptions import GateException
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.notebooks import Notebook
from hub.domain.votes import dissents

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
GIVES_UP_AFTER = timedelta(days=1)
TOLD_AS_LOST = timedelta(days=7)
"""How long those who run the lab read of a message that could not be sent."""


class NoticeKind(StrEnum):
    """What a person is told of."""

    EXPORT_BLOCKED = "export_blocked"
    EXPORT_CHECKED = "export_checked"
    EXPORT_FAILED = "export_failed"
    EXPORT_IN_REVIEW = "export_in_review"
    EXPORT_RETURNED = "export_returned"
    EXPORT_REJECTED = "export_rejected"
    EXPORT_APPROVED = "export_approved"
    EXPORT_RECHECKED = "export_rechecked"
    EXPORT_RELEASED = "export_released"
    EXPORT_REVOKED = "export_revoked"
    EXPORT_WITHDRAWN = "export_withdrawn"
    EXPORT_SPLIT = "export_split"
    EXPORT_QUESTION = "export_question"
    EXPORT_COMMENT = "export_comment"
    EXPORT_DISSENT = "export_dissent"
    EXCEPTION_WAITS = "exception_waits"
    EXCEPTION_GRANTED = "exception_granted"
    EXCEPTION_DENIED = "exception_denied"
    EXPORT_WAITS = "export_waits"
    EXPORT_TO_RELEASE = "export_to_release"
    CLAIM_ENDED = "claim_ended"
    NOTEBOOK_WAITS = "notebook_waits"
    NOTEBOOK_APPROVED = "notebook_approved"
    NOTEBOOK_REFUSED = "notebook_refused"
    NOTEBOOK_REPLACED = "notebook_replaced"
    NOTEBOOK_WITHDRAWN = "notebook_withdrawn"
    DATASET_GRANTED = "dataset_granted"
    DATASET_WITHDRAWN = "dataset_withdrawn"
    OWNER_ASKED = "owner_asked"
    DATASET_LEFT = "dataset_left"
    RUNS_USED_UP = "runs_used_up"
    FROZEN = "frozen"
    THAWED = "thawed"


class Channel(StrEnum):
    """How a message leaves the lab."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class Box(StrEnum):
    """A box that several people read, for work that nobody has taken yet."""

    STEWARDS = "stewards"
    APPROVERS = "approvers"


@dataclass(frozen=True, slots=True)
class Notice:
    """What one person is told: ``place`` and ``subject`` are where it is looked at, ``read`` is when they ticked it."""

    id: str
    person: str
    kind: NoticeKind
    project: str
    place: str
    subject: str
    at: datetime
    read: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What is to leave the lab: for one person, or a box, or (a webhook's) for neither.

    ``due`` is when it is tried next, ``fault`` the kind of what went wrong last.
    """

    id: str
    channel: Channel
    person: str
    box: Box | None
    kind: NoticeKind
    project: str
    place: str
    subject: str
    created: datetime
    due: datetime
    attempts: int = 0
    sent: datetime | None = None
    lost: datetime | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """A change tells these people, and these boxes, of something."""

    kind: NoticeKind
    project: str
    place: str
    subject: str
    people: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()


_S, _K = ExportState, NoticeKind
AUTHOR_READS: dict[ExportState, NoticeKind | None] = {
    _S.DRAFT: None,
    _S.CHECKING: None,  # its author sent it; a split that a steward made has a kind of its own
    _S.RECHECKING: _K.EXPORT_RECHECKED,
    _S.BLOCKED: _K.EXPORT_BLOCKED,
    _S.SUBMITTED: _K.EXPORT_CHECKED,
    _S.IN_REVIEW: _K.EXPORT_IN_REVIEW,
    _S.RETURNED: _K.EXPORT_RETURNED,
    _S.REJECTED: _K.EXPORT_REJECTED,
    _S.APPROVED: _K.EXPORT_APPROVED,
    _S.RELEASING: None,  # for no longer than a transaction
    _S.RELEASED: _K.EXPORT_RELEASED,
    _S.REVOKED: _K.EXPORT_REVOKED,
    _S.WITHDRAWN: None,  # its author did it
    _S.FAILED: _K.EXPORT_FAILED,
}
"""What the author of a request is told when it comes to a state."""
BOX_READS = {_S.SUBMITTED: _K.EXPORT_WAITS, _S.APPROVED: _K.EXPORT_TO_RELEASE}
REQUEST = "export:request:"
SILENT = frozenset({"create", "submit", "claim", "unclaim", "claim-end"})
"""Acts on a request that leave its state as it is, or that its author knows of."""
SPLITS = frozenset({"split", "split_from"})
NOTEBOOK_ACTS = {
    "approve": _K.NOTEBOOK_APPROVED,
    "refuse": _K.NOTEBOOK_REFUSED,
    "inspected-refused": _K.NOTEBOOK_REFUSED,
    "supersede": _K.NOTEBOOK_REPLACED,
    "withdraw": _K.NOTEBOOK_WITHDRAWN,
}


def reviewers(request: ExportRequest) -> tuple[str, ...]:
    """Return who has claimed the request or voted on it."""
    return tuple(sorted({request.claimed_by, *(v.steward for v in request.votes)} - {""}))


def request_tells(happened: AuditEvent, request: ExportRequest) -> list[Telling]:
    """Return whom a change of an export request tells, and of what."""
    act = happened.name.removeprefix(REQUEST)

    def telling(kind: NoticeKind, *people: str, boxes: tuple[Box, ...] = ()) -> Telling:
        return Telling(kind, request.project, "exports", request.id, people, boxes)

    if act == "withdraw":
        return [telling(_K.EXPORT_WITHDRAWN, *reviewers(request))]
    if act == "unclaim":
        return [telling(_K.EXPORT_WAITS, boxes=(Box.STEWARDS,))]
    if act in SPLITS:
        return [telling(_K.EXPORT_SPLIT, request.author)]
    if act in ("vote", "override") and request.state is ExportState.IN_REVIEW:
        differs = request.ballot is Ballot.OPENED and dissents(request)
        return [telling(_K.EXPORT_DISSENT, *reviewers(request), boxes=(Box.STEWARDS,))] if differs else []
    if act in SILENT:
        return []
    kind, waits = AUTHOR_READS[request.state], BOX_READS.get(request.state)
    told = [telling(kind, request.author)] if kind else []
    return told + ([telling(waits, boxes=(Box.STEWARDS,))] if waits else [])


def claim_ends(request: ExportRequest, steward: str) -> list[Telling]:
    """A claim that ran out tells who had it, and the stewards' box."""
    ended = Telling(_K.CLAIM_ENDED, request.project, "exports", request.id, (steward,))
    return [ended, replace(ended, kind=_K.EXPORT_WAITS, people=(), boxes=(Box.STEWARDS,))]


def exception_tells(asked: GateException) -> list[Telling]:
    """What was asked for waits for the stewards; what was decided is told to who asked."""
    where = (asked.project, "exports", asked.request)
    if asked.denied or asked.granted:
        return [Telling(_K.EXCEPTION_DENIED if asked.denied else _K.EXCEPTION_GRANTED, *where, (asked.asked_by,))]
    return [Telling(_K.EXCEPTION_WAITS, *where, boxes=(Box.STEWARDS,))] if not asked.votes else []


def notebook_tells(happened: AuditEvent, notebook: Notebook) -> list[Telling]:
    """Return whom a change of a notebook tells."""
    act = happened.name.removeprefix("lab:notebook:")
    place = (notebook.project, "notebooks", notebook.id)
    if act == "validated":
        return [Telling(_K.NOTEBOOK_WAITS, *place, boxes=(Box.APPROVERS,))]
    kind = NOTEBOOK_ACTS.get(act)
    return [Telling(kind, *place, (notebook.author,))] if kind else []


def without_actor(tellings: Iterable[Telling], actor: str) -> list[Telling]:
    """Nobody is told of what they did themselves; what then tells nobody is left out."""
    left = [replace(t, people=tuple(dict.fromkeys(p for p in t.people if p not in ("", actor)))) for t in tellings]
    return [t for t in left if t.people or t.boxes]


def is_due(message: Message, now: datetime) -> bool:
    """A message waits no longer than the longest pause, also where the clock was set back."""
    return message.due <= now or message.due - now > LONGEST_PAUSE


def is_too_old(message: Message, now: datetime) -> bool:
    """A day after what it tells of, a message is given up."""
    return now - message.created >= GIVES_UP_AFTER


def was_sent(message: Message, now: datetime) -> Message:
    """Return the message as it was sent."""
    return replace(message, sent=now, attempts=message.attempts + 1, fault="")


def try_later(message: Message, fault: str, now: datetime) -> Message:
    """Return the message as one to be tried again, after a pause twice as long as the one before, an hour at most."""
    pause = min(FIRST_PAUSE * 2 ** min(message.attempts, 10), LONGEST_PAUSE)
    return replace(message, attempts=message.attempts + 1, due=now + pause, fault=fault)
