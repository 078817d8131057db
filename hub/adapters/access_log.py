"""The gateway's access log as files on disk."""

from __future__ import annotations

import os
from pathlib import Path


class FolderAccessLog:
    """The files that the gateway writes, one for each day; nobody else writes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Return the files' names, oldest first."""
        return sorted(p.name for p in self._folder.glob("gateway-access-*.jsonl") if p.is_file())

    def read(self, name: str, start: int, limit: int) -> bytes:
        """Return at most so many bytes from a place on; none where there is no such file, or it is shorter."""
        try:
            descriptor = os.open(self._folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return b""
        with os.fdopen(descriptor, "rb") as file:
            file.seek(start)
            return file.read(limit)
