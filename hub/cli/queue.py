"""``datalab export queue``: what waits for the stewards, and the claim with which one of them takes a request."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.client import place
from hub.cli.options import AsJson, ProjectFilter, portal
from hub.cli.request_shown import Identifier
from hub.cli.screen import print_record, print_rows
from hub.domain.exports import Severity
from hub.domain.queue import ServiceLevel, Show

ShowPart = Annotated[Show, typer.Option(help="Which part of it.")]
AtRisk = Annotated[Severity | None, typer.Option(help="Only where this is the gravest finding.")]
AtLevel = Annotated[ServiceLevel | None, typer.Option(help="Only what has waited so long.")]
COLUMNS = ("id", "project", "author", "state", "files", "risk", "since", "level", "claimed_by")


def queue(
    context: typer.Context,
    show: ShowPart = Show.ALL,
    project: ProjectFilter = "",
    risk: AtRisk = None,
    level: AtLevel = None,
    as_json: AsJson = False,
) -> None:
    """List what waits for the stewards, the longest first."""
    rows = portal(context).get("/queue", show=show, project=project, risk=risk, level=level)
    print_rows(rows, COLUMNS, as_json=as_json, nothing="Nothing waits here.")


def claim(context: typer.Context, request: Identifier, as_json: AsJson = False) -> None:
    """Take a request for a while, as a steward: meanwhile no other steward decides on it."""
    found = portal(context).post(place("exports", request, "claim"))
    print_record(found, as_json=as_json, fields=("id", "state", "claimed_by", "claimed"))


def unclaim(context: typer.Context, request: Identifier, as_json: AsJson = False) -> None:
    """Give a request back before the time is over."""
    found = portal(context).delete(place("exports", request, "claim"))
    print_record(found, as_json=as_json, fields=("id", "state"))
