"""Votes on export requests: who may review, which votes count, and what may be released.

Invariants:

* a vote binds to the digests of the canonical file, of the context that stands above it, and of the policy;
* what counts is asked of the people as they are now: whoever is not entitled any more approves and overrides nothing,
  and whoever said no still stands in the way;
* a submission keeps no vote of the one before, but approvals of files of which everything is as it was;
* while the first votes are sealed, nobody who could vote knows of another's;
* what is released is exactly the set of canonical digests that carry the votes, as many of them as the very policy
  asks for that they were given under.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from hub.domain.ballots import Ballot, Cause, Decision, Override, Vote
from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.exports import (
    Excepted,
    ExportFile,
    ExportRequest,
    ExportState,
    ExportStep,
    contexts_of,
    is_blocked,
    step_request,
)
from hub.domain.people import Person, Role
from hub.domain.projects import Project, was_ever_member
from hub.domain.quorums import Quorum

SHORTEST_OVERRIDE = 20


class HasAuthor(Protocol):
    """A request, or what a list shows of one."""

    @property
    def author(self) -> str:
        """Who asks."""

    @property
    def barred(self) -> str:
        """The organisation whose stewards do not review it, or nothing."""


def check_can_review(steward: Person, request: HasAuthor, project: Project) -> None:
    """A steward may review a request of a project that they never were a member of, and never their own.

    Where the rules want reviewers of another organisation than its author's, they are of another, too.
    """
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
    if steward.organisation == request.barred:
        raise RefusedError(
            "You belong to the organisation of who asks, {name}; the rules want this request to be reviewed by others.",
            reason="own-organisation",
            name=request.barred,
        )


def may_review(person: Person, request: HasAuthor, project: Project) -> bool:
    """Say whether the rule lets the person review."""
    try:
        check_can_review(person, request, project)
    except RefusedError:
        return False
    return True


def check_can_override(person: Person, request: ExportRequest, project: Project) -> None:
    """A lead steward who may review overrides a dissent of others, on files that somebody else approves, too."""
    check_can_review(person, request, project)
    if Role.LEAD_STEWARD not in person.roles:
        raise RefusedError("Only a lead steward overrides a dissent.", reason="not-a-lead-steward")
    against = dissents(request)
    if request.state is not ExportState.IN_REVIEW or request.ballot is Ballot.SEALED or not against:
        raise ConflictError("There is no dissent to override on this request.", reason="no-dissent")
    if any(vote.steward == person.name for vote in against):
        raise RefusedError("The dissent is your own; vote otherwise instead.", reason="own-dissent")
    contexts = contexts_of(request)
    if not all(approvals(request, file, contexts) - {person.name} for file in request.files):
        raise RefusedError(
            "Nobody beside you approves every file; a dissent is not overridden by the only one who does.",
            reason="only-approver",
        )


def override(request: ExportRequest, said: Override) -> ExportRequest:
    """Return the request with a lead steward's word against the dissent that there is, and none that comes later."""
    if len(said.reason.strip()) < SHORTEST_OVERRIDE:
        raise InvalidError(
            "Say in a sentence (20 characters or more) why the dissent does not hold; everybody who voted reads it.",
            reason="reason-missing",
        )
    return replace(request, overrides=(*request.overrides, said))


def as_seen_by(person: Person, request: ExportRequest, project: Project) -> ExportRequest:
    """Return the request as the person may see it: no sealed votes; details and cards for who may review it alone."""
    seen = _with_seen_votes(person, request, project)
    if may_review(person, request, project):
        return seen
    return replace(seen, files=tuple(map(_without_details, request.files)))


def _without_details(file: ExportFile) -> ExportFile:
    return replace(file, findings=tuple(replace(found, detail="") for found in file.findings), card=None)


def _with_seen_votes(person: Person, request: ExportRequest, project: Project) -> ExportRequest:
    """Sealed votes are seen by who cast them, and by an auditor who could cast none."""
    audits = Role.AUDITOR in person.roles and Role.STEWARD not in person.roles
    if request.ballot is not Ballot.SEALED or (audits and not was_ever_member(person, project)):
        return request
    own = tuple(v for v in request.votes if v.steward == person.name)
    return replace(request, votes=own, owner_votes=tuple(v for v in request.owner_votes if v.person == person.name))


def add_votes(request: ExportRequest, votes: tuple[Vote, ...]) -> ExportRequest:
    """Add votes; a steward has one vote for each file, the last one counts; each names the present digests."""
    files, contexts = {f.path: f for f in request.files}, contexts_of(request)
    for vote in votes:
        file = files.get(vote.path)
        present = None if file is None else (file.canonical, contexts.get(file.group), request.policy)
        if (vote.canonical, vote.context, vote.policy) != present:
            raise ConflictError(
                "The file, its context or the policy has changed since you looked; reload the request.",
                reason="vote-stale",
            )
    cast = {(v.steward, v.path) for v in votes}
    kept = tuple(v for v in request.votes if (v.steward, v.path) not in cast)
    return replace(request, votes=kept + votes)


def seal(request: ExportRequest, *, is_blind: bool) -> ExportRequest:
    """Return the request with its first votes sealed, where they are to be and nobody has voted yet."""
    return replace(request, ballot=Ballot.SEALED) if is_blind and not request.votes else request


def salted(request: ExportRequest, steward: str, salt: str) -> ExportRequest:
    """Return the request with a new salt in all of a steward's votes, so that one seal is of all of them."""
    return replace(request, votes=tuple(replace(v, salt=salt) if v.steward == steward else v for v in request.votes))


def open_if_complete(request: ExportRequest, entitled: Iterable[str], needed: int) -> ExportRequest:
    """Return the request with its votes opened, once on every file as many who are entitled voted as are needed."""
    counted = set(entitled)
    voted = [{v.steward for v in request.votes if v.path == file.path} & counted for file in request.files]
    is_complete = request.ballot is Ballot.SEALED and min(map(len, voted), default=0) >= needed
    return replace(request, ballot=Ballot.OPENED) if is_complete else request


def judge(voted: ExportRequest, needed: int) -> ExportRequest:
    """Return what votes make of a request in review.

    Votes that are known as they are cast return it with the first one that asks for changes. Those that were cast
    sealed return it where all who voted ask for changes; where they differ, the dissent stands. As long as they are
    sealed, nothing comes of them.
    """
    if voted.ballot is Ballot.SEALED:
        return voted
    against = dissents(voted)
    dissenters = {vote.steward for vote in against}
    if against and (voted.ballot is Ballot.OPEN or dissenters == {vote.steward for vote in voted.votes}):
        reasons = dict.fromkeys(vote.reason for vote in against if vote.reason)
        causes = tuple(dict.fromkeys(vote.cause or Cause.OTHER for vote in against))
        return step_request(voted, ExportStep.RETURN, " ".join(reasons), causes)
    return step_request(voted, ExportStep.APPROVE) if is_approved(voted, needed) else voted


def approvals(request: ExportRequest, file: ExportFile, contexts: Mapping[str, str] | None = None) -> set[str]:
    """Stewards whose approval binds to the file's present canonical digest and context, and to the present policy.

    ``contexts`` are those of ``contexts_of``, for whoever asks of many files.
    """
    context = (contexts_of(request) if contexts is None else contexts).get(file.group, "")
    return {
        v.steward
        for v in request.votes
        if v.decision is Decision.APPROVE
        and v.path == file.path
        and v.canonical == file.canonical != ""
        and v.context == context != ""
        and v.policy == request.policy != ""
    }


def dissents(request: ExportRequest) -> tuple[Vote, ...]:
    """Votes that ask for changes and that no lead steward has overridden: each blocks until it is another, or gone."""
    overridden = {vote for said in request.overrides for vote in said.against}
    return tuple(v for v in request.votes if v.decision is Decision.CHANGES and v not in overridden)


def _overriding(request: ExportRequest) -> set[str]:
    """Lead stewards whose word counts against a vote that there still is."""
    present = set(request.votes)
    return {said.steward for said in request.overrides if present & set(said.against)}


def is_approved(request: ExportRequest, needed: int) -> bool:
    """Every file has the needed approvals by different stewards, nobody dissents, and no one overrides alone."""
    overriding, contexts = _overriding(request), contexts_of(request)
    return (
        needed >= 1
        and request.ballot is not Ballot.SEALED
        and bool(request.files)
        and not dissents(request)
        and all(len(approvals(request, f, contexts)) >= needed for f in request.files)
        and all(approvals(request, f, contexts) - {steward} for f in request.files for steward in overriding)
    )


def voters(request: ExportRequest) -> frozenset[str]:
    """Who has voted on the request, or overridden a dissent."""
    return frozenset({v.steward for v in request.votes} | {said.steward for said in request.overrides})


def entitled(request: HasAuthor, project: Project, people: Mapping[str, Person]) -> frozenset[str]:
    """Return who of these people may review the request today; of whom nobody knows anything, nobody may."""
    return frozenset(name for name, person in people.items() if may_review(person, request, project))


def counting(request: ExportRequest, project: Project, people: Mapping[str, Person]) -> ExportRequest:
    """Return the request with what counts now, by the people as they are today.

    Approvals count of whoever may review it, overrides of whoever is a lead steward as well; a vote that asks for
    changes stands in the way whatever became of who cast it.
    """
    may = entitled(request, project, people)
    leads = {name for name in may if Role.LEAD_STEWARD in people[name].roles}
    return replace(
        request,
        votes=tuple(v for v in request.votes if v.decision is Decision.CHANGES or v.steward in may),
        overrides=tuple(said for said in request.overrides if said.steward in leads),
    )


def check_can_release(request: ExportRequest, quorum: Quorum, excepted: Excepted = ()) -> None:
    """Only a request whose every canonical file carries the votes that its own policy asks for is released."""
    needed, is_decided = quorum.needed(request), request.state in (ExportState.APPROVED, ExportState.RELEASING)
    if is_decided:
        check_same_policy(request, quorum)
    if not is_decided or not is_approved(request, needed):
        raise RefusedError(
            "The export request {id} does not carry {needed} approvals on every file.",
            reason="not-approved",
            id=request.id,
            needed=needed,
        )
    if is_blocked(request, excepted):
        raise RefusedError("The gate blocks a file of this request.", reason="blocked")


def check_same_policy(request: ExportRequest, quorum: Quorum) -> None:
    """Votes count under the policy that they were given under, and under no other."""
    if not request.policy or request.policy != quorum.policy:
        raise ConflictError(
            "The policy has changed since the export request {id} was checked, so its votes do not count.",
            reason="policy-changed",
            id=request.id,
        )


def check_not_sealed(request: ExportRequest) -> None:
    """Nobody ends a review between its first and its last sealed vote, which would never be opened then."""
    if request.ballot is Ballot.SEALED:
        raise ConflictError(
            "The first votes on this request are sealed and not all cast; wait until they are opened.",
            reason="votes-sealed",
        )
