"""``datalab notebook``: notebooks on their way to approval."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.client import Json, Portal, place
from hub.cli.options import AsJson, ProjectFilter, Reason, Wait, examples, portal
from hub.cli.screen import plain, print_record, print_rows
from hub.cli.waiting import Tell, shown, wait_until
from hub.domain.errors import ConflictError, InvalidError, NotFoundError

app = typer.Typer(help="Notebooks: submitted, inspected, approved or refused.", no_args_is_help=True)
Identifier = Annotated[str, typer.Argument(help="Its identifier, or PROJECT/NAME for the newest of that name.")]
ABOUT = ("id", "project", "name", "state", "author", "purpose", "datasets", "parameters", "digest", "validation")
FIELDS = (*ABOUT, "approvals", "decided_by", "reason")


@app.command("list", epilog=examples("datalab notebook list --project care"))
def list_notebooks(context: typer.Context, project: ProjectFilter = "", as_json: AsJson = False) -> None:
    """List notebooks with the state of their approval."""
    rows = portal(context).get("/notebooks", project=project)
    print_rows(rows, ("id", "project", "name", "state", "author", "decided_by"), as_json=as_json)


@app.command(epilog=examples("datalab notebook show care/table --source", "datalab notebook show notebook-abc --json"))
def show(
    context: typer.Context,
    notebook: Identifier,
    source: Annotated[bool, typer.Option("--source", help="Print its cells, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a notebook with its parameters; the view is recorded."""
    lab = portal(context)
    found = lab.get(place("notebooks", find(lab, notebook)["id"]))
    print_record(found if as_json else _flat(found), as_json=as_json, fields=FIELDS)
    if source and not as_json:
        for number, (kind, text) in enumerate(found["cells"], 1):
            typer.echo(f"\n── cell {number} · {plain(kind)}")
            typer.echo("\n".join(plain(line) for line in text.splitlines()))


@app.command(epilog=examples("datalab notebook search wages year", "datalab notebook search --dataset jobs"))
def search(
    context: typer.Context,
    words: Annotated[list[str] | None, typer.Argument(help="Words that stand in it.", metavar="WORD…")] = None,
    project: ProjectFilter = "",
    dataset: Annotated[str, typer.Option(help="Only what runs on it.", metavar="DATASET")] = "",
    as_json: AsJson = False,
) -> None:
    """Search the approved notebooks of your projects by name, purpose, datasets and parameters."""
    rows = portal(context).get("/catalogue", text=" ".join(words or []), project=project, dataset=dataset)
    flat = [row | {"parameters": [p["name"] for p in row["parameters"]]} for row in rows]
    columns = ("id", "project", "name", "version", "datasets", "parameters", "purpose")
    print_rows(rows if as_json else flat, columns, as_json=as_json, nothing="No approved notebook was found.")


@app.command(epilog=examples("datalab notebook changes care/table"))
def changes(context: typer.Context, notebook: Identifier, as_json: AsJson = False) -> None:
    """Show what changed in a notebook's cells since the version that was approved before; the view is recorded."""
    lab = portal(context)
    found = lab.get(place("notebooks", find(lab, notebook)["id"], "changes"))
    if as_json:
        print_record(found, as_json=True)
        return
    typer.echo("\n".join(changed_lines(found)))


MARKS = {"same": " ", "added": "+", "removed": "-"}


def changed_lines(found: Json) -> list[str]:
    """What changed, as lines for a terminal; cells that did not change are left out."""
    if not found["before"]:
        return ["No version of this name was approved before."]
    lines = [f"compared with {found['before']}"]
    lines += [] if found["same_image"] else ["It is for another image."]
    lines += [f"+ dataset {name}" for name in found["datasets_added"]]
    lines += [f"- dataset {name}" for name in found["datasets_removed"]]
    changed = [cell for cell in found["cells"] if cell["change"] != "same"]
    for cell in changed:
        lines.append(f"\n── cell {cell['before'] or '-'} → {cell['after'] or '-'} · {cell['type']} · {cell['change']}")
        lines += [f"{MARKS[line['change']]} {plain(line['text'])}" for line in cell["lines"]]
    return lines if changed else [*lines, "No cell changed."]


def find(lab: Portal, notebook: str, state: str = "") -> Json:
    """Return a notebook by its identifier, or the newest of PROJECT/NAME, in the state where one is given."""
    project, _, name = notebook.partition("/")
    listed = lab.get("/notebooks", project=project if name else "")
    fitting = [n for n in listed if (n["name"] == name if name else n["id"] == notebook) and state in ("", n["state"])]
    if not fitting:
        raise NotFoundError(
            "There is no {state} notebook {notebook}, or you may not see it.",
            reason="not-found",
            state=state or "such",
            notebook=notebook,
        )
    return dict(max(fitting, key=lambda n: n["created"]))


def _flat(found: Json) -> Json:
    return {
        **found,
        "parameters": [describe(p) for p in found["parameters"]],
        "validation": describe_validation(found.get("validation")),
        "approvals": [f"{a['person']} ({a['organisation']})" for a in found.get("approvals", ())],
    }


def describe_validation(validation: Json | None) -> str:
    """What came of a notebook's run on invented data, in a few words."""
    if validation is None:
        return ""
    match validation["result"]:
        case "passed":
            return "passed on invented data"
        case "failed":
            return f"cell {validation['cell']} failed on invented data: {validation['error']}"
    return f"not validated: {validation['reason']}"


def describe(parameter: Json) -> str:
    """A parameter in a few words: its name, what it may be, and its default."""
    low, high = parameter.get("minimum"), parameter.get("maximum")
    span = "".join((f" from {low:g}" if low is not None else "", f" to {high:g}" if high is not None else ""))
    what = " | ".join(parameter["choices"]) or f"{parameter['type']}{span}"
    return f"{parameter['name']}: {what} (default {json.dumps(parameter['default'])})"


@app.command(
    epilog=examples(
        "datalab notebook submit table.ipynb --project care --name table --purpose 'Visits by plan and year' --wait"
    )
)
def submit(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The notebook.", metavar="FILE", exists=True, dir_okay=False)],
    project: Annotated[str, typer.Option("--project", "-p", help="The project that it is for.")],
    name: Annotated[str, typer.Option(help="Its name; an approval replaces the earlier one of that name.")],
    purpose: Annotated[str, typer.Option(help="What it is for, in a sentence.")],
    dataset: Annotated[list[str] | None, typer.Option(help="A dataset that it reads; without, all granted.")] = None,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Submit a notebook's exact bytes for approval; containers read its source and run it on invented data."""
    lab = portal(context)
    with shown(f"notebook {name}") as tell:
        tell("sending")
        sent = submit_file(lab, file, project, name, purpose, tuple(dataset or ()))
        found = wait_for_inspection(lab, sent, tell) if wait else sent
    print_record(found if as_json else _flat(found), as_json=as_json, fields=FIELDS)


def submit_file(lab: Portal, file: Path, project: str, name: str, purpose: str, datasets: tuple[str, ...]) -> Json:
    """Send a notebook and submit it."""
    upload = lab.upload(file)["id"]
    body = {"project": project, "upload": upload, "name": name, "purpose": purpose, "datasets": list(datasets)}
    return dict(lab.post("/notebooks", body))


def wait_for_inspection(lab: Portal, sent: Json, tell: Tell) -> Json:
    """Wait until a container has read it; raises ConflictError with the reason when it cannot be accepted."""
    # Lists are watched and not the notebook itself, since each look at it is an entry of the audit log.
    seen = wait_until(
        lambda: find(lab, sent["id"]),
        lambda found: found["state"] != "inspecting",
        lambda found: tell(found["state"]),
    )
    if seen["state"] == "refused":
        raise ConflictError("The notebook was refused: {why}", reason="notebook-refused", why=seen["reason"])
    return seen


@app.command(
    epilog=examples("datalab notebook approve care/table", "datalab notebook approve notebook-abc --schema schema.json")
)
def approve(
    context: typer.Context,
    notebook: Identifier,
    schema: Annotated[
        Path | None,
        typer.Option(help="JSON list of parameters in place of the drafted ones.", exists=True, dir_okay=False),
    ] = None,
    accept_free_text: Annotated[
        bool, typer.Option("--accept-free-text", help="Say that you know of parameters that take any text.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Approve a notebook with its parameter schema, as a steward or approver, never its author."""
    lab = portal(context)
    body: Json = {"parameters": read_schema(schema)} if schema else {}
    body |= {"accept_free_text": True} if accept_free_text else {}
    found = lab.post(place("notebooks", find(lab, notebook)["id"], "approve"), body)
    print_record(found if as_json else _flat(found), as_json=as_json, fields=FIELDS)


def read_schema(file: Path) -> list[Any]:
    """Read a parameter schema: a JSON list with name, type, default, minimum, maximum and choices."""
    try:
        schema = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        schema = None
    if not isinstance(schema, list):
        raise InvalidError("{file} is no JSON list of parameters.", reason="schema-form", file=file)
    return schema


@app.command(epilog=examples("datalab notebook refuse notebook-abc --reason 'It prints rows; aggregate first'"))
def refuse(context: typer.Context, notebook: Identifier, reason: Reason, as_json: AsJson = False) -> None:
    """Refuse a notebook with the reason, as a steward or approver."""
    _end(context, notebook, "refuse", reason, as_json=as_json)


@app.command(epilog=examples("datalab notebook withdraw notebook-abc --reason 'Replaced by a better one'"))
def withdraw(context: typer.Context, notebook: Identifier, reason: Reason, as_json: AsJson = False) -> None:
    """Withdraw a notebook: queued runs of it do not start, and those under way are ended."""
    _end(context, notebook, "withdraw", reason, as_json=as_json)


def _end(context: typer.Context, notebook: str, step: str, reason: str, *, as_json: bool) -> None:
    lab = portal(context)
    found = lab.post(place("notebooks", find(lab, notebook)["id"], step), {"reason": reason})
    print_record(found if as_json else _flat(found), as_json=as_json, fields=FIELDS)
