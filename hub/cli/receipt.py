"""``datalab receipt``: what a recipient verifies, without the lab and without a network."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hub.adapters.signer import is_signature
from hub.cli.options import AsJson, examples
from hub.cli.plain_file import opened
from hub.cli.released_folder import verify_folder
from hub.cli.screen import print_json, print_record, print_rows
from hub.domain.errors import InvalidError
from hub.domain.releases import ReleasedFile, crate_in, verify_receipt
from hub.domain.revocations import verify_not_revoked
from hub.domain.signed_texts import IsSignature

app = typer.Typer(help="Receipts: verified offline, by anybody.", no_args_is_help=True)
LARGEST_RECEIPT = 16 * 2**20


@app.callback()
def group() -> None:
    """Receipts: verified offline, by anybody."""


@app.command(
    epilog=examples(
        "datalab receipt verify report/receipt.json --key lab.pub",
        "datalab receipt verify report/receipt.json --key lab.pub --files report",
        "datalab receipt verify report/receipt.json --key lab.pub --files report --revoked revoked.json",
    )
)
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt.", metavar="FILE", exists=True, dir_okay=False)],
    key: Annotated[Path, typer.Option(help="The lab's public key, as PEM.", exists=True, dir_okay=False)],
    files: Annotated[
        Path | None,
        typer.Option(help="Folder of the released files: they, the crate and nothing else are there.", file_okay=False),
    ] = None,
    revoked: Annotated[
        Path | None,
        typer.Option(help="The lab's signed list of revoked releases.", exists=True, dir_okay=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a receipt's signature; the released files and their crate where their folder is named, and that it stands.

    The exit code is 1 when anything does not agree.
    """
    named = verified(file, key, files, revoked)
    receipt = json.loads(_read(file))
    issued = verify_not_revoked(_read(revoked), _read(file), _by(key)) if revoked else ""
    rows = [{"file": f.name, "size": f.size, "sha256": f.sha256, "bytes": _said(files)} for f in named]
    stands = {"not revoked, as of": issued} if issued else {}
    if as_json:
        return print_json({"verified": True, "request": receipt["request"], "files": rows} | stands)
    about = {name: receipt[name] for name in ("lab", "project", "request", "released", "key")}
    print_record({"signature": "valid", **about, **stands}, as_json=False)
    return print_rows(rows, ("bytes", "file", "size", "sha256"), as_json=False)


def _said(folder: Path | None) -> str:
    return "as released" if folder else "not looked at"


def verified(receipt: Path, key: Path, folder: Path | None, revoked: Path | None = None) -> tuple[ReleasedFile, ...]:
    """Return the files that a receipt names, with their crate verified where a folder is given."""
    text = _read(receipt)
    named = verify_receipt(text, _by(key))
    if folder is not None:
        verify_folder(folder, named, crate_in(text), [receipt, key, *([revoked] if revoked else [])])
    return named


def _by(key: Path) -> IsSignature:
    """Return what tells signatures by a key."""
    with opened(key, key.name, through_links=True) as stream:
        return partial(is_signature, stream.read(LARGEST_RECEIPT))


def _read(path: Path) -> str:
    with opened(path, path.name, through_links=True) as stream:
        text = stream.read(LARGEST_RECEIPT + 1)
    if len(text) > LARGEST_RECEIPT:
        raise InvalidError("This is no receipt of a data lab: it is too long.", reason="not-a-receipt")
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidError("This is no receipt of a data lab.", reason="not-a-receipt") from None
