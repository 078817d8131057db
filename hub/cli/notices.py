"""``datalab notices``: what the lab tells you, and ticking it as read."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.client import place
from hub.cli.options import AsJson, examples, portal
from hub.cli.screen import print_rows

COLUMNS = ("at", "kind", "project", "subject", "read", "id")
EXAMPLES = examples(
    "datalab notices --unread", "datalab notices --mark-read notice-abcdefghijkm", "datalab notices --mark-all-read"
)


def notices(
    context: typer.Context,
    unread: Annotated[bool, typer.Option("--unread", help="Only those that you have not marked as read.")] = False,
    mark_read: Annotated[str, typer.Option("--mark-read", help="Mark this one as read.", metavar="NOTICE")] = "",
    mark_all_read: Annotated[bool, typer.Option("--mark-all-read", help="Mark all as read.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what the lab tells you, newest first, or mark it as read."""
    if mark_read:
        rows = [portal(context).post(place("notices", mark_read))]
    elif mark_all_read:
        rows = portal(context).post("/notices")
    else:
        rows = portal(context).get("/notices", unread="true" if unread else "false")
    print_rows(rows, COLUMNS, as_json=as_json, nothing="There is no notice.")
