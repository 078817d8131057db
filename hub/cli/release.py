"""``datalab release``: what left the lab, with its receipts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.bag import PAYLOAD, write_tags
from hub.cli.client import Portal, place
from hub.cli.files import write_new
from hub.cli.options import AsJson, Reason, examples, portal
from hub.cli.screen import print_record, print_rows
from hub.domain.release_crate import CRATE_NAME, RECEIPT_NAME, place_of, release_urn
from hub.domain.releases import crate_in

app = typer.Typer(help="Releases: approved canonical files with their signed receipts.", no_args_is_help=True)
Identifier = Annotated[str, typer.Argument(help="The release's identifier, the same as its request's.")]
FIELDS = ("id", "project", "released_by", "created", "files", "revoked", "revoked_reason")
TERM = ("release", "ends", "opened_by", "reason")
RECEIPT = RECEIPT_NAME


@app.command("list", epilog=examples("datalab release list"))
def list_releases(context: typer.Context, as_json: AsJson = False) -> None:
    """List the releases that you may see, newest first."""
    rows = portal(context).get("/releases")
    print_rows(rows, ("id", "project", "released_by", "created", "revoked"), as_json=as_json)


@app.command(epilog=examples("datalab release show export-abc"))
def show(context: typer.Context, release: Identifier, as_json: AsJson = False) -> None:
    """Show a release with its files."""
    found = portal(context).get(place("releases", release))
    print_record(found, as_json=as_json, fields=FIELDS)


@app.command(
    epilog=examples(
        "datalab release download export-abc --to report", "datalab release download export-abc --to bag --bag"
    )
)
def download(
    context: typer.Context,
    release: Identifier,
    to: Annotated[
        Path, typer.Option(help="A folder for the files, receipt.json and ro-crate-metadata.json.", file_okay=False)
    ],
    bag: Annotated[bool, typer.Option("--bag", help="Make the folder a BagIt bag, the files in its data.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch a release's files, its receipt and its crate, through a download of your own; each file is recorded."""
    written = fetch(portal(context), release, to / PAYLOAD if bag else to)
    if bag:
        key = str(json.loads((to / PAYLOAD / RECEIPT).read_bytes())["key"])
        written += write_tags(to, written, release_urn(key, release))
    print_rows([{"file": str(path)} for path in written], ("file",), as_json=as_json)


def fetch(lab: Portal, release: str, folder: Path) -> list[Path]:
    """Write the receipt and every released file into a folder."""
    found = lab.get(place("releases", release))
    own = lab.post(place("releases", release, "downloads"))["id"]
    receipt = lab.download(place("releases", release, "receipt"))
    written = [write_new(folder, RECEIPT_NAME, receipt)]
    if crate_in(receipt.decode()) is not None:
        written.append(write_new(folder, CRATE_NAME, lab.download(place("releases", release, "crate"))))
    for file in found["files"]:
        content = lab.download(place("releases", release, "downloads", own, "files", file["name"]))
        written.append(write_new(folder, place_of(file["name"]), content))
    return written


@app.command(epilog=examples("datalab release reopen export-abc --reason 'The author lost the file' --days 7"))
def reopen(
    context: typer.Context,
    release: Identifier,
    reason: Reason,
    days: Annotated[int | None, typer.Option(help="From now on; without it, as many as the lab allows.", min=1)] = None,
    as_json: AsJson = False,
) -> None:
    """Open a release again for download, as a steward, once the time to fetch it is over."""
    body = {"reason": reason} | ({} if days is None else {"days": days})
    print_record(portal(context).post(place("releases", release, "reopen"), body), as_json=as_json, fields=TERM)


@app.command(epilog=examples("datalab release revoke export-abc --reason 'Published with a wrong title'"))
def revoke(context: typer.Context, release: Identifier, reason: Reason, as_json: AsJson = False) -> None:
    """Revoke a release, as a steward: nobody downloads it from the lab any more."""
    found = portal(context).post(place("releases", release, "revoke"), {"reason": reason})
    print_record(found, as_json=as_json, fields=FIELDS)


@app.command(epilog=examples("datalab release key --to lab.pub"))
def key(
    context: typer.Context,
    to: Annotated[Path | None, typer.Option(help="Write the key as PEM into this new file.", dir_okay=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Show the lab's public key; compare its fingerprint with the one that the lab gave you another way."""
    found = portal(context).get("/key")
    if to is not None:
        write_new(to.absolute().parent, to.name, found["pem"].encode())
    print_record(found, as_json=as_json, fields=("fingerprint",))


@app.command(epilog=examples("datalab release revocations --to revoked.json"))
def revocations(
    context: typer.Context,
    to: Annotated[Path, typer.Option(help="Write the signed list into this new file.", dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Fetch the signed list of revoked releases, which recipients hold their receipts against."""
    path = write_new(to.absolute().parent, to.name, portal(context).download("/revocations"))
    print_rows([{"file": str(path)}], ("file",), as_json=as_json)
