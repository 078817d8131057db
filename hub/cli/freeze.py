"""``datalab export freeze``: stewards stop what leaves, and let it go on."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.client import place
from hub.cli.options import AsJson, Reason, portal
from hub.cli.screen import print_record, print_rows

OnlyProject = Annotated[
    str, typer.Option("--project", "-p", help="Only this project; without, the whole lab.", metavar="PROJECT")
]
Identifier = Annotated[str, typer.Argument(help="The freeze's identifier.", metavar="FREEZE")]
FIELDS = ("id", "project", "reason", "frozen_by", "frozen", "lifted", "lifted_by", "lifted_reason")


def freeze(context: typer.Context, reason: Reason, project: OnlyProject = "", as_json: AsJson = False) -> None:
    """Stop every release and download at once, of the whole lab or of one project, as a steward."""
    found = portal(context).post("/freezes", {"project": project, "reason": reason})
    print_record(found, as_json=as_json, fields=FIELDS)


def unfreeze(context: typer.Context, freeze: Identifier, reason: Reason, as_json: AsJson = False) -> None:
    """Lift one freeze, as a steward who never was its project's member; another one goes on holding.

    “datalab export frozen” shows the identifiers. Who looks at an earlier freeze lifts no later one by mistake.
    """
    found = portal(context).post(place("freezes", freeze, "lift"), {"reason": reason})
    print_record(found, as_json=as_json, fields=FIELDS)


def frozen(context: typer.Context, as_json: AsJson = False) -> None:
    """List what is frozen now, by whom and why."""
    rows = portal(context).get("/freezes")
    print_rows(rows, ("id", "project", "reason", "frozen_by", "frozen"), as_json=as_json)
