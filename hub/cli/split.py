"""``datalab export split``: files of a request go on in a request of their own."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.client import place
from hub.cli.options import AsJson, Reason, portal
from hub.cli.request_shown import Identifier
from hub.cli.screen import print_json, print_rows


def split(
    context: typer.Context,
    request: Identifier,
    file: Annotated[list[str], typer.Option("--file", "-f", help="A file that goes on in a request of its own.")],
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Split files off a request, as its author or, with a reason, as a steward who may review it.

    Both halves go through the gate again and need votes anew.
    """
    body = {"files": file, "reason": reason}
    answer = portal(context).post(place("exports", request, "split"), body)
    if as_json:
        return print_json(answer)
    halves = [{**half, "files": ", ".join(f["path"] for f in half["files"])} for half in answer.values()]
    return print_rows(halves, ("id", "state", "turn", "split_from", "files"), as_json=False)
