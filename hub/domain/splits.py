"""Splitting an export request: some of its files go on in a request of their own.

Invariants:

* no file is lost or doubled: each is in one of the halves, as it was taken in, and neither half is empty;
* both halves go through the gate again, each as a set of its own, without any vote;
* each half needs as many votes as the whole did: what its files stood beside counts for it, too;
* each half names the other, so that nobody takes one for the whole;
* nothing is split that its author has not stated and sent as it is now;
* the groups go with their files, each with the context that it has; supporting files stand beside both halves, and
  none of them becomes a file of either.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from hub.domain.errors import ConflictError, InvalidError
from hub.domain.exports import ExportFile, ExportRequest, ExportState, ExportStep, step_request, without_votes
from hub.domain.file_groups import FileGroup
from hub.domain.output_classes import OutputClass
from hub.domain.people import Person
from hub.domain.projects import Project
from hub.domain.queue import without_claim
from hub.domain.quorums import held_together
from hub.domain.supporting import as_taken_in
from hub.domain.votes import check_can_review

BY_STEWARDS = (ExportState.SUBMITTED, ExportState.IN_REVIEW, ExportState.RETURNED)


def check_can_split(person: Person, request: ExportRequest, project: Project) -> None:
    """Its author splits a request, or a steward who may review it, while it is in review or returned."""
    if person.name == request.author:
        return
    check_can_review(person, request, project)
    if request.state not in BY_STEWARDS:
        raise ConflictError(
            "The export request {id} is {state}; a steward splits one that is in review or returned.",
            reason="request-state",
            id=request.id,
            state=request.state,
        )


def check_splits(request: ExportRequest, paths: Collection[str]) -> None:
    """What is split off are files of the request, and at least one file stays."""
    known = {file.path for file in request.files}
    if not set(paths) <= known:
        raise InvalidError("The request has no file of that name.", reason="no-such-file")
    if not paths or set(paths) == known:
        raise InvalidError("Split off at least one file, and leave at least one.", reason="no-split")


def check_stated(request: ExportRequest) -> None:
    """Both halves go through the gate at once: their author has made the statement on all that is in them."""
    if request.statement is None or not all(file.sha256 for file in request.supporting):
        raise ConflictError(
            "The export request {id} was described anew, or was never stated. Its author submits it again before it is "
            "split; while it is in review, a steward sends it back first.",
            reason="not-stated",
            id=request.id,
        )


def split_request(
    request: ExportRequest, paths: Collection[str], identifier: str, now: datetime, reason: str = ""
) -> tuple[ExportRequest, ExportRequest]:
    """Return what stays, and what goes on as a request of its own under a new identifier; both are being checked.

    Votes bind to nothing that has not been checked anew, so neither half keeps any, as after a submission.
    """
    check_splits(request, paths)
    check_stated(request)
    beside = held_together(request.files)
    sent = step_request(without_votes(without_claim(request)), ExportStep.SPLIT, reason)
    rest = replace(
        sent,
        files=tuple(_as_offered(f, beside) for f in request.files if f.path not in paths),
        policy="",
        turn=request.turn + 1,
        submitted=now,
        split_into=(*request.split_into, identifier),
    )
    supporting = as_taken_in(request.supporting)
    rest = replace(rest, groups=_groups_of(request, rest.files), supporting=supporting)
    draft = ExportRequest(
        identifier,
        request.project,
        request.author,
        request.source,
        request.context,
        now,
        request.snapshots,
        tuple(_as_offered(f, beside) for f in request.files if f.path in paths),
        turn=1,
        submitted=now,
        split_from=request.id,
    )
    draft = replace(draft, groups=_groups_of(request, draft.files), supporting=supporting, statement=request.statement)
    return rest, step_request(draft, ExportStep.SUBMIT, reason)


def _as_offered(file: ExportFile, beside: tuple[OutputClass, ...]) -> ExportFile:
    """Return the bytes that were taken in, of what a check said only the classes of all that were offered together."""
    return ExportFile(file.path, file.table, file.sha256, file.size, beside=beside, group=file.group)


def _groups_of(request: ExportRequest, files: tuple[ExportFile, ...]) -> tuple[FileGroup, ...]:
    """Return the groups of these files, with the contexts that they have in the whole."""
    names = {file.group for file in files}
    return tuple(group for group in request.groups if group.name in names)
