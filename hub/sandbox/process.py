"""The runner's own process: closed to the kernel that it starts, and sure to outlive all that the kernel starts.

The kernel runs as the same user in the same container, and what it runs is not trusted. Invariants after ``harden``:

* no process of the same user can read or write the runner's memory or its open files, its standard output included;
* the runner imports nothing from a folder that a cell can write;
* whatever a cell leaves running becomes a child of the runner, so that ``end_children`` finds it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.program import SandboxError

PR_SET_DUMPABLE, PR_GET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 3, 36
SECONDS_TO_END = 10.0


def harden() -> None:
    """Close the process; OSError where the kernel refuses, since a run must not go on then."""
    _prctl(PR_SET_DUMPABLE, 0)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    sys.path[:] = [entry for entry in sys.path if _is_trusted(entry)]


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def _is_trusted(entry: str) -> bool:
    """The interpreter's own folders and the one that our packages stand in; never the working directory."""
    own = (sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parents[2]))
    return any(Path(entry).is_absolute() and Path(entry).is_relative_to(folder) for folder in own)


def end_children() -> None:
    """Kill every process that the run left, however far it went, so that nothing changes its outputs any more."""
    deadline = time.monotonic() + SECONDS_TO_END
    if os.getpid() == 1:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # All others in the container at once: none can fork away from it.
    while children := _children():
        if time.monotonic() > deadline:
            raise SandboxError(SandboxExit.CRASHED)
        for child in children:
            os.kill(child, signal.SIGKILL)
        _reap()
        time.sleep(0.005)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return


def _children() -> list[int]:
    """Processes whose parent is this one; a child that has ended stays one until it is reaped."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                status = (folder / "stat").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            # The command's name stands in parentheses and may hold any sign; the parent follows the state behind it.
            if int(status.rpartition(b")")[2].split()[1]) == os.getpid():
                found.append(int(folder.name))
    return found
