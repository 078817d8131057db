"""A process is known again by its number, its start time and the machine's boot, never by its name.

Invariants:

* a number that the kernel gave to another process since is never signalled;
* a record is written by the process itself, before it becomes the program: it cannot be missing for a running one.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hub.adapters.clock import SystemClock
from hub.settings import Settings

SUFFIX = ".process"


@dataclass(frozen=True, slots=True)
class Record:
    """One process: the machine's boot, the process's number, and when it started, in ticks since the boot."""

    name: str
    boot: str
    pid: int
    started: int


def folder_of(settings: Settings) -> Path:
    """Where supervisord's own files and the records are; only the lab's account may look in."""
    return settings.state / "processes"


def record_file(settings: Settings, name: str) -> Path:
    """The file in which a process of that name says which one it is."""
    return folder_of(settings) / f"{name}{SUFFIX}"


def parse(name: str, text: str) -> Record | None:
    """Read the boot's identifier and a line of /proc/<pid>/stat; None when it is torn or something else."""
    boot, _, line = text.partition("\n")
    number, _, rest = line.partition(" (")
    # The program's name may hold blanks and brackets; what follows its last bracket are plain fields.
    fields = rest.rpartition(")")[2].split()
    try:
        return Record(name, boot, int(number), int(fields[19]))
    except (ValueError, IndexError):
        return None


def read_records(settings: Settings) -> list[Record]:
    """Every record of this lab, of running processes and of ended ones."""
    found = []
    for path in sorted(folder_of(settings).glob(f"*{SUFFIX}")):
        with suppress(OSError, UnicodeDecodeError):
            record = parse(path.name.removesuffix(SUFFIX), path.read_text(encoding="utf-8"))
            found += [record] if record else []
    return found


def write_record(settings: Settings, name: str, pid: int) -> None:
    """Record a process that could not do it itself."""
    with suppress(OSError):
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        record_file(settings, name).write_text(f"{SystemClock().boot()}\n{line}", encoding="utf-8")


def is_alive(record: Record) -> bool:
    """The very process still runs; one that has ended and waits for its parent does not."""
    try:
        line = Path(f"/proc/{record.pid}/stat").read_text(encoding="utf-8")
        boot = SystemClock().boot()
    except OSError:
        return False
    state = line.rpartition(")")[2].split()[0]
    return parse(record.name, f"{boot}\n{line}") == record and state not in "ZX"


def signal_process(record: Record, number: signal.Signals) -> None:
    """Signal the very process; a handle held while it is compared keeps its number from being given away."""
    try:
        handle = os.pidfd_open(record.pid)
    except ProcessLookupError:
        return
    try:
        if is_alive(record):
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)
    finally:
        os.close(handle)


def wait_for_end(records: Iterable[Record], seconds: float) -> list[Record]:
    """Wait until all have ended; returns those that have not."""
    deadline = time.monotonic() + seconds
    left = [record for record in records if is_alive(record)]
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [record for record in left if is_alive(record)]
    return left


def end_all(records: Iterable[Record], patience: float = 10.0) -> list[Record]:
    """Ask all to end, then force those that have not; returns those that even that did not end.

    One that was halted goes on, so that it hears what it is asked.
    """
    left = [record for record in records if is_alive(record)]
    for record in left:
        signal_process(record, signal.SIGTERM)
        signal_process(record, signal.SIGCONT)
    left = wait_for_end(left, patience)
    for record in left:
        signal_process(record, signal.SIGKILL)
    return wait_for_end(left, 5.0)
