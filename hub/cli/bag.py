"""A BagIt bag (RFC 8493) around a release's files, receipt and crate, as the profile Five Safes RO-Crate asks for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from hub.cli.files import write_new

PAYLOAD = "data"


def write_tags(folder: Path, payload: Iterable[Path], identifier: str) -> list[Path]:
    """Write a bag's tag files beside its payload, which lies in ``data`` already; return what was written."""
    lines = [f"{_sha512(path)}  {_written(path.relative_to(folder).as_posix())}" for path in sorted(payload)]
    texts = {
        "bagit.txt": ["BagIt-Version: 1.0", "Tag-File-Character-Encoding: UTF-8"],
        "bag-info.txt": [f"External-Identifier: {identifier}", "Bag-Software-Agent: datalab"],
        "manifest-sha512.txt": lines,
    }
    written = [write_new(folder, name, _text(held)) for name, held in texts.items()]
    tags = [f"{_sha512(path)}  {path.name}" for path in written]
    return [*written, write_new(folder, "tagmanifest-sha512.txt", _text(tags))]


def _text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _written(path: str) -> str:
    """Return a path as a manifest takes it: what would end its line is written by its number."""
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _sha512(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha512").hexdigest()
