"""``datalab report``: what became of the submissions, for stewards and auditors."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.client import Json
from hub.cli.files import write_new
from hub.cli.options import AsJson, ProjectFilter, day_of, examples, portal
from hub.cli.screen import print_record, print_rows

app = typer.Typer(help="Reports on the review of exports, for stewards and auditors.", no_args_is_help=True)
Since = Annotated[
    datetime | None,
    typer.Option("--since", help="First day of submission (UTC).", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD"),
]
Until = Annotated[
    datetime | None,
    typer.Option("--until", help="Last day of submission (UTC).", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD"),
]
COLUMNS = (
    "request",
    "turn",
    "project",
    "author",
    "submitted",
    "claimed",
    "first_decision",
    "state",
    "reviewers",
    "files",
)


@app.command(epilog=examples("datalab report submissions", "datalab report submissions --csv submissions.csv"))
def submissions(
    context: typer.Context,
    project: ProjectFilter = "",
    since: Since = None,
    until: Until = None,
    csv: Annotated[Path | None, typer.Option(help="Write it into a new CSV file.", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a row for each submission of an export request, oldest first."""
    lab, asked = portal(context), {"project": project, "since": day_of(since), "until": day_of(until)}
    if csv is not None:
        written = write_new(csv.parent, csv.name, lab.download("/reports/submissions/csv", **asked))
        return print_record({"file": str(written)}, as_json=as_json)
    found = lab.get("/reports/submissions", **asked)
    return print_rows(found if as_json else map(_short, found), COLUMNS, as_json=as_json)


def _short(row: Json) -> Json:
    return row | {key: str(row[key] or "")[:19] for key in ("submitted", "claimed", "first_decision")}


@app.command(epilog=examples("datalab report figures", "datalab report figures --since 2026-01-01 --json"))
def figures(
    context: typer.Context,
    project: ProjectFilter = "",
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Show the same in numbers: time to the first decision, states, the rules that found most, and months."""
    asked = {"project": project, "since": day_of(since), "until": day_of(until)}
    print_record(portal(context).get("/reports/figures", **asked), as_json=as_json)
