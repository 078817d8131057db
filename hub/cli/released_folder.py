"""A folder of released files, held against their receipt: every file that it names, its crate, and nothing else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from hub.cli.plain_file import opened
from hub.domain.errors import InvalidError, NotFoundError
from hub.domain.release_crate import place_of
from hub.domain.releases import ReleasedFile, verify_file
from hub.domain.uploads import Stored


def verify_folder(
    folder: Path, files: Collection[ReleasedFile], crate: ReleasedFile | None, beside: Collection[Path]
) -> None:
    """Every released file and the crate are there, byte for byte, and nothing that was not released.

    ``beside`` are files that may lie there too: the receipt, the key and the list of revoked releases.
    """
    for file in files:
        verify_file(file, hashed(folder / place_of(file.name), file.name))
    if crate is not None:
        verify_file(crate, hashed(folder / crate.name, crate.name))
    known = {folder / place_of(file.name) for file in files} | ({folder / crate.name} if crate else set())
    expected = {path.absolute() for path in (*known, *beside)}
    for path in _held(folder):
        if path not in expected:
            raise InvalidError(
                "The folder holds {name}, which is not of this release.",
                reason="file-not-released",
                name=path.relative_to(folder.absolute()).as_posix(),
            )


def _held(folder: Path) -> Iterator[Path]:
    """Everything below the folder that is no folder; a link is what it is, wherever it leads."""
    for here, folders, names in os.walk(folder.absolute(), onerror=_refuse):
        links = [name for name in folders if (Path(here) / name).is_symlink()]
        yield from (Path(here) / name for name in sorted([*names, *links]))


def _refuse(error: OSError) -> None:
    """What cannot be listed may hold anything."""
    raise error


def hashed(path: Path, name: str) -> Stored:
    """Return digest and size of a plain file."""
    try:
        with opened(path, name) as stream:
            return Stored(hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell())
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(
            "The released file {name} is not in the folder.", reason="file-missing", name=name
        ) from None
