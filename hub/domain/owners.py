"""The owners' part in what leaves: they are told of it, or their vote is needed, by themselves or whom they name.

Invariants:

* an owner's vote is on a whole request: it binds to the digests of all its canonical files and of the contexts above
  them, and to that of the policy;
* it counts of whoever may give it when it counts: at the release, too;
* it takes no steward's vote's place, and no steward overrides it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from hub.domain.ballots import Decision, OwnerVote
from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.exports import ExportRequest, ExportState, ExportStep, contexts_of, step_request
from hub.domain.people import Person, Role
from hub.domain.projects import Project, was_ever_member

ASKED_IN = (ExportState.SUBMITTED, ExportState.IN_REVIEW, ExportState.APPROVED)


@dataclass(frozen=True, slots=True)
class Delegation:
    """Somebody may vote for a dataset's owner, to the end of a day, until that is taken back."""

    id: str
    dataset: str
    person: str
    given_by: str
    created: datetime
    ends: date
    withdrawn: datetime | None = None


def delegation_id(dataset: str, person: str) -> str:
    """There is one for a dataset and a person."""
    return f"{dataset}:{person}"


def in_force(delegation: Delegation, today: date) -> bool:
    """It holds until it is taken back, and to the end of its last day."""
    return delegation.withdrawn is None and today <= delegation.ends


def check_can_be_delegate(person: Person, owner: str) -> None:
    """A steward may vote for an owner, or somebody of the owner's own organisation; never an administrator."""
    may = Role.STEWARD in person.roles or person.organisation == owner
    if not may or Role.ADMINISTRATOR in person.roles:
        raise InvalidError(
            "An owner's vote is handed on to a data steward, or to somebody of the organisation {owner}.",
            reason="not-a-delegate",
            owner=owner,
        )


def check_ends(ends: date, today: date) -> None:
    """A delegation lasts at least for the day on which it is made."""
    if ends < today:
        raise InvalidError("The last day of a delegation is today or later.", reason="delegation-dates")


def check_votes_for_owner(
    person: Person, request: ExportRequest, project: Project, owner: str, delegates: Collection[str]
) -> None:
    """A steward of the owner votes for it, or whom they named; never on their own request or project."""
    if person.name == request.author:
        raise RefusedError("You cannot decide on your own export request.", reason="own-request")
    if was_ever_member(person, project):
        raise RefusedError(
            "You are or were a member of the project {name}, so you cannot decide on its exports.",
            reason="member-of-project",
            name=project.name,
        )
    if not speaks_for(person, owner, delegates):
        raise RefusedError(
            "Only a data steward of the organisation {owner}, or whom they named, votes for it.",
            reason="not-the-owner",
            owner=owner,
        )


def speaks_for(person: Person, owner: str, delegates: Collection[str]) -> bool:
    """Say whether the person is a steward of the owner, or a delegate who still could be made one."""
    if Role.STEWARD in person.roles and person.organisation == owner:
        return True
    try:
        check_can_be_delegate(person, owner)
    except InvalidError:
        return False
    return person.name in delegates


def seen_digest(request: ExportRequest) -> str:
    """SHA-256 of the paths, digests and contexts of all canonical files, and of the policy: what it is voted on."""
    contexts = contexts_of(request)
    parts = [sorted([f.path, f.canonical, contexts[f.group]] for f in request.files), request.policy]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def check_is_asked(request: ExportRequest, dataset: str, asked: Collection[str]) -> None:
    """An owner votes on a request that draws on a dataset whose owner is asked, while it can still be decided."""
    if dataset not in request.snapshots or dataset not in asked:
        raise ConflictError(
            "The owner of the dataset {dataset} is not asked about the export request {id}.",
            reason="owner-not-asked",
            dataset=dataset,
            id=request.id,
        )
    if request.state not in ASKED_IN:
        raise ConflictError(
            "The export request {id} is {state}; its data's owners vote from its checks to its release.",
            reason="request-state",
            id=request.id,
            state=request.state,
        )


def check_saw_all(request: ExportRequest, canonical: Mapping[str, str]) -> None:
    """An owner's vote names every file as it is now."""
    if dict(canonical) != {f.path: f.canonical for f in request.files} or not all(canonical.values()):
        raise ConflictError("An owner's vote is on all files as they are now; reload the request.", reason="vote-stale")


def with_owner_vote(request: ExportRequest, vote: OwnerVote) -> ExportRequest:
    """Return the request with an owner's vote; one that asks for changes returns it to its author."""
    kept = tuple(v for v in request.owner_votes if (v.person, v.dataset) != (vote.person, vote.dataset))
    voted = replace(request, owner_votes=(*kept, vote))
    if vote.decision is Decision.APPROVE:
        return voted
    started = step_request(voted, ExportStep.REVIEW) if voted.state is ExportState.SUBMITTED else voted
    return step_request(started, ExportStep.RETURN, vote.reason, (vote.cause,) if vote.cause else ())


def agreed(request: ExportRequest, dataset: str, entitled: Collection[str]) -> bool:
    """Say whether the owner of a dataset agrees to exactly these files, by somebody who may say so now."""
    said = [v for v in request.owner_votes if v.dataset == dataset and v.person in entitled]
    approving = {v.seen for v in said if v.decision is Decision.APPROVE}
    return bool(approving) and seen_digest(request) in approving


def check_owners_agree(request: ExportRequest, asked: Mapping[str, Collection[str]]) -> None:
    """Every owner who is asked agrees; ``asked`` names who may say so now, for each such dataset."""
    for dataset in sorted(asked):
        if not agreed(request, dataset, asked[dataset]):
            raise RefusedError(
                "The owner of the dataset {dataset} has not agreed that the export request {id} leaves.",
                reason="owner-vote-missing",
                dataset=dataset,
                id=request.id,
            )
