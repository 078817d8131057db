"""Exceptions: an author asks that one finding keep one file from nothing, and stewards decide.

Invariants:

* an exception is of one finding in one file, and binds to the digest of the canonical file and of the policy: another
  byte, another threshold or another finding is not covered by it;
* it takes one steward more than a release does, all different, none of whom was ever a member of the project, and all
  of whom are stewards still when it counts;
* one steward who says no ends it, and after its last moment it covers nothing;
* one that was granted and does not count any more may be asked for again, and takes the earlier one's place for good;
* only findings of rules on the list below can be excepted at all; what tells of a person or a row never is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.exports import ExportFile, ExportRequest, ExportState, Finding, Severity, finding_id
from hub.domain.reasons import is_given

EXCEPTABLE = frozenset(
    {
        *("minimum-frequency", "dominance", "holdings", "rounding", "class-disclosure", "identical-values"),
        *("endpoints", "quantiles", "histogram-edges", "survival-steps", "percentage", "denominator", "complement"),
        *("degrees-of-freedom", "dummy-support", "model-observations", "tree-leaves", "pure-leaves", "leaf-dominance"),
        *("coordinates", "small-area", "secondary-suppression"),
    }
)
"""Rules of statistical disclosure; a rule that is not named here, also one of tomorrow, is never excepted."""
ASKED_IN = (ExportState.BLOCKED, ExportState.SUBMITTED, ExportState.IN_REVIEW, ExportState.APPROVED)
ASKED_OF = (Severity.BLOCK, Severity.REVIEW)
SHORTEST_TEXT = 20


class Ground(StrEnum):
    """Why a finding should keep the file from nothing."""

    PUBLIC = "public_already"
    NO_PERSON = "tells_of_no_person"
    STRUCTURAL = "follows_from_the_definition"
    CONSENT = "consent_of_those_concerned"
    LAW = "required_by_law"


class Word(StrEnum):
    """What a steward says of an exception."""

    GRANT = "grant"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class ExceptionVote:
    """A steward's word on an exception, with the reason."""

    steward: str
    word: Word
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class GateException:
    """An exception that was asked for: of which finding, on which bytes, under which policy, and what was said to it.

    ``granted`` is when the last of the votes that were needed was cast, ``denied`` when a steward said no.
    """

    id: str
    request: str
    project: str
    path: str
    check: str
    place: str
    finding: str
    canonical: str
    policy: str
    ground: Ground
    text: str
    asked_by: str
    asked: datetime
    votes: tuple[ExceptionVote, ...] = ()
    granted: datetime | None = None
    denied: datetime | None = None


def check_can_be_excepted(request: ExportRequest, file: ExportFile, finding: Finding) -> None:
    """A finding that blocks or asks for a review, of a rule that allows it, on a file that has a canonical form."""
    if request.state not in ASKED_IN:
        raise ConflictError(
            "The export request {id} is {state}; an exception is asked for from its checks to its release.",
            reason="request-state",
            id=request.id,
            state=request.state,
        )
    if not file.canonical or not request.policy:
        raise RefusedError("This file has no canonical form, so it cannot leave as it is.", reason="not-exceptable")
    if finding.severity not in ASKED_OF or finding.check not in EXCEPTABLE:
        raise RefusedError(
            "There is no exception from the check {check}: what it found never leaves, or keeps nothing from leaving.",
            reason="not-exceptable",
            check=finding.check,
        )


def standing(asked: Iterable[GateException]) -> list[GateException]:
    """Return which count of those that were asked for, oldest first: of the same finding on the same bytes the last."""
    return list({(e.request, e.path, e.finding, e.canonical, e.policy): e for e in asked}.values())


def check_not_asked(
    request: ExportRequest, path: str, finding: str, asked: Iterable[GateException], counting: Collection[str]
) -> None:
    """Of one finding on one file's present bytes one exception is open, or counts; a denial is not asked away.

    ``counting`` are the identifiers of those that count now: one that was granted and is not among them is asked for
    again, since nobody could ever decide on it.
    """
    canonical = next((f.canonical for f in request.files if f.path == path), "")
    for known in standing(asked):
        same = (known.path, known.finding, known.canonical, known.policy) == (path, finding, canonical, request.policy)
        if same and (known.granted is None or known.denied is not None or known.id in counting):
            raise ConflictError("An exception from this finding was asked for already.", reason="asked-already")


def check_text(text: str) -> str:
    """Who asks says in a sentence why; a value from the data does not belong there."""
    if len(text.strip()) < SHORTEST_TEXT:
        raise InvalidError(
            "Say why in a sentence (20 characters or more), without any value from the data.", reason="reason-missing"
        )
    return text.strip()


def say(
    known: GateException, vote: ExceptionVote, needed: int, canonical: str, policy: str, entitled: Collection[str]
) -> GateException:
    """Return the exception with a steward's word; it names the bytes and the policy that the steward saw.

    It is granted once ``needed`` have granted it who are ``entitled`` to decide on it now.
    """
    if known.denied is not None or known.granted is not None:
        raise ConflictError("This exception is decided already; reload the request.", reason="exception-decided")
    if (canonical, policy) != (known.canonical, known.policy):
        raise ConflictError(
            "The file or the policy is another than the exception was asked for; reload the request.",
            reason="vote-stale",
        )
    if vote.word is Word.DENY and not is_given(vote.reason):
        raise InvalidError("Say why you deny it; the author reads it.", reason="reason-missing")
    votes = (*(v for v in known.votes if v.steward != vote.steward), vote)
    said = replace(known, votes=votes)
    if vote.word is Word.DENY:
        return replace(said, denied=vote.at)
    return replace(said, granted=vote.at) if len(granting(said) & set(entitled)) >= needed else said


def granting(known: GateException) -> set[str]:
    """Return who has granted it, whatever became of them since."""
    return {v.steward for v in known.votes if v.word is Word.GRANT}


def holds(known: GateException, entitled: Collection[str], needed: int, now: datetime, lasts: timedelta) -> bool:
    """Granted, not denied, not over, and with votes enough of stewards who are entitled now, whatever is stored.

    ``entitled`` are those who may review the request today. A clock that was set back to before the grant makes none
    hold.
    """
    if known.granted is None or known.denied is not None or not timedelta() <= now - known.granted < lasts:
        return False
    return needed >= 1 and len((granting(known) & set(entitled)) - {known.asked_by}) >= needed


def covered(request: ExportRequest, in_force: Iterable[GateException]) -> frozenset[tuple[str, str]]:
    """Return which findings of the request's present files, by path and identifier, the exceptions cover."""
    files = {f.path: f for f in request.files}
    return frozenset(
        (known.path, known.finding)
        for known in in_force
        if known.request == request.id
        and known.check in EXCEPTABLE
        and (file := files.get(known.path)) is not None
        and known.canonical == file.canonical != ""
        and known.policy == request.policy != ""
        and any(finding_id(f) == known.finding and f.check == known.check for f in file.findings)
    )
