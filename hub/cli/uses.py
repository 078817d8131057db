"""``datalab dataset uses``: for owners, who had their data, what left, and what is due."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.client import place
from hub.cli.files import write_new
from hub.cli.options import AsJson, DatasetName, portal
from hub.cli.screen import print_record, print_rows

EXAMPLES = ("datalab dataset uses health-insurance", "datalab dataset uses health-insurance --csv evidence.csv")
COLUMNS = ("kind", "at", "ended", "person", "project", "subject", "state", "snapshot", "policy")
DIGEST_SHOWN = 12


def uses(
    context: typer.Context,
    name: DatasetName,
    csv: Annotated[Path | None, typer.Option(help="Write all of it into a new CSV file.", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Show who had which snapshot, what was made of it and what left; for stewards of the owner, and auditors."""
    lab = portal(context)
    if csv is not None:
        written = write_new(csv.parent, csv.name, lab.download(place("datasets", name, "uses", "csv")))
        return print_record({"file": str(written)}, as_json=as_json)
    found = lab.get(place("datasets", name, "uses"))
    if as_json:
        return print_record(found, as_json=True)
    rows = [
        use | {key: str(use[key] or "")[:19] for key in ("at", "ended")}
        | {key: use[key][:DIGEST_SHOWN] for key in ("snapshot", "policy")}
        for use in found["uses"]
    ]  # fmt: skip
    return print_rows(rows, COLUMNS, as_json=False, nothing="Nobody has used it yet.")
