"""Export requests: what a person asks to take out, and its way through the gate.

Invariants:

* nothing outside this module assigns a state; ``STEPS`` is the whole workflow;
* what the votes on a request allow stands in ``votes``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from hub.domain.ballots import Ballot, Cause, Override, OwnerVote, Vote
from hub.domain.errors import ConflictError, RefusedError
from hub.domain.file_cards import FileCard
from hub.domain.file_groups import FileGroup, context_digests
from hub.domain.output_classes import OutputClass
from hub.domain.people import Person
from hub.domain.statements import Statement
from hub.domain.supporting import SupportingFile
from hub.domain.table_context import UNDECLARED, TableContext


class ExportState(StrEnum):
    """Where a request stands."""

    DRAFT = "draft"
    CHECKING = "checking"
    RECHECKING = "rechecking"
    BLOCKED = "blocked"
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    REJECTED = "rejected"
    APPROVED = "approved"
    RELEASING = "releasing"
    RELEASED = "released"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class ExportStep(StrEnum):
    """What can happen to a request."""

    SUBMIT = "submit"
    BLOCK = "block"
    PASS = "pass"  # noqa: S105 - a step, not a password
    FAIL = "fail"
    REVIEW = "review"
    RETURN = "return"
    REJECT = "reject"
    APPROVE = "approve"
    RECHECK = "recheck"
    CONFIRM = "confirm"
    BEGIN_RELEASE = "begin_release"
    RELEASE = "release"
    REVOKE = "revoke"
    WITHDRAW = "withdraw"
    SPLIT = "split"
    EXCEPT = "except"
    REOPEN = "reopen"


_S, _E = ExportState, ExportStep
STEPS: dict[tuple[ExportState, ExportStep], ExportState] = {
    (_S.DRAFT, _E.SUBMIT): _S.CHECKING,
    (_S.DRAFT, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.CHECKING, _E.BLOCK): _S.BLOCKED,
    (_S.CHECKING, _E.PASS): _S.SUBMITTED,
    (_S.CHECKING, _E.FAIL): _S.FAILED,
    (_S.BLOCKED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.BLOCKED, _E.EXCEPT): _S.SUBMITTED,
    (_S.SUBMITTED, _E.REVIEW): _S.IN_REVIEW,
    (_S.SUBMITTED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.IN_REVIEW, _E.RETURN): _S.RETURNED,
    (_S.IN_REVIEW, _E.REJECT): _S.REJECTED,
    (_S.IN_REVIEW, _E.APPROVE): _S.APPROVED,
    (_S.IN_REVIEW, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.BLOCKED, _E.SUBMIT): _S.CHECKING,
    (_S.RETURNED, _E.SUBMIT): _S.CHECKING,
    (_S.RETURNED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.FAILED, _E.SUBMIT): _S.CHECKING,
    (_S.FAILED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.BLOCKED, _E.SPLIT): _S.CHECKING,
    (_S.FAILED, _E.SPLIT): _S.CHECKING,
    (_S.SUBMITTED, _E.SPLIT): _S.CHECKING,
    (_S.IN_REVIEW, _E.SPLIT): _S.CHECKING,
    (_S.RETURNED, _E.SPLIT): _S.CHECKING,
    (_S.APPROVED, _E.BEGIN_RELEASE): _S.RELEASING,
    (_S.APPROVED, _E.RECHECK): _S.RECHECKING,
    (_S.APPROVED, _E.REOPEN): _S.IN_REVIEW,
    (_S.APPROVED, _E.RETURN): _S.RETURNED,
    (_S.RECHECKING, _E.CONFIRM): _S.APPROVED,
    (_S.RECHECKING, _E.PASS): _S.SUBMITTED,
    (_S.RECHECKING, _E.BLOCK): _S.BLOCKED,
    (_S.RECHECKING, _E.FAIL): _S.FAILED,
    (_S.APPROVED, _E.WITHDRAW): _S.WITHDRAWN,
    (_S.RELEASING, _E.RELEASE): _S.RELEASED,
    (_S.RELEASED, _E.REVOKE): _S.REVOKED,
}


class Severity(StrEnum):
    """What a finding asks for, strictest first."""

    BLOCK = "block"
    REVIEW = "review"
    FIXED = "fixed"
    NOTE = "note"


class FixKind(StrEnum):
    """What the gate can do about a finding by itself, when its author asks for it."""

    SUPPRESS = "suppress"
    ROUND = "round"
    MERGE = "merge"
    DROP_COLUMN = "drop_column"


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of a table that takes a finding away: at ``place``, in these rows and columns, both counted from 1.

    No rows mean all of them, and so do no columns. ``base`` is what numbers are rounded to, where they are.
    """

    kind: FixKind
    place: str
    rows: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()
    base: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: rule, severity, place, and a sentence without any value from the data, for its author.

    ``detail`` is for the stewards who review it alone, since it may tell what the author must not learn: how many
    units stand behind a cell, or the share of the largest. ``parameters`` are the numbers that the rule applied, by
    their names in the policy. ``fix`` is what the gate would do about it.
    """

    check: str
    severity: Severity
    place: str
    sentence: str
    rule: str = ""
    detail: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One offered file: ``sha256`` and ``size`` of what was taken in, ``canonical`` what the gate wrote from it.

    ``earlier`` is what the gate wrote from the file of the same path when the request was sent before. ``classes`` are
    what the gate says that it holds, and ``beside`` those of the files that it was split from; ``card`` is what
    stewards are told of it. ``group`` is the name of its group, empty for the unnamed one.
    """

    path: str
    table: TableContext = UNDECLARED
    sha256: str = ""
    size: int = 0
    kind: str = ""
    canonical: str = ""
    canonical_name: str = ""
    canonical_size: int = 0
    findings: tuple[Finding, ...] = ()
    earlier: str = ""
    classes: tuple[OutputClass, ...] = ()
    beside: tuple[OutputClass, ...] = ()
    card: FileCard | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Outputs with their context, going through the gate.

    ``source`` is the identifier of a run, or ``workspace`` for the author's own outputs folder; ``snapshots`` names
    the snapshot of every dataset that was mounted where the outputs come from; ``policy`` is the digest of the
    policy that the last check applied; ``turn`` counts submissions, the last of which was at ``submitted``; ``claimed``
    is when a steward took it for a while. ``split_from`` is the request that its files were split off, and
    ``split_into`` those that were split off it. ``ballot`` is whether stewards may know of each other's votes,
    ``overrides`` are the lead stewards' words against dissent, ``causes`` say why it was returned or rejected,
    and ``owner_votes`` are those for the owners of the data behind it. ``groups`` are the named groups of its files,
    ``barred`` is the organisation whose stewards do not review it, its author's where the rules say so.
    ``supporting`` the files that only reviewers see, and ``statement`` is what its author said on its last submission.
    """

    id: str
    project: str
    author: str
    source: str
    context: str
    created: datetime
    snapshots: dict[str, str]
    files: tuple[ExportFile, ...]
    state: ExportState = ExportState.DRAFT
    policy: str = ""
    engine: str = ""
    turn: int = 0
    votes: tuple[Vote, ...] = field(default=())
    reason: str = ""
    submitted: datetime | None = None
    barred: str = ""
    claimed_by: str = ""
    claimed: datetime | None = None
    split_from: str = ""
    split_into: tuple[str, ...] = ()
    ballot: Ballot = Ballot.OPEN
    overrides: tuple[Override, ...] = ()
    causes: tuple[Cause, ...] = ()
    owner_votes: tuple[OwnerVote, ...] = ()
    groups: tuple[FileGroup, ...] = ()
    supporting: tuple[SupportingFile, ...] = ()
    statement: Statement | None = None


WORKSPACE_SOURCE = "workspace"


def step_request(
    request: ExportRequest, step: ExportStep, reason: str = "", causes: tuple[Cause, ...] = ()
) -> ExportRequest:
    """Return the request after one step; a step that does not follow from the present state is a conflict."""
    state = STEPS.get((request.state, step))
    if state is None:
        raise ConflictError(
            "The export request {id} is {state}; the step {step} does not follow from there. Reload it.",
            reason="request-state",
            id=request.id,
            state=request.state,
            step=step,
        )
    return replace(request, state=state, reason=reason, causes=causes)


def contexts_of(request: ExportRequest) -> dict[str, str]:
    """Return the digests of what is read of each group of files, by the group's name."""
    return context_digests(request.context, request.groups)


def offered_count(request: ExportRequest) -> int:
    """Return how many files were taken in for a request: those that are to leave, then those that support them."""
    return len(request.files) + len(request.supporting)


def without_votes(request: ExportRequest) -> ExportRequest:
    """Return the request as one that nobody has voted on."""
    return replace(request, votes=(), ballot=Ballot.OPEN, overrides=(), owner_votes=())


Excepted = Collection[tuple[str, str]]
"""Findings, by their file's path and their identifier, that an exception in force covers; see ``exceptions``."""


def finding_id(finding: Finding) -> str:
    """Return a finding's identifier: SHA-256 of rule, severity, place, sentence and numbers, not of its detail."""
    parts = [finding.check, finding.severity, finding.place, finding.sentence, finding.rule, finding.parameters]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def is_blocked(request: ExportRequest, excepted: Excepted = ()) -> bool:
    """A file is blocked by a finding that no exception covers, or by having no canonical form."""
    return any(not file.canonical for file in request.files) or any(
        f.severity is Severity.BLOCK and (file.path, finding_id(f)) not in excepted
        for file in request.files
        for f in file.findings
    )


def step_checked(before: ExportRequest, checked: ExportRequest, excepted: Excepted = ()) -> ExportStep:
    """What follows from a check: files that are blocked, or have no canonical form, go back to their author.

    An approved request that was checked again is confirmed where nothing of what its votes rest on has changed.
    """
    if is_blocked(checked, excepted):
        return ExportStep.BLOCK
    is_same = (before.files, before.policy) == (checked.files, checked.policy)
    is_confirmed = before.state is ExportState.RECHECKING and is_same
    return ExportStep.CONFIRM if is_confirmed else ExportStep.PASS


def check_is_author(person: Person, request: ExportRequest) -> None:
    """Only its author submits, changes or withdraws a request."""
    if person.name != request.author:
        raise RefusedError("Only the author of an export request can do this.", reason="not-the-author")
