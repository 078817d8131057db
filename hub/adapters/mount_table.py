"""What is mounted now, as the kernel lists it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

TABLE = Path("/proc/self/mountinfo")


def mounts_below(folder: Path) -> Iterator[Path]:
    """Give the mount points below a folder."""
    top = os.fsencode(folder.resolve()) + b"/"
    for line in TABLE.read_bytes().splitlines():
        place = line.split(b" ")[4].decode("unicode_escape").encode("latin-1")
        if place.startswith(top):
            yield Path(os.fsdecode(place))


def is_mounted(folder: Path) -> bool:
    """Say whether something is mounted right there, also a folder of the same file system."""
    return folder.resolve() in mounts_below(folder.parent)
