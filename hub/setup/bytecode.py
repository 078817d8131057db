"""The lab's own code, compiled: its processes have accounts that may not write into the code's folders.

What is compiled counts as long as it is the source's; whoever changes a source loses time at a start, and nothing else.
"""

from __future__ import annotations

import compileall
import importlib.util
import struct
from collections.abc import Iterator
from pathlib import Path

from hub.setup.places import Places

PACKAGES = ("hub", "spawner_config", "datasets_mount")
HEADER = struct.Struct("<4sIII")
"""The format's number, flags, and the source's time and size (PEP 552)."""


def stale(places: Places) -> Iterator[Path]:
    """Sources whose compiled form is missing, or is that of another version."""
    for package in PACKAGES:
        for source in (places.root / package).rglob("*.py"):
            if not _is_compiled(source):
                yield source


def _is_compiled(source: Path) -> bool:
    seen = source.stat()
    try:
        with Path(importlib.util.cache_from_source(str(source))).open("rb") as file:
            number, flags, time, size = HEADER.unpack(file.read(HEADER.size))
    except (OSError, struct.error):
        return False
    now = (importlib.util.MAGIC_NUMBER, int(seen.st_mtime) & 0xFFFFFFFF, seen.st_size & 0xFFFFFFFF)
    return flags != 0 or (number, time, size) == now


def is_done(places: Places) -> bool:
    """Says whether all of it is compiled."""
    return next(stale(places), None) is None


def make(places: Places) -> None:
    """Compiles what is not."""
    for source in stale(places):
        compileall.compile_file(source, quiet=2, force=True)
