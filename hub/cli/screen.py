"""What a command prints: a table for people, JSON for programs.

Invariants:

* whatever others wrote (titles, reasons, names of files) is printed without control characters, so that it cannot
  act on the terminal;
* results go to standard output; progress and errors go to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hub.cli.client import Json

WIDE = 200
"""Columns of a table that no terminal limits."""
STYLES = {
    **dict.fromkeys(("approved", "succeeded", "released", "ok", "running"), "green"),
    **dict.fromkeys(("blocked", "failed", "refused", "rejected", "block", "lost", "timed_out", "missing"), "red"),
    **dict.fromkeys(
        ("submitted", "in_review", "checking", "rechecking", "queued", "starting", "review", "returned"), "yellow"
    ),
}


def plain(value: object) -> str:
    """Text without control characters; lists in one line."""
    if isinstance(value, list | tuple):
        return ", ".join(plain(v) for v in value)
    if isinstance(value, dict):
        return ", ".join(f"{plain(k)}={plain(v)}" for k, v in value.items())
    if value is None:
        return ""
    return "".join(c if c.isprintable() else "�" for c in str(value).replace("\n", " "))


def size_text(size: int) -> str:
    """Write a number of bytes as the pages write it."""
    for step, unit in ((2**30, "GB"), (2**20, "MB"), (2**10, "kB")):
        if size >= step:
            return f"{size / step:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} B"


def print_error(sentence: str) -> None:
    """Say what went wrong on standard error; a sentence may have more than one line."""
    typer.echo("\n".join(plain(line) for line in f"datalab: {sentence}".splitlines()), err=True)


def print_json(value: Any) -> None:
    """Print JSON in ASCII, so that no character can act on a terminal."""
    typer.echo(json.dumps(value, indent=2))


def print_rows(rows: Iterable[Json], columns: Sequence[str], *, as_json: bool, nothing: str = "Nothing yet.") -> None:
    """Print records, one in a line, with the named fields."""
    listed = list(rows)
    if as_json:
        return print_json(listed)
    if not listed:
        return typer.echo(nothing, err=True)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in listed:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    return console().print(table)


def print_record(record: Json, *, as_json: bool, fields: Sequence[str] = ()) -> None:
    """Print one record, a field in a line; all its fields where none are named."""
    if as_json:
        return print_json(record)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for field in fields or record:
        if record.get(field) not in (None, "", [], {}):
            table.add_row(field.replace("_", " "), _cell(record[field]))
    return console().print(table)


def _cell(value: object) -> Text:
    text = plain(value)
    return Text(text, style=STYLES.get(text, ""))


def console(*, err: bool = False) -> Console:
    """A console as wide as the terminal, or wide enough for a pipe."""
    stream = sys.stderr if err else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else WIDE, highlight=False, markup=False)
