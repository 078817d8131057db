"""Votes as they are kept: who said what of which bytes under which policy, and whether others may know of it yet."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.domain.errors import InvalidError
from hub.domain.reasons import is_given


class Decision(StrEnum):
    """What a steward says of a file."""

    APPROVE = "approve"
    CHANGES = "changes"


class Cause(StrEnum):
    """Why a file or a request does not leave as it is; ``other`` where the text alone says it."""

    DISCLOSURE = "risk_of_disclosure"
    CONTEXT = "context_missing"
    PURPOSE = "outside_the_purpose"
    MORE_THAN_NEEDED = "more_than_needed"
    UNCLEAR = "not_understandable"
    WRONG_FILE = "wrong_file"
    FREE_TEXT = "names_or_free_text"
    AGREEMENT = "not_allowed_by_agreement"
    OTHER = "other"


class Ballot(StrEnum):
    """Whether the first votes of a submission are known as they are cast, sealed as yet, or were opened together."""

    OPEN = "open"
    SEALED = "sealed"
    OPENED = "opened"


def check_says_what_changes(decision: Decision, reason: str) -> None:
    """Whoever asks for changes says which."""
    if decision is Decision.CHANGES and not is_given(reason):
        raise InvalidError("Say what must change, so that the author can mend it.", reason="reason-missing")


@dataclass(frozen=True, slots=True)
class Vote:
    """A steward's vote on one canonical file under one policy, beside the context whose digest is ``context``.

    ``cause`` is from the list, for what has to change. ``salt`` is random, in a vote that was cast sealed: the audit
    log holds the vote's seal until it may hold what was said. ``seen`` is the digest of what else was read of the file.
    """

    steward: str
    path: str
    canonical: str
    policy: str
    decision: Decision
    reason: str
    at: datetime
    cause: Cause | None = None
    salt: str = ""
    context: str = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """A lead steward's written reason to go on against these votes, and against no others."""

    steward: str
    reason: str
    at: datetime
    against: tuple[Vote, ...]


@dataclass(frozen=True, slots=True)
class OwnerVote:
    """A vote for the owner of a dataset, on a whole request.

    ``seen`` is the digest of its files, their contexts and the policy.
    """

    person: str
    dataset: str
    decision: Decision
    reason: str
    at: datetime
    seen: str
    cause: Cause | None = None


def seal_of(votes: tuple[Vote, ...]) -> str:
    """SHA-256 of one steward's votes and their salt: it tells nothing of them, and fits no others."""
    parts = [[v.steward, v.path, v.canonical, v.policy, v.decision, v.reason, v.cause, v.salt] for v in votes]
    return hashlib.sha256(json.dumps(sorted(parts, key=lambda part: str(part[1]))).encode()).hexdigest()
