"""``datalab dataset twin``: what workspaces see in place of a secret dataset."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.client import Json, Portal, place
from hub.cli.options import AsJson, DataFiles, DatasetName, examples, portal, toml_in
from hub.cli.screen import print_record
from hub.cli.waiting import shown, wait_until
from hub.domain.errors import ConflictError, InvalidError

app = typer.Typer(help="Synthetic twins: what workspaces see in place of a secret dataset.", no_args_is_help=True)
FIELDS = ("id", "dataset", "state", "method", "epsilon", "rows", "seed", "digest", "snapshot", "asked_by", "decided")


@app.command(
    epilog=examples(
        "datalab dataset twin make wages --epsilon 1", "datalab dataset twin make wages --domains wages-columns.toml"
    )
)
def make(
    context: typer.Context,
    name: DatasetName,
    epsilon: Annotated[str, typer.Option(help="How much of the dataset's privacy budget it may cost.")] = "1",
    rows: Annotated[int, typer.Option(help="How many rows each of its files has.")] = 1000,
    domains: Annotated[
        Path | None,
        typer.Option(
            help="A TOML file that says of columns, from public knowledge, their values or their range.",
            metavar="FILE",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have a twin made of a secret dataset's newest snapshot, as a steward of its owner; waits for the checks.

    Each column is drawn by itself from counts with noise; what that costs is charged at once and never given back.
    """
    asked = {"epsilon": _cost(epsilon), "rows": rows, "domains": _declared(domains)}
    lab = portal(context)
    _wait(lab, dict(lab.post(place("datasets", name, "twins"), asked)), as_json=as_json)


def _cost(text: str) -> str:
    try:
        return str(Decimal(text))
    except InvalidOperation:
        raise InvalidError("Epsilon is a number, such as 0.5.", reason="epsilon") from None


def _declared(file: Path | None) -> list[Json]:
    """Read ``[column] values = […]`` and ``[column] low = …, high = …``."""
    if file is None:
        return []
    said = toml_in(file, "twin-domain")
    known = {"values", "low", "high"}
    if not all(isinstance(about, dict) and about.keys() <= known for about in said.values()):
        raise InvalidError("Of each column the file says values, or low and high.", reason="twin-domain")
    return [{"column": column, **about} for column, about in said.items()]


@app.command(epilog=examples("datalab dataset twin supply wages wages.parquet"))
def supply(
    context: typer.Context,
    name: DatasetName,
    files: DataFiles,
    as_json: AsJson = False,
) -> None:
    """Supply a twin of a secret dataset's newest snapshot, as a steward of its owner; waits for the checks.

    It has the snapshot's files, columns and types, and the gate's checks of leaks find nothing of its rows.
    """
    lab = portal(context)
    uploads = [lab.upload(file)["id"] for file in files]
    asked = lab.post(place("datasets", name, "twins", "supplied"), {"uploads": uploads})
    _wait(lab, dict(asked), as_json=as_json)


@app.command(epilog=examples("datalab dataset twin show wages"))
def show(context: typer.Context, name: DatasetName, as_json: AsJson = False) -> None:
    """Show the twin that workspaces see, and what is left of the dataset's privacy budget."""
    book = dict(portal(context).get(place("datasets", name, "twins")))
    if as_json:
        print_record(book, as_json=True)
        return
    used = next((twin for twin in book["twins"] if twin["digest"] and twin["digest"] == book["in_use"]), None)
    newest = book["twins"][0] if book["twins"] else {}
    about = {key: value for key, value in (used or newest).items() if key in (*FIELDS, "reason")}
    seen = "nothing" if used is None else ("nothing: it was changed" if book["broken"] else "this twin")
    budget = {"budget": book["budget"]["budget"], "spent": book["budget"]["spent"]}
    print_record({"dataset": name, "workspaces_see": seen, **budget, **about}, as_json=False)


def _wait(lab: Portal, asked: Json, *, as_json: bool) -> None:
    """Wait until the twin was accepted; ConflictError with the reason when it was not."""
    address = place("datasets", asked["dataset"], "twins")

    def look() -> Json:
        return next(dict(twin) for twin in lab.get(address)["twins"] if twin["id"] == asked["id"])

    with shown(f"twin of {asked['dataset']}") as tell:
        found = wait_until(look, lambda twin: twin["state"] != "making", lambda twin: tell(twin["state"]))
    if found["state"] != "accepted":
        raise ConflictError("There is no twin: {why}", reason="twin-refused", why=found["reason"])
    print_record(found, as_json=as_json, fields=FIELDS)
