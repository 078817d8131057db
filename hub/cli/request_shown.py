"""How an export request is named on the command line, and how it is printed."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.client import Json
from hub.cli.screen import print_json, print_record, print_rows
from hub.domain.evidence import evidence_of
from hub.domain.file_groups import PARTS

Identifier = Annotated[str, typer.Argument(help="The request's identifier.", metavar="REQUEST")]
FIELDS = (
    "id",
    "project",
    "author",
    "source",
    "evidence",
    "state",
    "context",
    "snapshots",
    "policy",
    "engine",
    "turn",
    "reason",
    "split_from",
    "split_into",
)


def print_request(found: Json, *, as_json: bool) -> None:
    """Print a request, its files and what the gate found in them."""
    if as_json:
        return print_json(found)
    print_record(found | {"evidence": evidence_of(found["source"])}, as_json=False, fields=FIELDS)
    if found.get("statement"):
        made = found["statement"]
        print_record({"statement": f"{made['person']}, {made['at']}: {made['text']}"}, as_json=False)
    for group in found.get("groups", ()):
        typer.echo()
        files = [file["path"] for file in found["files"] if file.get("group") == group["name"]]
        print_record(group | {"files": files}, as_json=False, fields=("name", *PARTS, "files"))
    supporting = [f"{f['path']}{': ' + f['refusal'] if f['refusal'] else ''}" for f in found.get("supporting", ())]
    if supporting:
        print_record({"supporting": supporting}, as_json=False)
    votes = [f"{v['steward']}: {v['decision']} {v['path']}" for v in found["votes"]]
    if votes:
        typer.echo()
        print_record({"votes": votes}, as_json=False)
    overrides = [f"{o['steward']}: {o['reason']}" for o in found.get("overrides", ())]
    if overrides:
        print_record({"overrides": overrides}, as_json=False)
    for file in found["files"]:
        typer.echo()
        print_record(file, as_json=False, fields=("path", "kind", "size", "canonical_name", "canonical"))
        findings = sorted(file["findings"], key=lambda f: f["severity"])
        if findings:
            print_rows(findings, ("severity", "check", "place", "sentence"), as_json=False)
    return None
