"""``datalab export freeze``: stewards stop what leaves, and let it go on."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.client import Portal, place
from hub.cli.options import AsJson, Reason, portal
from hub.cli.screen import print_record, print_rows
from hub.domain.errors import NotFoundError

OnlyProject = Annotated[
    str, typer.Option("--project", "-p", help="Only this project; without, the whole lab.", metavar="PROJECT")
]
FIELDS = ("id", "project", "reason", "frozen_by", "frozen", "lifted", "lifted_by", "lifted_reason")


def freeze(context: typer.Context, reason: Reason, project: OnlyProject = "", as_json: AsJson = False) -> None:
    """Stop every release and download at once, of the whole lab or of one project, as a steward."""
    found = portal(context).post("/freezes", {"project": project, "reason": reason})
    print_record(found, as_json=as_json, fields=() if as_json else FIELDS)


def unfreeze(context: typer.Context, reason: Reason, project: OnlyProject = "", as_json: AsJson = False) -> None:
    """Lift the freeze of the whole lab or of one project, as a steward who never was its member."""
    lab = portal(context)
    found = lab.post(place("freezes", _in_force(lab, project), "lift"), {"reason": reason})
    print_record(found, as_json=as_json, fields=() if as_json else FIELDS)


def _in_force(lab: Portal, project: str) -> str:
    """Return the identifier of the one freeze that is meant."""
    for found in lab.get("/freezes"):
        if found["project"] == project:
            return str(found["id"])
    if project:
        raise NotFoundError("The project {project} is not frozen.", reason="not-frozen", project=project)
    raise NotFoundError("The lab is not frozen; --project lifts the freeze of one project.", reason="not-frozen")


def frozen(context: typer.Context, as_json: AsJson = False) -> None:
    """List what is frozen now, by whom and why."""
    rows = portal(context).get("/freezes")
    print_rows(rows, ("project", "reason", "frozen_by", "frozen", "id"), as_json=as_json)
