"""``datalab export views``: filters of the queue that a steward or auditor keeps under a name."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.client import place
from hub.cli.options import AsJson, ProjectFilter, portal
from hub.cli.queue import AtLevel, AtRisk, ShowPart
from hub.cli.screen import print_rows
from hub.domain.queue import Show

Name = Annotated[str, typer.Argument(help="The view's name.", metavar="NAME")]
COLUMNS = ("name", "show", "project", "risk", "level")


def views(context: typer.Context, as_json: AsJson = False) -> None:
    """List the views of the queue that you keep."""
    print_rows(portal(context).get("/queue/views"), COLUMNS, as_json=as_json, nothing="You keep no view.")


def save_view(
    context: typer.Context,
    name: Name,
    show: ShowPart = Show.ALL,
    project: ProjectFilter = "",
    risk: AtRisk = None,
    level: AtLevel = None,
    as_json: AsJson = False,
) -> None:
    """Keep filters of the queue under a name, in the place of those of that name; nobody else sees them."""
    asked = {"show": show, "project": project, "risk": risk, "level": level}
    body = {key: value for key, value in asked.items() if value}
    print_rows(portal(context).put(place("queue", "views", name), body), COLUMNS, as_json=as_json)


def forget_view(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Forget a view of the queue that you keep."""
    left = portal(context).delete(place("queue", "views", name))
    print_rows(left, COLUMNS, as_json=as_json, nothing="You keep no view.")
