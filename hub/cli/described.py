"""What is said of files on the command line: of tables, and of groups with their context."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import Annotated

import typer

from hub.cli.client import Json, place
from hub.cli.options import AsJson, portal
from hub.cli.request_shown import Identifier, print_request
from hub.domain.errors import InvalidError
from hub.domain.file_groups import PARTS

TABLE_WORDS = ("dataset", "dimensions", "measure", "aggregate", "quantile", "weight", "filter", "rounding")
GROUP_WORDS = (*PARTS, "files")
Context = Annotated[str, typer.Option("--context", help="What it is, why, which population; of files in no group.")]
Groups = Annotated[
    list[str] | None, typer.Option("--group", help="Files with a context of their own; see the example.")
]

Supporting = Annotated[
    list[str] | None, typer.Option("--supporting", help="A file that reviewers see beside it, and that never leaves.")
]


def declared(files: Iterable[str], tables: Iterable[str]) -> dict[str, Json]:
    """Return what is said of each file; a table is “PATH dataset=… dimensions=a,b measure=… aggregate=…”."""
    said: dict[str, Json] = {path: {} for path in files}
    for text in tables:
        path, pairs = _pairs(text, "--table")
        if path not in said or not set(pairs) <= set(TABLE_WORDS):
            raise InvalidError(
                "--table takes a path that --file names, then {words}, each as word=value.",
                reason="table-form",
                words=", ".join(TABLE_WORDS),
            )
        dimensions = [d for d in pairs.pop("dimensions", "").split(",") if d]
        said[path] = {**pairs, "dimensions": dimensions}
    return said


def grouped(groups: Iterable[str]) -> list[Json]:
    """Return the groups; one is “NAME what=… why=… population=… protection=… files=a,b”."""
    found: list[Json] = []
    for text in groups:
        name, pairs = _pairs(text, "--group")
        if set(pairs) != set(GROUP_WORDS):
            raise InvalidError(
                "--group takes a name, then {words}, each as word=value.",
                reason="group-form",
                words=", ".join(GROUP_WORDS),
            )
        files = [path for path in pairs.pop("files").split(",") if path]
        found.append({"name": name, **pairs, "files": files})
    return found


def describe(
    context: typer.Context,
    request: Identifier,
    why: Context = "",
    group: Groups = None,
    supporting: Supporting = None,
    as_json: AsJson = False,
) -> None:
    """Say anew what the files of a request are, as its author: in a draft, or after a steward returned it."""
    body = {"context": why, "groups": grouped(group or ()), "supporting": supporting or []}
    print_request(portal(context).post(place("exports", request, "describe"), body), as_json=as_json)


def _pairs(text: str, option: str) -> tuple[str, dict[str, str]]:
    try:
        name, *words = shlex.split(text) or [""]
    except ValueError:
        raise InvalidError(
            "A quotation mark of {option} is not closed.", reason="quotation-mark", option=option
        ) from None
    return name, dict(word.partition("=")[::2] for word in words)
