"""``datalab export comment``: what stewards and the author say of a request, of a file or of a cell."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.client import place
from hub.cli.options import AsJson, portal
from hub.cli.request_shown import Identifier
from hub.cli.screen import print_record, print_rows
from hub.domain.comments import Audience

COLUMNS = ("at", "author", "audience", "turn", "path", "row", "column", "text")


def comment(
    context: typer.Context,
    request: Identifier,
    text: Annotated[str, typer.Argument(help="What you have to say, at most 2,000 characters.", metavar="TEXT")],
    audience: Annotated[
        Audience, typer.Option("--for", help="Who reads it: stewards and auditors alone, or the project as well.")
    ],
    file: Annotated[str, typer.Option("--file", "-f", help="On this file; without, on the request.")] = "",
    row: Annotated[int, typer.Option(help="Of a cell: its row, the first below the header is 1.")] = 0,
    column: Annotated[int, typer.Option(help="Of a cell: its column, the first is 1.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Comment on a request, as its author or a steward who may review it; nobody changes it or takes it back."""
    body = {"text": text, "audience": str(audience), "path": file, "row": row, "column": column}
    said = portal(context).post(place("exports", request, "comments"), body)
    print_record(said, as_json=as_json, fields=("id", *COLUMNS))


def comments(context: typer.Context, request: Identifier, as_json: AsJson = False) -> None:
    """List the comments on a request that you may read, oldest first; the view is recorded."""
    rows = portal(context).get(place("exports", request, "comments"))
    print_rows(rows, COLUMNS, as_json=as_json, nothing="There is no comment.")
