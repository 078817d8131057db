"""Votes on export requests: who may review, which votes count, and what may be released.

Invariants:

* a vote binds to the digest of the canonical file and to the digest of the policy;
* what is released is exactly the set of canonical digests that carry the votes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from hub.domain.ballots import Decision, Vote
from hub.domain.errors import ConflictError, RefusedError
from hub.domain.exports import Excepted, ExportFile, ExportRequest, ExportState, is_blocked
from hub.domain.people import Person, Role
from hub.domain.projects import Project, was_ever_member


class HasAuthor(Protocol):
    """A request, or what a list shows of one."""

    @property
    def author(self) -> str:
        """Who asks."""


def check_can_review(steward: Person, request: HasAuthor, project: Project) -> None:
    """A steward may review a request of a project that they never were a member of, and never their own."""
    if steward.name == request.author:
        raise RefusedError("You cannot review your own export request.", reason="own-request")
    if Role.STEWARD not in steward.roles:
        raise RefusedError("Only data stewards review exports.", reason="not-a-steward")
    if was_ever_member(steward, project):
        raise RefusedError(
            "You are or were a member of the project {name}, so you cannot review its exports.",
            reason="member-of-project",
            name=project.name,
        )


def as_seen_by(person: Person, request: ExportRequest, project: Project) -> ExportRequest:
    """Return the request without the findings' details, unless the person may review it."""
    try:
        check_can_review(person, request, project)
    except RefusedError:
        files = tuple(replace(f, findings=tuple(replace(g, detail="") for g in f.findings)) for f in request.files)
        return replace(request, files=files)
    return request


def add_votes(request: ExportRequest, votes: tuple[Vote, ...]) -> ExportRequest:
    """Add votes; a steward has one vote for each file, the last one counts; each names the present digests."""
    files = {f.path: f for f in request.files}
    for vote in votes:
        file = files.get(vote.path)
        if file is None or vote.canonical != file.canonical or vote.policy != request.policy:
            raise ConflictError(
                "The file or the policy has changed since you looked; reload the request.", reason="vote-stale"
            )
    cast = {(v.steward, v.path) for v in votes}
    kept = tuple(v for v in request.votes if (v.steward, v.path) not in cast)
    return replace(request, votes=kept + votes)


def approvals(request: ExportRequest, file: ExportFile) -> set[str]:
    """Stewards whose approval binds to the file's present canonical digest and to the present policy."""
    return {
        v.steward
        for v in request.votes
        if v.decision is Decision.APPROVE
        and v.path == file.path
        and v.canonical == file.canonical != ""
        and v.policy == request.policy != ""
    }


def has_dissent(request: ExportRequest) -> bool:
    """A vote that asks for changes blocks until its steward votes otherwise or the author submits anew."""
    return any(v.decision is Decision.CHANGES for v in request.votes)


def is_approved(request: ExportRequest, needed: int) -> bool:
    """Every file has the needed number of approvals by different stewards, and nobody dissents."""
    return (
        needed >= 1
        and bool(request.files)
        and not has_dissent(request)
        and all(len(approvals(request, f)) >= needed for f in request.files)
    )


def without_members_votes(request: ExportRequest, project: Project) -> ExportRequest:
    """Return the request without the votes of whoever joined its project after they had voted."""
    members = {project.lead, *project.members, *project.former}
    return replace(request, votes=tuple(v for v in request.votes if v.steward not in members))


def check_can_release(request: ExportRequest, needed: int, excepted: Excepted = ()) -> None:
    """Only a request whose every canonical file carries the needed votes is released."""
    if request.state not in (ExportState.APPROVED, ExportState.RELEASING) or not is_approved(request, needed):
        raise RefusedError(
            "The export request {id} does not carry {needed} approvals on every file.",
            reason="not-approved",
            id=request.id,
            needed=needed,
        )
    if is_blocked(request, excepted):
        raise RefusedError("The gate blocks a file of this request.", reason="blocked")
