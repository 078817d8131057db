"""``datalab dataset``: datasets, and their immutable snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from datasets_mount.catalogue import Tier
from hub.cli import dataset_twin, owners, uses
from hub.cli.client import Json, Portal, place
from hub.cli.options import AsJson, DataFiles, DatasetName, Reason, Until, day_of, examples, portal, toml_in
from hub.cli.screen import print_record, print_rows
from hub.cli.waiting import ENDED, Tell, shown, wait_until
from hub.domain.errors import ConflictError, InvalidError, NotFoundError

app = typer.Typer(help="Datasets: what partners put in, frozen into snapshots.", no_args_is_help=True)
Project = Annotated[str, typer.Argument(help="The project's name.", metavar="PROJECT")]
ABOUT = (
    "name", "title", "owner", "tier", "privacy_unit", "direct_identifiers", "group_columns", "structural_zeros",
    "profile", "approvers", "approver_organisations", "owner_approves",
)  # fmt: skip
FIELDS = (*ABOUT, "snapshot", "files", "rows")


@app.command("list", epilog=examples("datalab dataset list"))
def list_datasets(context: typer.Context, as_json: AsJson = False) -> None:
    """List datasets: all for stewards and auditors, the granted ones for members of projects."""
    found = portal(context).get("/datasets")
    rows = found if as_json else [flat(entry) for entry in found]
    print_rows(rows, ("name", "owner", "tier", "privacy_unit", "profile", "rows", "snapshot"), as_json=as_json)


@app.command(epilog=examples("datalab dataset show health-insurance --json"))
def show(context: typer.Context, name: DatasetName, as_json: AsJson = False) -> None:
    """Show a dataset with its snapshots."""
    entry = find(portal(context), name)
    print_record(entry if as_json else flat(entry), as_json=as_json, fields=FIELDS)


def find(lab: Portal, name: str) -> Json:
    """Return a dataset with its snapshots."""
    for entry in lab.get("/datasets"):
        if entry["dataset"]["name"] == name:
            return dict(entry)
    raise NotFoundError("There is no dataset {name}, or you may not see it.", reason="not-found", name=name)


def flat(entry: Json) -> Json:
    """A dataset and its newest snapshot in one record."""
    newest: Json = entry["snapshots"][-1] if entry["snapshots"] else {"digest": "", "files": []}
    files = [file["path"] for file in newest["files"]]
    rows = sum(file["rows"] for file in newest["files"])
    return {**entry["dataset"], "snapshot": newest["digest"][:16], "files": files, "rows": rows or ""}


@app.command(
    epilog=examples(
        "datalab dataset register wages wages.parquet --title 'Wage panel' --owner jobs-institute "
        "--tier sensitive --unit nr --identifier nr --profile fr-fiscal-personnes"
    )
)
def register(
    context: typer.Context,
    name: DatasetName,
    files: DataFiles,
    title: Annotated[str, typer.Option(help="What people call it.")],
    owner: Annotated[str, typer.Option(help="The organisation that owns it: your own.")],
    tier: Annotated[Tier, typer.Option(help="What workspaces may see.")],
    profile: Annotated[str, typer.Option(help="The disclosure profile, for example uk-sacro.")],
    unit: Annotated[str, typer.Option(help="Column whose values a count counts; without it, each row is one.")] = "",
    identifier: Annotated[list[str] | None, typer.Option(help="A column that names people directly.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="A column that holds several units together.")] = None,
    zero: Annotated[
        list[str] | None,
        typer.Option(help="Values that never stand together.", metavar="COLUMN=VALUE;…"),
    ] = None,
    approvers: Annotated[int, typer.Option(help="How many people must approve a notebook that runs on it.")] = 1,
    organisations: Annotated[int, typer.Option(help="From how many organisations they must come.")] = 1,
    owner_approves: Annotated[
        bool, typer.Option("--owner-approves", help="One of them must be of the dataset's owner.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Register a dataset and its first snapshot, as a steward of its owner; waits for the snapshot."""
    lab = portal(context)
    body = dataset_body(title, owner, tier, profile, unit, identifier or ())
    approval = {
        "approvers": approvers, "approver_organisations": organisations, "owner_approves": owner_approves,
    }  # fmt: skip
    more = {"group_columns": group or [], "structural_zeros": zeros_of(zero or ())}
    lab.put(place("datasets", name), body | more | approval)
    _snapshot(lab, name, files, as_json=as_json)


def dataset_body(title: str, owner: str, tier: str, profile: str, unit: str, identifiers: Sequence[str]) -> Json:
    """What the API takes for a dataset's description."""
    about = {"title": title, "owner": owner, "tier": str(tier), "profile": profile}
    return about | {"privacy_unit": unit, "direct_identifiers": list(identifiers)}


def zeros_of(texts: Sequence[str]) -> list[dict[str, str]]:
    """Read structural zeros as they are typed: ``column=value;column=value``."""
    zeros = [[pair.partition("=") for pair in text.split(";")] for text in texts]
    if any(not (column.strip() and mark) for zero in zeros for column, mark, _ in zero):
        raise InvalidError("A structural zero is typed as column=value;column=value.", reason="zero-form")
    return [{column.strip(): value.strip() for column, _, value in zero} for zero in zeros]


@app.command(epilog=examples("datalab dataset snapshot wages wages-2026.parquet"))
def snapshot(context: typer.Context, name: DatasetName, files: DataFiles, as_json: AsJson = False) -> None:
    """Make a new snapshot of a registered dataset; earlier ones stay as they are."""
    _snapshot(portal(context), name, files, as_json=as_json)


@app.command(epilog=examples("datalab dataset canary wages", "datalab dataset canary wages planted.toml"))
def canary(
    context: typer.Context,
    name: DatasetName,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="A TOML file with canaries and canary_rows, in place of what was declared before.",
            metavar="[FILE]",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Declare what was planted in a dataset, as a steward of its owner; without a file, say how much there is.

    The gate alone is told the values: they are shown nowhere again.
    """
    address = place("datasets", name, "canaries")
    lab = portal(context)
    print_record(lab.put(address, _planted(file)) if file else lab.get(address), as_json=as_json)


def _planted(file: Path) -> Json:
    said = toml_in(file, "canary-form")
    if not said.keys() <= {"canaries", "canary_rows"}:
        raise InvalidError("The file holds canaries and canary_rows, and nothing else.", reason="canary-form")
    return said


def _snapshot(lab: Portal, name: str, files: Sequence[Path], *, as_json: bool) -> None:
    with shown(f"snapshot of {name}") as tell:
        offer = offer_files(lab, name, files, tell)
        made = wait_for_offer(lab, offer["id"], tell)
    print_record(made["offer"], as_json=as_json, fields=("dataset", "snapshot"))


def offer_files(lab: Portal, name: str, files: Sequence[Path], tell: Tell) -> Json:
    """Send files and offer them as a new snapshot."""
    uploads = []
    for number, file in enumerate(files):
        tell("sending", (number, len(files)))
        uploads.append(lab.upload(file)["id"])
    return dict(lab.post(place("datasets", name, "offers"), {"uploads": uploads}))


def wait_for_offer(lab: Portal, identifier: str, tell: Tell) -> Json:
    """Wait until the offer became a snapshot; raises ConflictError with the reason when it does not."""
    seen = wait_until(
        lambda: dict(lab.get(place("offers", identifier))),
        lambda found: found["work"]["state"] in ENDED,
        lambda found: tell(found["work"]["state"]),
    )
    if seen["work"]["state"] != "succeeded":
        raise ConflictError("There is no snapshot: {why}", reason="offer-failed", why=seen["work"]["reason"])
    return seen


@app.command(
    epilog=examples(
        "datalab dataset grant health-insurance care", "datalab dataset grant health-insurance care --until 2026-12-31"
    )
)
def grant(
    context: typer.Context, name: DatasetName, project: Project, until: Until = None, as_json: AsJson = False
) -> None:
    """Let a project use a dataset, or change the last day of that; a steward of the dataset's owner does this."""
    given = portal(context).put(place("projects", project, "datasets", name), {"ends": day_of(until)})
    print_record(given, as_json=as_json)


@app.command(epilog=examples("datalab dataset withdraw health-insurance care --reason 'The agreement has ended'"))
def withdraw(
    context: typer.Context,
    name: DatasetName,
    project: Project,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Take a dataset back from a project; a steward of the dataset's owner does this.

    Workspaces that see it end within seconds, runs on it end or never start, and what draws on it is not released.
    """
    taken = portal(context).delete(place("projects", project, "datasets", name), {"reason": reason})
    print_record(taken, as_json=as_json)


app.add_typer(dataset_twin.app, name="twin")
app.command(epilog=examples(*uses.EXAMPLES))(uses.uses)
app.command(epilog=examples("datalab dataset owners wages vote"))(owners.owners)
app.command(epilog=examples("datalab dataset delegate wages health-steward --until 2026-12-31"))(owners.delegate)
app.command(epilog=examples("datalab dataset undelegate wages health-steward"))(owners.undelegate)
app.command(epilog=examples("datalab dataset delegates wages"))(owners.delegates)
