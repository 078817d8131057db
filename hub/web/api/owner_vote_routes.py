"""Routes of the owners' part in what leaves: their votes, and who votes for them."""

from __future__ import annotations

from typing import Any

from datasets_mount.catalogue import Dataset
from hub.domain.exports import ExportRequest
from hub.domain.owners import Delegation
from hub.services import owner_votes
from hub.services.lab import Lab
from hub.services.owner_votes import AskedVote
from hub.web.api.routes import Request, Route
from hub.web.models.review import DelegationBody, OwnersBody, OwnerVoteBody
from hub.web.models.texts import Nothing


def put_part(lab: Lab, actor: str, request: Request[OwnersBody]) -> Dataset:
    """Say what the owner's part is."""
    return owner_votes.set_part(lab, actor, request.path["name"], request.body.part)


def list_delegates(lab: Lab, actor: str, request: Request[Nothing]) -> list[Delegation]:
    """List who votes for the owner by name."""
    return owner_votes.delegations(lab, actor, request.path["name"])


def put_delegate(lab: Lab, actor: str, request: Request[DelegationBody]) -> Delegation:
    """Name somebody who votes for the owner."""
    path = request.path
    return owner_votes.delegate(lab, actor, path["name"], path["person"], request.body.ends)


def delete_delegate(lab: Lab, actor: str, request: Request[Nothing]) -> Delegation:
    """Take that back."""
    return owner_votes.end_delegation(lab, actor, request.path["name"], request.path["person"])


def list_asked(lab: Lab, actor: str, _request: Request[Nothing]) -> list[AskedVote]:
    """List what waits for an owner's vote."""
    return owner_votes.asked_votes(lab, actor)


def post_owner_vote(lab: Lab, actor: str, request: Request[OwnerVoteBody]) -> ExportRequest:
    """Vote for an owner."""
    body = request.body
    return owner_votes.vote_for_owner(
        lab,
        actor,
        request.path["id"],
        body.dataset,
        decision=body.decision,
        canonical=dict(body.canonical),
        policy=body.policy,
        reason=body.reason,
        turn=body.turn,
        cause=body.cause,
    )


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "PUT",
        "/datasets/{name}/owners",
        "Say whether the owner is told of what leaves, or has to agree (a steward of the owner)",
        put_part,
        OwnersBody,
        Dataset,
    ),
    Route(
        "GET",
        "/datasets/{name}/delegates",
        "Who votes for the owner by name, or did (a steward of the owner, auditor)",
        list_delegates,
        Nothing,
        list[Delegation],
    ),
    Route(
        "PUT",
        "/datasets/{name}/delegates/{person}",
        "Name somebody who votes for the owner to the end of a day (a steward of the owner)",
        put_delegate,
        DelegationBody,
        Delegation,
    ),
    Route(
        "DELETE",
        "/datasets/{name}/delegates/{person}",
        "Take that back (a steward of the owner)",
        delete_delegate,
        Nothing,
        Delegation,
    ),
    Route(
        "GET",
        "/owner-votes",
        "What waits for the vote of an owner for whom one may vote, the longest first",
        list_asked,
        Nothing,
        list[AskedVote],
    ),
    Route(
        "POST",
        "/exports/{id}/owner-votes",
        "Vote on a whole request for the owner of data behind it (a steward of the owner, or whom they named)",
        post_owner_vote,
        OwnerVoteBody,
        ExportRequest,
    ),
)
