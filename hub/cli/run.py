"""``datalab run``: runs of approved notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli import notebook as notebooks
from hub.cli.client import Json, Portal, place
from hub.cli.files import write_new
from hub.cli.options import AsJson, NewPriority, PriorityOption, ProjectFilter, Wait, examples, portal
from hub.cli.screen import print_record, print_rows, size_text
from hub.cli.values import typed
from hub.cli.waiting import ENDED, Tell, shown, wait_until
from hub.domain.errors import ConflictError
from hub.domain.priorities import Priority
from hub.domain.run_times import clock

app = typer.Typer(help="Runs: approved notebooks, executed with parameters.", no_args_is_help=True)
Identifier = Annotated[str, typer.Argument(help="The run's identifier.", metavar="RUN")]
COLUMNS = ("id", "project", "notebook", "requester", "state", "parameters", "created")
PROGRESS = ("priority", "progress", "place_in_queue", "reason")
REPRODUCTIONS = {
    "reproduced": "reproduced: run again in a clean container, all outputs are the same, byte for byte",
    "not_reproduced": "not reproduced: run again, it gave other outputs; “datalab run show --json” names them",
    "untried": "untried: no repetition has ended well yet; “datalab run reproduce” makes one",
}
FIELDS = (*COLUMNS, "snapshots", *PROGRESS, "outputs", "resources", "reproduces", "reproduction")


@app.command("list", epilog=examples("datalab run list --project care"))
def list_runs(context: typer.Context, project: ProjectFilter = "", as_json: AsJson = False) -> None:
    """List runs, newest first."""
    found = portal(context).get("/runs", project=project)
    print_rows(found if as_json else [flat(entry) for entry in found], COLUMNS, as_json=as_json)


@app.command(epilog=examples("datalab run show run-abc"))
def show(context: typer.Context, run: Identifier, as_json: AsJson = False) -> None:
    """Show a run with its outputs."""
    _print(portal(context).get(place("runs", run)), as_json=as_json)


def flat(found: Json) -> Json:
    """A run and its work in one record."""
    outputs = [file["path"] for file in found["run"]["outputs"]]
    work = {key: found["work"][key] for key in ("state", "priority", "reason")}
    return {
        **found["run"],
        **work,
        "outputs": outputs,
        "progress": _told(found),
        "place_in_queue": found.get("place_in_queue"),
        "reproduction": _reproduction(found),
    }


def _told(found: Json) -> str:
    """How far a run has come, as its page says it."""
    progress, times = _progress(found), _times(found)
    told = [f"{progress[0]} of {progress[1]} cells"] if progress else []
    told += [f"{clock(times['elapsed'])} so far"] if times else []
    told += [f"about {clock(times['left'])} more"] if times.get("left") else []
    return "; ".join([*told, *filter(None, (_memory(found),))])


def _reproduction(found: Json) -> str:
    """What repetitions of a run say of its outputs; of one that is not to be repeated, nothing."""
    if found["work"]["state"] != "succeeded" or found["run"].get("reproduces"):
        return ""
    return REPRODUCTIONS.get(found.get("reproduction", ""), "")


def _print(found: Json, *, as_json: bool) -> None:
    print_record(found if as_json else flat(found), as_json=as_json, fields=FIELDS)


@app.command(epilog=examples("datalab run start care/table year=3 plan=free --wait", "datalab run start notebook-abc"))
def start(
    context: typer.Context,
    notebook: Annotated[str, typer.Argument(help="An approved notebook: its identifier or PROJECT/NAME.")],
    values: Annotated[list[str] | None, typer.Argument(help="Parameters.", metavar="NAME=VALUE…")] = None,
    priority: PriorityOption = Priority.NORMAL,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Run an approved notebook; parameters that are not named keep their defaults.

    With --wait, the exit code is 1 unless the run succeeds.
    """
    lab = portal(context)
    approved = notebooks.find(lab, notebook, "approved")
    found = start_run(lab, approved, values or [], priority)
    if wait:
        with shown(f"run of {approved['name']}") as tell:
            found = wait_for_run(lab, found["run"]["id"], tell)
    _print(found, as_json=as_json)
    if wait:
        check_succeeded(found)


def start_run(lab: Portal, approved: Json, words: list[str], priority: Priority = Priority.NORMAL) -> Json:
    """Queue a run with words typed as name=value."""
    parameters = typed(words, approved["parameters"])
    return dict(lab.post("/runs", {"notebook": approved["id"], "parameters": parameters, "priority": priority}))


def wait_for_run(lab: Portal, identifier: str, tell: Tell) -> Json:
    """Wait until a run has ended, showing how many cells are done, and about how long it takes yet."""
    return wait_until(
        lambda: dict(lab.get(place("runs", identifier))),
        lambda found: found["work"]["state"] in ENDED,
        lambda found: tell(found["work"]["state"], _progress(found), _times(found).get("left"), _memory(found)),
    )


def _progress(found: Json) -> tuple[int, int] | None:
    progress = found.get("progress")
    return (progress[0], progress[1]) if progress else None


def _times(found: Json) -> Json:
    return found.get("times") or {}


def _memory(found: Json) -> str:
    memory = found.get("memory")
    return f"memory {size_text(memory['used'])} of {size_text(memory['allowed'])}" if memory else ""


def check_succeeded(found: Json) -> None:
    """A run that did not succeed is said to, with the reason."""
    work = found["work"]
    if work["state"] != "succeeded":
        raise ConflictError(
            "The run {id} {state}: {why}",
            reason="run-" + work["state"].replace("_", "-"),
            id=found["run"]["id"],
            state=work["state"].replace("_", " "),
            why=work["reason"] or "see its page.",
        )


@app.command(epilog=examples("datalab run record run-abc --to evidence"))
def record(
    context: typer.Context,
    run: Identifier,
    to: Annotated[Path, typer.Option(help="A folder for ro-crate-metadata.json.", file_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Fetch the record of a run that has ended, as Workflow Run RO-Crate: digests and values, no contents."""
    content = portal(context).download(place("runs", run, "record"))
    written = write_new(to, "ro-crate-metadata.json", content)
    print_rows([{"file": str(written)}], ("file",), as_json=as_json)


@app.command(epilog=examples("datalab run reproduce run-abc --wait"))
def reproduce(context: typer.Context, run: Identifier, wait: Wait = False, as_json: AsJson = False) -> None:
    """Run a run that succeeded again, in a clean container, and compare the outputs by SHA-256.

    With --wait, the exit code is 1 unless all outputs are the same.
    """
    lab = portal(context)
    found = dict(lab.post(place("runs", run, "reproduce")))
    repeated = found["run"]["id"]
    if wait:
        with shown(f"repetition of {run}") as tell:
            found = wait_for_run(lab, repeated, tell)
    _print(found, as_json=as_json)
    if wait:
        check_succeeded(found)
        check_equal(lab.get(place("runs", run)), repeated)


def check_equal(original: Json, repeated: str) -> None:
    """A repetition whose outputs are others is said to be, with their paths."""
    entry = next(r for r in original["repetitions"] if r["run"] == repeated)
    if not entry["equal"]:
        raise ConflictError(
            "The run {id} gave other outputs than {original}: {paths}",
            reason="run-not-reproduced",
            id=repeated,
            original=original["run"]["id"],
            paths=", ".join(entry["differing"]),
        )


@app.command("priority", epilog=examples("datalab run priority run-abc low"))
def set_priority(context: typer.Context, run: Identifier, priority: NewPriority, as_json: AsJson = False) -> None:
    """Let a run that waits go before or behind the other runs of its project: low, normal or high.

    You set low or normal for your own runs; the project's lead sets any. Turns of other projects stay as they are.
    """
    print_record(portal(context).put(place("runs", run, "priority"), {"priority": priority}), as_json=as_json)


@app.command(epilog=examples("datalab run cancel run-abc"))
def cancel(context: typer.Context, run: Identifier, as_json: AsJson = False) -> None:
    """Ask for a run to be ended; it ends within seconds."""
    print_record(portal(context).post(place("runs", run, "cancel")), as_json=as_json)
