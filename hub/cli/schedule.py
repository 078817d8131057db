"""``datalab schedule``: approved notebooks that run at times."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli import notebook as notebooks
from hub.cli.client import place
from hub.cli.options import AsJson, PriorityOption, ProjectFilter, examples, portal
from hub.cli.screen import print_record, print_rows
from hub.cli.values import typed
from hub.domain.priorities import Priority

app = typer.Typer(help="Schedules: approved notebooks that run at times.", no_args_is_help=True)
Identifier = Annotated[str, typer.Argument(help="The schedule's identifier.", metavar="SCHEDULE")]
COLUMNS = ("id", "project", "notebook", "requester", "state", "cron", "zone", "due")
FIELDS = (*COLUMNS, "priority", "parameters", "files", "run", "prepared", "missed", "missed_last", "said", "reason")


@app.command(
    epilog=examples("datalab schedule make care/table '0 6 * * 1' year=3 --file table.csv --context 'Visits by year'")
)
def make(
    context: typer.Context,
    notebook: Annotated[str, typer.Argument(help="An approved notebook: its identifier or PROJECT/NAME.")],
    times: Annotated[str, typer.Argument(help="Minute, hour, day, month and weekday, as cron has them.")],
    values: Annotated[list[str] | None, typer.Argument(help="Parameters.", metavar="NAME=VALUE…")] = None,
    file: Annotated[list[str] | None, typer.Option(help="An output that each prepared request offers.")] = None,
    priority: PriorityOption = Priority.NORMAL,
    about: Annotated[str, typer.Option("--context", help="The context of the prepared requests.")] = "",
    as_json: AsJson = False,
) -> None:
    """Run an approved notebook at times of the lab's time zone, and prepare a draft of an export request each time.

    Nothing is submitted and nothing approved by a schedule. It stops for good, and says why, when you could not start
    the run yourself any more, or when the project or the lab is frozen.
    """
    lab = portal(context)
    approved = notebooks.find(lab, notebook, "approved")
    parameters = typed(values or [], approved["parameters"])
    asked = {"notebook": approved["id"], "cron": times, "parameters": parameters}
    made = lab.post("/schedules", asked | {"files": file or [], "context": about, "priority": priority})
    print_record(made, as_json=as_json, fields=FIELDS)


@app.command("list", epilog=examples("datalab schedule list --project care"))
def list_schedules(context: typer.Context, project: ProjectFilter = "", as_json: AsJson = False) -> None:
    """List schedules, newest first."""
    print_rows(portal(context).get("/schedules", project=project), COLUMNS, as_json=as_json)


@app.command(epilog=examples("datalab schedule show schedule-abc"))
def show(context: typer.Context, schedule: Identifier, as_json: AsJson = False) -> None:
    """Show a schedule: when it is due, what it started and prepared last, and what it missed."""
    found = portal(context).get(place("schedules", schedule))
    print_record(found, as_json=as_json, fields=FIELDS)


@app.command(epilog=examples("datalab schedule stop schedule-abc"))
def stop(
    context: typer.Context,
    schedule: Identifier,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; members read it.", metavar="SENTENCE")] = "",
    as_json: AsJson = False,
) -> None:
    """Stop a schedule for good; what it has started goes on."""
    found = portal(context).post(place("schedules", schedule, "stop"), {"reason": reason})
    print_record(found, as_json=as_json, fields=FIELDS)
