"""What each attack from inside is given: where a container may write, and what must not be there or work."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path

from hub.doctor.calls import asked_of
from hub.doctor.scene import DATASET, MEMBER
from spawner_config.isolation import SEALED, Purpose
from spawner_config.isolation_paths import MASKED

SCRATCH = ["/tmp", "/dev/shm", "/dev/mqueue"]  # noqa: S108  # inside the container
ABOVE = ["/project"]
"""Where a workspace may write, but not in all that is below: there it sees what runs left."""
WRITABLE: dict[Purpose, list[str]] = {
    Purpose.WORKSPACE: [f"/home/{MEMBER}", "/outputs", "/run/nb", *SCRATCH],
    Purpose.RUN: ["/outputs", "/progress", *SCRATCH],
    Purpose.READER: ["/out", *SCRATCH],
    Purpose.CHECKER: ["/out", *SCRATCH],
}
"""Where else a container of the purpose may write: everywhere else it must not."""
TOLD = [*MASKED, "/dev/kmsg"]
"""What would tell of the machine or of others on it."""
HARMLESS = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"]
"""Devices that every container has."""

Arguments = Mapping[str, object]


def arguments_of(purpose: Purpose, given: Mapping[str, Arguments], digest: str) -> dict[str, Arguments]:
    """Return the arguments of every attack in a container of the purpose."""
    place = f"/data/{DATASET}"
    files = {"folder": place, "file": "persons.parquet"}
    return {
        **given,
        **asked_of(platform.machine()),
        "own-kernel": {"version": Path("/proc/version").read_text(encoding="utf-8").strip()},
        "resolver": {"names": ["localhost.localdomain.example", "lab.example", "metadata.google.internal"]},
        "told-of-others": {"paths": TOLD},
        "host-devices": {"harmless": HARMLESS},
        "writing": {"own": WRITABLE[purpose], "above": ABOVE if purpose is Purpose.WORKSPACE else []},
        "opening": {**files, "other": "years.parquet"},
        "memory-of-files": files,
        "changes": {**files, "other": "years.parquet", "outside": [*WRITABLE[purpose], *ABOVE]},
        "seal": {"folder": place, "seal": list(SEALED)},
        "mounts": {"folder": place},
        "digest": {"folder": place, "digest": digest},
        "memory": {"megabytes": 256},
        "processes": {"most": 100},
        "scratch-space": {"sizes": {"/tmp": 16, "/dev/shm": 96}, "files": {"/tmp": 4096}},  # noqa: S108  # inside the container
        "files": {"files": 9000, "megabytes": 8, "folder": "/outputs"},
    }
