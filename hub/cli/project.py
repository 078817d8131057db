"""``datalab project``: projects, their members, and the datasets that they may use."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from hub.cli.client import Json, place
from hub.cli.options import AsJson, DatasetName, Reason, Until, day_of, examples, portal
from hub.cli.screen import print_record, print_rows
from hub.domain.errors import InvalidError
from hub.settings_tables import parse_size

app = typer.Typer(help="Projects: purposes with members, dates and datasets.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The project's name.", metavar="PROJECT")]
Person = Annotated[str, typer.Argument(help="The person's login.", metavar="PERSON")]
FirstDay = Annotated[datetime, typer.Option(help="First day.", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]
LastDay = Annotated[datetime, typer.Option(help="Last day.", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]
FIELDS = (
    "name",
    "title",
    "purpose",
    "lead",
    "members",
    "starts",
    "ends",
    "datasets",
    "past_datasets",
    "room",
    "files",
    "growing",
    "workspace_url",
    "workspace_ends",
)


@app.command("list", epilog=examples("datalab project list", "datalab project list --json"))
def list_projects(context: typer.Context, as_json: AsJson = False) -> None:
    """List the projects that you may know of."""
    rows = portal(context).get("/projects")
    print_rows(rows, ("name", "title", "lead", "starts", "ends"), as_json=as_json, nothing="You are in no project yet.")


@app.command(epilog=examples("datalab project show care"))
def show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show a project with its members, datasets and the address of your workspace in it."""
    found = portal(context).get(place("projects", name))
    print_record(found if as_json else _flat(found), as_json=as_json, fields=FIELDS)


def _flat(found: Json) -> Json:
    datasets = [grant["dataset"] for grant in found["grants"]]
    past = [grant["dataset"] for grant in found["past_grants"]]
    waiting = [grant["dataset"] for grant in found.get("waiting_grants", ())]
    workspace = {name: found[name] for name in ("workspace_url", "workspace_ends")}
    return {
        "growing": "",
        **found["project"],
        "datasets": datasets,
        "past_datasets": past,
        "waiting_datasets": waiting,
        **workspace,
        **room_words(found["room"]),
    }


@app.command(
    epilog=examples(
        "datalab project create care --title 'Use of care' --purpose 'How plans change the use of care' "
        "--lead scientist --starts 2026-01-01 --ends 2026-12-31"
    )
)
def create(
    context: typer.Context,
    name: Name,
    title: Annotated[str, typer.Option(help="What people call it.")],
    purpose: Annotated[str, typer.Option(help="What it is for, in a sentence.")],
    lead: Annotated[str, typer.Option(help="Login of the person who leads it.")],
    starts: FirstDay,
    ends: LastDay,
    as_json: AsJson = False,
) -> None:
    """Make a project; an administrator does this, and names its lead."""
    body = project_body(name, title, purpose, lead, starts.date(), ends.date())
    print_record(portal(context).post("/projects", body), as_json=as_json)


def project_body(name: str, title: str, purpose: str, lead: str, starts: date, ends: date) -> Json:
    """What the API takes for a new project."""
    days = {"starts": starts.isoformat(), "ends": ends.isoformat()}
    return {"name": name, "title": title, "purpose": purpose, "lead": lead} | days


@app.command(epilog=examples("datalab project grow care 4G"))
def grow(
    context: typer.Context,
    name: Name,
    size: Annotated[str, typer.Argument(help="Bytes, or a text such as 512M, 4G or 1T.", metavar="SIZE")],
    as_json: AsJson = False,
) -> None:
    """Give a project more room for homes, shared folder, outputs and runs; an administrator does this.

    It grows while people work in it, and never gets less.
    """
    found = portal(context).put(place("projects", name, "room"), {"size": size_of(size)})
    print_record(found if as_json else room_words(found), as_json=as_json)


def size_of(text: str) -> int:
    """Read a size as lab.toml has them."""
    size = parse_size(text)
    if not isinstance(size, int):
        raise InvalidError("A size is typed as 512M, 4G or 1T.", reason="size-form")
    return size


def room_words(room: Json) -> Json:
    """How much room there is, as people read it."""
    words = {
        "room": f"{room['used'] / 2**30:.2f} of {room['size'] / 2**30:.2f} GB",
        "files": f"{room['files_used']} of {room['files']}",
    }
    return words | ({"growing": "in force when the lab is started next"} if room["growing"] else {})


@app.command(epilog=examples("datalab project runs care"))
def runs(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show how many runs a project has left this month, and what was granted beside its budget."""
    _print_runs(portal(context).get(place("projects", name, "runs")), as_json=as_json)


@app.command("grant-runs", epilog=examples("datalab project grant-runs care 200 --reason 'A sweep over all regions'"))
def grant_runs(
    context: typer.Context,
    name: Name,
    count: Annotated[int, typer.Argument(help="How many runs more.", metavar="COUNT", min=1)],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Grant a project more runs until the end of the month, as a steward who never worked in it."""
    found = portal(context).post(place("projects", name, "runs"), {"runs": count, "reason": reason})
    _print_runs(found, as_json=as_json)


def _print_runs(found: Json, *, as_json: bool) -> None:
    granted = [f"{g['runs']} by {g['granted_by']}: {g['reason']}" for g in found["grants"]]
    print_record(found if as_json else {**found, "grants": granted}, as_json=as_json)


@app.command(
    "add-member",
    epilog=examples(
        "datalab project add-member care researcher", "datalab project add-member care researcher --until 2026-06-30"
    ),
)
def add_member(
    context: typer.Context, name: Name, person: Person, until: Until = None, as_json: AsJson = False
) -> None:
    """Add a member, or change their last day; the project's lead does this."""
    changed = portal(context).put(place("projects", name, "members", person), {"until": day_of(until)})
    print_record(changed, as_json=as_json)


@app.command("remove-member", epilog=examples("datalab project remove-member care researcher"))
def remove_member(context: typer.Context, name: Name, person: Person, as_json: AsJson = False) -> None:
    """Remove a member; the project's lead does this."""
    print_record(portal(context).delete(place("projects", name, "members", person)), as_json=as_json)


@app.command(epilog=examples("datalab project grant care health-insurance"))
def grant(
    context: typer.Context,
    name: Name,
    dataset: DatasetName,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Let a project use a dataset, or change the last day of that; a steward of the dataset's owner does this."""
    given = portal(context).put(place("projects", name, "datasets", dataset), {"ends": day_of(until)})
    print_record(given, as_json=as_json)


@app.command(epilog=examples("datalab project accept care registry"))
def accept(context: typer.Context, name: Name, dataset: DatasetName, as_json: AsJson = False) -> None:
    """Accept a dataset that makes the project stricter; the project's lead does this."""
    print_record(portal(context).post(place("projects", name, "datasets", dataset, "accept")), as_json=as_json)


@app.command(epilog=examples("datalab project decline care registry --reason 'The project does without it'"))
def decline(context: typer.Context, name: Name, dataset: DatasetName, reason: Reason, as_json: AsJson = False) -> None:
    """Decline a dataset that the project has not used; the project's lead does this."""
    address = place("projects", name, "datasets", dataset, "decline")
    print_record(portal(context).post(address, {"reason": reason}), as_json=as_json)
