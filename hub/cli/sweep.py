"""``datalab sweep``: a grid of parameters, run as one."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli import notebook as notebooks
from hub.cli.client import Json, place
from hub.cli.options import AsJson, NewPriority, PriorityOption, ProjectFilter, Wait, examples, portal
from hub.cli.screen import print_record, print_rows
from hub.cli.values import typed
from hub.cli.waiting import shown, wait_until
from hub.domain.errors import ConflictError
from hub.domain.priorities import Priority

app = typer.Typer(help="Sweeps: an approved notebook, run at every point of a grid.", no_args_is_help=True)
Identifier = Annotated[str, typer.Argument(help="The sweep's identifier.", metavar="SWEEP")]
COLUMNS = ("id", "project", "notebook", "requester", "created", "progress", "states")
FIELDS = (*COLUMNS, "runs")


@app.command("list", epilog=examples("datalab sweep list --project care"))
def list_sweeps(context: typer.Context, project: ProjectFilter = "", as_json: AsJson = False) -> None:
    """List sweeps, newest first, with how many of their runs have ended."""
    found = portal(context).get("/sweeps", project=project)
    rows = found if as_json else [{**sweep, "progress": _progress(sweep)} for sweep in found]
    print_rows(rows, COLUMNS, as_json=as_json)


@app.command(epilog=examples("datalab sweep start care/table year=1,2,3 plan=free --wait"))
def start(
    context: typer.Context,
    notebook: Annotated[str, typer.Argument(help="An approved notebook: its identifier or PROJECT/NAME.")],
    values: Annotated[list[str], typer.Argument(help="Parameters; several values are the grid.", metavar="NAME=A,B…")],
    priority: PriorityOption = Priority.NORMAL,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Run an approved notebook at every point of a grid; all runs are queued, or none.

    A comma separates values. With --wait, the exit code is 1 unless every run succeeds.
    """
    lab = portal(context)
    approved = notebooks.find(lab, notebook, "approved")
    grid, fixed = gridded(values, approved["parameters"])
    asked = {"notebook": approved["id"], "grid": grid, "parameters": fixed, "priority": priority}
    found = dict(lab.post("/sweeps", asked))
    if wait:
        with shown(f"sweep of {approved['name']}") as tell:
            found = wait_until(
                lambda: dict(lab.get(place("sweeps", found["id"]))),
                lambda seen: seen["progress"][0] == seen["progress"][1],
                lambda seen: tell("", tuple(seen["progress"])),
            )
    _print(found, as_json=as_json)
    if wait and set(found["states"]) != {"succeeded"}:
        raise ConflictError("Not every run of the sweep {id} succeeded.", reason="sweep-failed", id=found["id"])


def gridded(words: list[str], schema: list[Json]) -> tuple[dict[str, list[object]], dict[str, object]]:
    """Return the parameters with several values, and those with one; each value is typed as the schema says."""
    grid: dict[str, list[object]] = {}
    fixed: list[str] = []
    for word in words:
        name, _, text = word.partition("=")
        parts = text.split(",")
        if len(parts) == 1 or name in grid:
            fixed.append(word)
        else:
            grid[name] = [typed([f"{name}={part}"], schema)[name] for part in parts]
    return grid, typed(fixed, schema)


@app.command(epilog=examples("datalab sweep show sweep-abc"))
def show(context: typer.Context, sweep: Identifier, as_json: AsJson = False) -> None:
    """Show a sweep: how many runs have ended, and each with its state."""
    _print(dict(portal(context).get(place("sweeps", sweep))), as_json=as_json)


@app.command("priority", epilog=examples("datalab sweep priority sweep-abc low"))
def set_priority(context: typer.Context, sweep: Identifier, priority: NewPriority, as_json: AsJson = False) -> None:
    """Let the runs of a sweep that wait go before or behind the project's others: low, normal or high.

    You set low or normal for your own sweeps; the project's lead sets any.
    """
    _print(dict(portal(context).put(place("sweeps", sweep, "priority"), {"priority": priority})), as_json=as_json)


@app.command(epilog=examples("datalab sweep cancel sweep-abc"))
def cancel(context: typer.Context, sweep: Identifier, as_json: AsJson = False) -> None:
    """Ask for all runs of a sweep that have not ended to be ended."""
    _print(dict(portal(context).post(place("sweeps", sweep, "cancel"))), as_json=as_json)


def _progress(sweep: Json) -> str:
    done, of = sweep["progress"]
    return f"{done} of {of} runs"


def _print(found: Json, *, as_json: bool) -> None:
    runs = [f"{entry['run']['id']} {entry['work']['state']}" for entry in found["runs"]]
    flat = {**found, "progress": _progress(found), "runs": runs}
    print_record(found if as_json else flat, as_json=as_json, fields=FIELDS)
