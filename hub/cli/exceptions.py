"""``datalab export except``: exceptions from findings of the gate, asked for by the author and decided by stewards."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.client import Json, place
from hub.cli.options import AsJson, portal
from hub.cli.request_shown import Identifier
from hub.cli.screen import print_record, print_rows
from hub.domain.exceptions import Ground, Word

COLUMNS = ("id", "path", "check", "place", "ground", "asked", "granted", "denied")


def ask_exception(
    context: typer.Context,
    request: Identifier,
    file: Annotated[str, typer.Option("--file", "-f", help="The file that the finding is about.")],
    finding: Annotated[int, typer.Option("--finding", help="Which of its findings, as listed, the first is 1.")],
    ground: Annotated[Ground, typer.Option("--ground", help="Why, from the list.")],
    text: Annotated[str, typer.Option("--text", help="Why, in a sentence, without any value from the data.")],
    as_json: AsJson = False,
) -> None:
    """Ask for an exception from a finding, as the request's author."""
    body = {"path": file, "finding": finding, "ground": str(ground), "text": text}
    asked = portal(context).post(place("exports", request, "exceptions"), body)
    print_record(asked, as_json=as_json, fields=COLUMNS)


def decide_exception(
    context: typer.Context,
    request: Identifier,
    exception: Annotated[str, typer.Argument(help="The exception's identifier.", metavar="EXCEPTION")],
    word: Annotated[Word, typer.Argument(help="What you say.")],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; needed to deny.")] = "",
    as_json: AsJson = False,
) -> None:
    """Grant or deny an exception, as a steward who may review the request, on the bytes that it was asked for."""
    asked = portal(context).get(place("exports", request, "exceptions"))
    seen: Json = next((e for e in asked if e["id"] == exception), {})
    body = {"word": str(word), "reason": reason}
    body |= {name: seen.get(name, "0" * 64) for name in ("canonical", "policy")}
    said = portal(context).post(place("exports", request, "exceptions", exception, "votes"), body)
    print_record(said, as_json=as_json, fields=COLUMNS)


def exceptions(context: typer.Context, request: Identifier, as_json: AsJson = False) -> None:
    """List the exceptions that were asked for."""
    rows = portal(context).get(place("exports", request, "exceptions"))
    print_rows(rows, COLUMNS, as_json=as_json, nothing="No exception was asked for.")
