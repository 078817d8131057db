"""Forked processes: what happens in one stays in it, and one that does not end is ended."""

from __future__ import annotations

import math
import os
import resource
import select
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

BROKEN = 70
"""The exit code of a child whose own work failed, which no test's failure gives."""
WAITING = 10
"""How many times longer it may wait for the machine, or for what never comes, than it may compute."""


def ended(act: Callable[[], int], seconds: float) -> int | None:
    """Call something in a fork; its exit code, or None where it took longer than it may.

    It may compute for so many seconds, however busy the machine is, and wait for ten times as long.
    """
    child = os.fork()
    if child == 0:
        may_compute(seconds)
        _act(act)
    watch = os.pidfd_open(child)
    try:
        poll = select.poll()
        poll.register(watch, select.POLLIN)
        if not poll.poll(seconds * WAITING * 1000):
            os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code
    finally:
        os.close(watch)


def may_compute(seconds: float) -> None:
    """From now on this process may compute for so long, whole seconds upwards; then it is ended."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


@contextmanager
def lines_of(act: Callable[[Callable[[str], None]], int]) -> Iterator[Iterator[str]]:
    """Call something in a fork that says lines, one by one; whoever leaves early ends it with all that it started."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        os.setpgid(0, 0)
        out = os.fdopen(write, "w", buffering=1, encoding="utf-8")
        _act(lambda: act(lambda line: print(line, file=out, flush=True)))
    os.close(write)
    try:
        with os.fdopen(read, encoding="utf-8") as said:
            yield (line.rstrip("\n") for line in said)
    finally:
        _end(child)


def _end(child: int) -> None:
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _act(act: Callable[[], int]) -> None:
    """Never returns: an error is printed, and ends the child as broken."""
    code = BROKEN
    errors = os.fdopen(os.dup(2), "w", encoding="utf-8")
    try:
        code = act()
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        if code == BROKEN:
            traceback.print_exc(file=errors)
        errors.close()
        sys.stdout = sys.stderr = None
        os._exit(code)


def silence() -> None:
    """From now on, whatever is written to standard output and error is gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def threads() -> list[str]:
    """The names of this process's threads."""
    return [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
