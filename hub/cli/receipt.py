"""``datalab receipt``: what a recipient verifies, without the lab and without a network."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated

import typer

from hub.adapters.signer import is_signature
from hub.cli.options import AsJson, examples
from hub.cli.screen import print_json, print_record, print_rows
from hub.domain.errors import InvalidError, NotFoundError
from hub.domain.releases import ReleasedFile, verify_file, verify_receipt
from hub.domain.uploads import Stored

app = typer.Typer(help="Receipts: verified offline, by anybody.", no_args_is_help=True)
LARGEST_RECEIPT = 16 * 2**20
PIECE = 2**20


@app.callback()
def group() -> None:
    """Receipts: verified offline, by anybody."""


@app.command(
    epilog=examples(
        "datalab receipt verify report/receipt.json --key lab.pub",
        "datalab receipt verify report/receipt.json --key lab.pub --files report",
    )
)
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt.", metavar="FILE", exists=True, dir_okay=False)],
    key: Annotated[Path, typer.Option(help="The lab's public key, as PEM.", exists=True, dir_okay=False)],
    files: Annotated[
        Path | None, typer.Option(help="Folder of the released files: their bytes are verified, too.", file_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a receipt's signature, and the released files where their folder is named.

    The exit code is 1 when anything does not agree.
    """
    named = verified(file, key, files)
    receipt = json.loads(file.read_text(encoding="utf-8"))
    rows = [{"file": f.name, "size": f.size, "sha256": f.sha256, "bytes": _said(files)} for f in named]
    if as_json:
        return print_json({"verified": True, "request": receipt["request"], "files": rows})
    about = {name: receipt[name] for name in ("lab", "project", "request", "released", "key")}
    print_record({"signature": "valid", **about}, as_json=False)
    return print_rows(rows, ("bytes", "file", "size", "sha256"), as_json=False)


def _said(folder: Path | None) -> str:
    return "as released" if folder else "not looked at"


def verified(receipt: Path, key: Path, folder: Path | None) -> tuple[ReleasedFile, ...]:
    """Return the files that a receipt names, each verified where a folder is given."""
    if receipt.stat().st_size > LARGEST_RECEIPT:
        raise InvalidError("This is no receipt of a data lab: it is too long.", reason="not-a-receipt")
    try:
        text = receipt.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidError("This is no receipt of a data lab.", reason="not-a-receipt") from None
    pem = key.read_bytes()
    named = verify_receipt(text, lambda signature, message: is_signature(pem, signature, message))
    for file in named if folder else ():
        verify_file(file, _hashed((folder or Path()) / file.name, file.name))
    return named


def _hashed(path: Path, name: str) -> Stored:
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as stream:
            while piece := stream.read(PIECE):
                digest.update(piece)
                size += len(piece)
    except FileNotFoundError:
        raise NotFoundError(
            "The released file {name} is not in the folder.", reason="file-missing", name=name
        ) from None
    return Stored(digest.hexdigest(), size)
