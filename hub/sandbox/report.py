"""What a run says of itself when its cells have ended: resources that it was allowed and used, and its packages.

It is written into the folder of the progress, when no process of the run is left but the runner. Invariants:

* what a cell put under the same names is gone before, or the runner crashes and nothing of it is believed;
* a run never fails because there is no room for what it says, or because the kernel does not tell it.

Sources: control groups of version 2 (``Documentation/admin-guide/cgroup-v2.rst`` of Linux) and of version 1
(``admin-guide/cgroup-v1/memory.rst`` and ``cpuacct.rst``). A peak is of all memory that the group was charged
with, also for what the kernel keeps of files.
"""

from __future__ import annotations

import contextlib
import os
import sysconfig
from pathlib import Path

from hub.sandbox.exchange import PACKAGES_FILE, REPORT_FILE, PackagesReport, RunReport
from hub.sandbox.program import write_atomically

GROUP = Path("/sys/fs/cgroup")
NO_LIMIT = 2**60
"""Version 1 writes a number near 2**63 where there is no limit."""


def write_report(folder: Path, group: Path = GROUP) -> None:
    """Write both files, after what stands under their names was removed; OSError where that cannot be."""
    _remove(folder, REPORT_FILE)
    write_packages(folder)
    with contextlib.suppress(OSError):
        write_atomically(folder, REPORT_FILE, report(group).model_dump_json().encode())


def write_packages(folder: Path) -> None:
    """Write what is installed, after what stands under the name was removed; OSError where that cannot be."""
    _remove(folder, PACKAGES_FILE)
    with contextlib.suppress(OSError):
        write_atomically(folder, PACKAGES_FILE, PackagesReport(packages=packages()).model_dump_json().encode())


def _remove(folder: Path, *names: str) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(handle, 0o755)  # A cell may have closed the folder, which is its user's.
        for name in names:
            # A folder under the name is nothing that the worker would read.
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                os.unlink(name, dir_fd=handle)
    finally:
        os.close(handle)


def report(group: Path) -> RunReport:
    """Return memory in bytes and processor time in seconds, as the container's control group tells them."""
    if (group / "cgroup.controllers").exists():
        quota, _, period = _text(group / "cpu.max").partition(" ")
        return RunReport(
            memory_allowed=_bounded(_number(group / "memory.max")),
            memory_peak=_number(group / "memory.peak"),
            cpus_allowed=_share(_whole(quota), _whole(period)),
            cpu_seconds=_seconds(_stat(group / "cpu.stat", "usage_usec"), 10**6),
        )
    quota_, period_ = (_number(group / "cpu" / f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    return RunReport(
        memory_allowed=_bounded(_number(group / "memory" / "memory.limit_in_bytes")),
        memory_peak=_number(group / "memory" / "memory.max_usage_in_bytes"),
        cpus_allowed=_share(quota_, period_),
        cpu_seconds=_seconds(_number(group / "cpuacct" / "cpuacct.usage"), 10**9),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _whole(text: str) -> int | None:
    """Return a whole number; ``max``, a negative one and nothing are none."""
    return int(text) if text.isascii() and text.isdigit() else None


def _number(path: Path) -> int | None:
    return _whole(_text(path))


def _stat(path: Path, key: str) -> int | None:
    lines = dict(line.partition(" ")[::2] for line in _text(path).splitlines())
    return _whole(lines.get(key, ""))


def _bounded(number: int | None) -> int | None:
    return None if number is None or number >= NO_LIMIT else number


def _share(quota: int | None, period: int | None) -> float | None:
    return round(quota / period, 3) if quota and period else None


def _seconds(count: int | None, unit: int) -> float | None:
    return None if count is None else round(count / unit, 3)


def packages(folder: Path | None = None) -> tuple[str, ...]:
    """Return what is installed, as ``name==version``, in the order of the names; no file of theirs is read."""
    installed = folder or Path(sysconfig.get_path("purelib"))
    names = (path.name.removesuffix(".dist-info").partition("-") for path in installed.glob("*.dist-info"))
    return tuple(sorted(f"{name}=={version}" for name, _, version in names))
