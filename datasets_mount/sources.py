"""Dataset files on the machine of the person who offers them, looked at before anything is sent.

Invariants:

* only regular files with content are offered: no link, no pipe, no device, nothing outside of the folder;
* nothing in the folder is passed over in silence, except names that begin with a dot.

What is in the files is judged later, in a container.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from hub.domain.errors import InvalidError

SUFFIXES = frozenset({".csv", ".tsv", ".parquet"})


@dataclass(frozen=True, slots=True)
class LocalFile:
    """One file to offer, its size in bytes."""

    path: Path
    size: int

    @property
    def name(self) -> str:
        """The name that the file is offered under."""
        return self.path.name


def local_files(folder: Path) -> tuple[LocalFile, ...]:
    """Return the CSV and Parquet files of a folder by name; InvalidError names the first that cannot be offered."""
    try:
        entries = sorted((e for e in os.scandir(folder) if not e.name.startswith(".")), key=lambda e: e.name)
    except OSError as error:
        raise InvalidError(
            "The folder {folder} cannot be read ({why}); name a folder with CSV or Parquet files.",
            reason="source-folder",
            folder=folder,
            why=os.strerror(error.errno or 0),
        ) from None
    if not entries:
        raise InvalidError(
            "The folder {folder} has no CSV or Parquet files.", reason="source-empty-folder", folder=folder
        )
    return tuple(_local_file(Path(e.path), e.stat(follow_symlinks=False)) for e in entries)


def _local_file(path: Path, status: os.stat_result) -> LocalFile:
    if not stat.S_ISREG(status.st_mode):
        raise InvalidError(
            "{name} is a folder, a link or a special file; put the file itself there, or take it away.",
            reason="source-special",
            name=path.name,
        )
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidError(
            "{name} is neither CSV nor Parquet; convert it, or take it out of the folder.",
            reason="source-kind",
            name=path.name,
        )
    if not status.st_size:
        raise InvalidError("{name} is empty; put the file there anew.", reason="source-empty", name=path.name)
    return LocalFile(path, status.st_size)
