"""The requester's statement on the command line: asked for by its own option, made for one submission, and shown."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.client import Json, Portal, place

LANGUAGE = "en"
StatementOption = Annotated[
    bool, typer.Option("--statement", help="Make the requester's statement, which is printed; nothing is sent without.")
]


def send(lab: Portal, request: str) -> Json:
    """Make the lab's statement, show it, and send a request through the gate."""
    [asked] = [one for one in lab.get("/statement") if one["language"] == LANGUAGE]
    typer.echo(f"You state: {asked['text']}", err=True)
    return dict(lab.post(place("exports", request, "submit"), {"statement": asked["digest"]}))


def sent(lab: Portal, request: str, *, stated: bool) -> Json:
    """Send a request; without the statement the lab refuses it, and says what there is to state."""
    return send(lab, request) if stated else dict(lab.post(place("exports", request, "submit")))
