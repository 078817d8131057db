"""Progress of a run: cells done, of how many, in a file that the run's own cells could also write.

Invariants:

* whoever reads it believes nothing but ``i/n`` with 0 ≤ i ≤ n ≤ 1000, and never follows a link or waits on a pipe;
* a run never fails, and never waits, because its progress cannot be told.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path

FILE = "progress"
MOST_BYTES = 32
MOST_CELLS = 1000


def write_progress(folder: Path, done: int, total: int) -> None:
    """Replace the progress; what a cell put in its place is replaced too, or left where it cannot be."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _replace(handle, f"{done}/{total}".encode())
        finally:
            os.close(handle)


def _replace(handle: int, body: bytes) -> None:
    temporary = f".{FILE}"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=handle)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(temporary, flags, 0o644, dir_fd=handle), "wb") as file:
        file.write(body)
    os.rename(temporary, FILE, src_dir_fd=handle, dst_dir_fd=handle)


def read_progress(folder: Path) -> tuple[int, int] | None:
    """Return cells done and cells in all, or None where nothing believable stands there."""
    try:
        descriptor = os.open(folder / FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return parse_progress(os.read(descriptor, MOST_BYTES + 1))
    finally:
        os.close(descriptor)


def parse_progress(body: bytes) -> tuple[int, int] | None:
    """Read ``i/n``; anything else is no progress."""
    match = re.fullmatch(rb"(0|[1-9][0-9]{0,3})/([1-9][0-9]{0,3})", body)
    if match is None:
        return None
    done, total = int(match[1]), int(match[2])
    return (done, total) if done <= total <= MOST_CELLS else None
