"""``datalab register``: what anybody may read of the lab without a login."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.client import place
from hub.cli.options import AsJson, examples, portal
from hub.cli.screen import print_record, print_rows
from hub.domain.publications import PublicField, PublicKind

app = typer.Typer(help="The public register: what anybody may read without a login.", no_args_is_help=True)
Kind = Annotated[PublicKind, typer.Argument(help="What it is.", metavar="KIND")]
Name = Annotated[str, typer.Argument(help="Its name, or a release's identifier.", metavar="NAME")]
COLUMNS = ("kind", "subject", "key", "fields", "changed_by", "changed")


@app.command("list", epilog=examples("datalab register list"))
def list_public(context: typer.Context, as_json: AsJson = False) -> None:
    """List what is public, by the lab's own names: all for stewards and auditors, what they decided for others."""
    rows = portal(context).get("/publications")
    print_rows(rows, COLUMNS, as_json=as_json, nothing="Nothing is public.")


@app.command(
    epilog=examples(
        "datalab register publish project care --field title --field purpose",
        "datalab register publish release export-abc --field released --field files",
        "datalab register publish dataset wages",
    )
)
def publish(
    context: typer.Context,
    kind: Kind,
    name: Name,
    field: Annotated[list[PublicField] | None, typer.Option("--field", "-f", help="A field that is public.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say which fields are public from now on, those alone; without any, it is taken out of the register."""
    fields = [str(f) for f in field or ()]
    kept = portal(context).put(place("publications", str(kind), name), {"fields": fields})
    print_record(kept, as_json=as_json, fields=COLUMNS)
