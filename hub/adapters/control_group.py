"""How much memory a container uses, as the kernel counts it on the host, where nobody inside can change what it says.

Both versions of control groups have a file of the memory that a group is charged with, and count in another what of it
the kernel keeps of files that were not looked at for a while: that is given back when somebody needs it, and is left
out here, as the engine's own command leaves it out.

Sources: ``Documentation/admin-guide/cgroup-v2.rst`` and ``admin-guide/cgroup-v1/memory.rst`` of Linux.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

GROUPS, PROCESSES = Path("/sys/fs/cgroup"), Path("/proc")


@dataclass(frozen=True, slots=True)
class _Version:
    top: str
    used: str
    given_back: str


_FIRST = _Version("memory", "memory.usage_in_bytes", "total_inactive_file")
_SECOND = _Version("", "memory.current", "inactive_file")


def memory_used(process: int, container: str, groups: Path = GROUPS, processes: Path = PROCESSES) -> int | None:
    """Return the bytes that a container uses, found by its first process; None where the kernel does not say.

    The group must be named after the container: a process that ended, and whose number another got, tells nothing.
    """
    try:
        lines = (processes / str(process) / "cgroup").read_text(encoding="ascii", errors="replace").splitlines()
        for number, controllers, place in (line.split(":", 2) for line in lines):
            version = _FIRST if controllers == "memory" else _SECOND if number == "0" else None
            group = groups / version.top / place.lstrip("/") if version else None
            if version and group and container in Path(place).name and (group / version.used).exists():
                return _used(group, version)
    except (OSError, ValueError):  # it ended meanwhile
        return None
    return None


def _used(group: Path, version: _Version) -> int:
    charged = int((group / version.used).read_text(encoding="ascii"))
    counts = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
    return max(0, charged - int(counts.get(version.given_back, 0)))
