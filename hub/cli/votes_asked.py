"""``datalab export votes``: how many stewards must approve every file of a request, and why so many."""

from __future__ import annotations

import typer

from hub.cli.client import place
from hub.cli.options import AsJson, portal
from hub.cli.request_shown import Identifier
from hub.cli.screen import print_record

FIELDS = ("number", "output", "layer", "is_current")


def votes_asked(context: typer.Context, request: Identifier, as_json: AsJson = False) -> None:
    """Show how many different stewards must approve every file, and which output and layer of the policy ask for it.

    “is_current” is false where another policy is in force than the one that the request was checked under: it is then
    checked again before it is released.
    """
    print_record(portal(context).get(place("exports", request, "votes")), as_json=as_json, fields=FIELDS)
