"""The owners' part in what leaves: ``datalab dataset owners`` and its neighbours, ``datalab export owner-vote``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from datasets_mount.catalogue import OwnersPart
from hub.cli.client import place
from hub.cli.options import AsJson, DatasetName, day_of, portal
from hub.cli.screen import print_record, print_rows
from hub.domain.ballots import Cause, Decision

Person = Annotated[str, typer.Argument(help="Their login.", metavar="PERSON")]
LastDay = Annotated[
    datetime,
    typer.Option("--until", help="The last day on which they vote for the owner.", formats=["%Y-%m-%d"],
                 metavar="YYYY-MM-DD"),
]  # fmt: skip
DELEGATION = ("dataset", "person", "given_by", "ends", "withdrawn")


def owners(
    context: typer.Context,
    name: DatasetName,
    part: Annotated[OwnersPart, typer.Argument(help="informed: told of what leaves; vote: has to agree.")],
    as_json: AsJson = False,
) -> None:
    """Say whether a dataset's owner is told of what leaves, or has to agree, as a steward of the owner."""
    said = portal(context).put(place("datasets", name, "owners"), {"part": str(part)})
    print_record(said, as_json=as_json, fields=("name", "owner", "owners"))


def delegate(
    context: typer.Context, name: DatasetName, person: Person, until: LastDay, as_json: AsJson = False
) -> None:
    """Name somebody who votes for a dataset's owner to the end of a day: a steward, or one of the organisation."""
    made = portal(context).put(place("datasets", name, "delegates", person), {"ends": day_of(until)})
    print_record(made, as_json=as_json, fields=DELEGATION)


def undelegate(context: typer.Context, name: DatasetName, person: Person, as_json: AsJson = False) -> None:
    """Take that back; from then on their votes for the owner do not count."""
    ended = portal(context).delete(place("datasets", name, "delegates", person), {})
    print_record(ended, as_json=as_json, fields=DELEGATION)


def delegates(context: typer.Context, name: DatasetName, as_json: AsJson = False) -> None:
    """List who votes for a dataset's owner by name, or did."""
    print_rows(portal(context).get(place("datasets", name, "delegates")), DELEGATION, as_json=as_json)


def owner_votes(context: typer.Context, as_json: AsJson = False) -> None:
    """List the requests that wait for the vote of an owner for whom you may vote."""
    columns = ("request", "project", "dataset", "state", "submitted", "agreed")
    print_rows(portal(context).get("/owner-votes"), columns, as_json=as_json, nothing="Nothing waits for you.")


def owner_vote(
    context: typer.Context,
    request: Annotated[str, typer.Argument(help="The request's identifier.", metavar="REQUEST")],
    name: DatasetName,
    answer: Annotated[Decision, typer.Argument(help="approve, or changes to send it back.")],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; needed for changes.")] = "",
    cause: Annotated[Cause, typer.Option("--cause", help="Why something has to change, from the list.")] = Cause.OTHER,
    as_json: AsJson = False,
) -> None:
    """Vote on a whole request for the owner of data behind it, on the files as they are now."""
    lab = portal(context)
    seen = lab.get(place("exports", request))
    body = {"dataset": name, "decision": str(answer), "reason": reason, "cause": str(cause), "turn": seen["turn"]}
    body |= {"policy": seen["policy"], "canonical": {f["path"]: f["canonical"] for f in seen["files"]}}
    said = lab.post(place("exports", request, "owner-votes"), body)
    print_record(said, as_json=as_json, fields=("id", "project", "state", "reason"))
