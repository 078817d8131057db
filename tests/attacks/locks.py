"""Locks that a container can hold on what it sees, and those of others that it finds there."""

# They run inside of containers, as functions without outer names.

from __future__ import annotations

from typing import Any


def hold_locks(paths: list[str], seconds: float) -> Any:
    import fcntl
    import os
    import pathlib
    import time

    held = []
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held.append(path)
        except OSError:
            pass
    pathlib.Path("/home/scientist/held").touch()
    time.sleep(seconds)
    return held


def find_locks(paths: list[str]) -> Any:
    """Files that somebody else has locked, and what the kernel tells of all locks."""
    import fcntl
    import os
    import pathlib

    found = []
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            found.append(path)
        except OSError:
            pass
        os.close(descriptor)
    return {"locked": found, "told": "FLOCK" in pathlib.Path("/proc/locks").read_text()}


SPACES = ["cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"]
LOCKABLE = [f"/proc/self/ns/{name}" for name in SPACES] + [
    "/", "/dev", "/dev/null", "/dev/shm", "/etc/hostname", "/etc/passwd", "/etc/resolv.conf", "/opt/datalab", "/proc",
    "/proc/cpuinfo", "/proc/locks", "/proc/self/exe", "/proc/sys/kernel/hostname", "/sys", "/sys/kernel", "/tmp",
    "/usr/bin/python3",
]  # fmt: skip
