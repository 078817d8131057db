"""File systems of a few megabytes, to be filled to the last byte."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "datalab", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no byte free."""
    rest = folder / "rest"
    with suppress(OSError), rest.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    assert os.statvfs(folder).f_bavail == 0
    return rest
