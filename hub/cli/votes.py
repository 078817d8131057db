"""``datalab export vote``: what stewards say of a request."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import typer

from hub.cli.client import Json, Portal, place
from hub.cli.options import AsJson, Reason, portal
from hub.cli.request_shown import Identifier, print_request
from hub.domain.ballots import Cause
from hub.domain.errors import InvalidError

CauseOption = Annotated[Cause, typer.Option("--cause", help="Why something has to change, from the list.")]


class Answer(StrEnum):
    """What a steward says."""

    APPROVE = "approve"
    CHANGES = "changes"


def vote(
    context: typer.Context,
    request: Identifier,
    answer: Annotated[Answer, typer.Argument(help="approve, or changes to send it back.")],
    reason: Reason = "",
    file: Annotated[list[str] | None, typer.Option("--file", "-f", help="Only on this file; without, on all.")] = None,
    cause: CauseOption = Cause.OTHER,
    as_json: AsJson = False,
) -> None:
    """Vote on the canonical files of a request as they are now, as a steward."""
    lab = portal(context)
    seen = lab.get(place("exports", request))
    print_request(cast_vote(lab, seen, answer, reason, file or (), str(cause)), as_json=as_json)


def cast_vote(
    lab: Portal, seen: Json, answer: str, reason: str, only: Iterable[str] = (), cause: str = Cause.OTHER
) -> Json:
    """Vote on exactly the bytes and the policy that were seen."""
    paths = set(only) or {f["path"] for f in seen["files"]}
    canonical = {f["path"]: f["canonical"] for f in seen["files"] if f["path"] in paths}
    if set(canonical) != paths:
        raise InvalidError("The request has no file of that name.", reason="no-such-file")
    body = {"decision": str(answer), "canonical": canonical, "policy": seen["policy"], "reason": reason}
    body |= {"turn": seen["turn"]} if seen.get("turn") else {}
    body |= {"cause": str(cause)} if answer == Answer.CHANGES else {}
    return dict(lab.post(place("exports", seen["id"], "votes"), body))


def reject(
    context: typer.Context,
    request: Identifier,
    reason: Reason,
    cause: CauseOption = Cause.OTHER,
    as_json: AsJson = False,
) -> None:
    """Reject a request for good, as a steward."""
    body = {"reason": reason, "cause": str(cause)}
    print_request(portal(context).post(place("exports", request, "reject"), body), as_json=as_json)


def override(context: typer.Context, request: Identifier, reason: Reason, as_json: AsJson = False) -> None:
    """Go on against the dissent of other stewards, as a lead steward; it takes no approval's place."""
    lab = portal(context)
    turn = lab.get(place("exports", request))["turn"]
    body = {"reason": reason, "turn": turn}
    print_request(lab.post(place("exports", request, "override"), body), as_json=as_json)
