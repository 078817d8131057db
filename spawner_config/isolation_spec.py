"""What a container is ordered by: what it is for, its folders and its limits, and which orders are nonsense.

Invariants:

* a container sees only the folders that its purpose allows, at fixed places, and writes only where the purpose says;
* it runs as nobody's number, and every limit of it is set;
* nonsense is refused before the engine hears of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from datasets_mount.mounts import Mount
from hub.domain.errors import InvalidError
from spawner_config.names import LABEL


class Purpose(StrEnum):
    """What a container is for."""

    WORKSPACE = "workspace"  # one member's interactive server in one project
    RUN = "run"  # one approved notebook, executed
    READER = "reader"  # parses foreign bytes: snapshot, inspect, read; sees no dataset
    CHECKER = "checker"  # checks fragments against datasets


@dataclass(frozen=True, slots=True)
class Limits:
    """What a container may use: bytes of memory, of ``/tmp`` and of one file; cores; processes; seconds of life.

    The engine has no option for ``seconds``: whoever follows the container ends it.
    """

    memory: int
    cpus: float
    processes: int
    tmp: int
    seconds: int
    file_size: int


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """One container, before the engine makes it; ``uid`` is its user and its group.

    ``runtime`` is the engine's word for what runs it, empty for the engine's usual one.
    """

    purpose: Purpose
    image: str
    command: tuple[str, ...]
    uid: int
    mounts: tuple[Mount, ...]
    limits: Limits
    environment: Mapping[str, str]
    labels: Mapping[str, str]
    working_dir: str
    runtime: str = ""


LOWEST_UID = 100_000
HIGHEST_UID = 2**31 - 1

_SLUG = r"[a-z][a-z0-9-]*"
OTHER_RUNTIME = frozenset({Purpose.READER, Purpose.CHECKER})
"""Purposes that may have a runtime of their own: a workspace's socket must be the host's, and a run takes long."""
READABLE: Mapping[Purpose, str] = {
    Purpose.WORKSPACE: rf"/data/{_SLUG}|/project/runs|/run/hub",
    Purpose.RUN: rf"/data/{_SLUG}|/in",
    Purpose.READER: "/in",
    Purpose.CHECKER: rf"/data/{_SLUG}|/in|/in/fragments",
}
"""Where a container may find a folder that it cannot write."""
WRITABLE: Mapping[Purpose, str] = {
    Purpose.WORKSPACE: rf"/home/{_SLUG}|/project|/outputs|/run/nb",
    Purpose.RUN: "/outputs|/progress",
    Purpose.READER: "/out|/progress",
    Purpose.CHECKER: "/out|/progress",
}
"""Where a container may find a folder that it can write."""


def check_spec(spec: ContainerSpec) -> None:
    """A container runs a command of an image as nobody's number, within limits, on folders of its purpose."""
    if not spec.image or not spec.command:
        raise InvalidError("A container needs an image and a command.", reason="container-empty")
    if not LOWEST_UID <= spec.uid <= HIGHEST_UID:
        raise InvalidError(
            "A container runs as a number from {lowest} on, never as a user of the machine; it was {uid}.",
            reason="container-uid",
            lowest=LOWEST_UID,
            uid=spec.uid,
        )
    if spec.runtime and spec.purpose not in OTHER_RUNTIME:
        raise InvalidError(
            "Only what reads foreign bytes may have another runtime; a container of the kind {purpose} has none.",
            reason="container-runtime",
            purpose=spec.purpose,
        )
    _check_limits(spec.limits)
    _check_words(spec)
    for mount in spec.mounts:
        _check_mount(spec.purpose, mount)
    targets = [m.target for m in spec.mounts]
    if len(set(targets)) < len(targets):
        raise InvalidError("Two folders cannot stand at one place in a container.", reason="container-target-twice")


def _check_limits(limits: Limits) -> None:
    """Every limit is set: for the engine, zero means none."""
    values = (limits.memory, limits.cpus, limits.processes, limits.tmp, limits.seconds, limits.file_size)
    if min(values) <= 0:
        raise InvalidError("Every limit of a container is more than zero.", reason="container-limits")


def _check_words(spec: ContainerSpec) -> None:
    """Environment and labels are plain words, and the container says that it is the lab's."""
    bad = [key for key in spec.environment if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key)]
    texts = (*spec.environment.values(), *spec.labels.values(), *spec.command, spec.image)
    if bad or any("\0" in text for text in texts):
        raise InvalidError(
            "A container's environment has a name or value that no program takes.", reason="container-env"
        )
    if LABEL not in spec.labels:
        raise InvalidError("A container carries the label {label}.", reason="container-label", label=LABEL)
    if not _is_plain_path(spec.working_dir):
        raise InvalidError("A container starts in an absolute folder.", reason="container-working-dir")


def _check_mount(purpose: Purpose, mount: Mount) -> None:
    """A folder of the lab stands at a place that the purpose allows, writable only where the purpose says so."""
    if not _is_plain_path(mount.source) or _belongs_to_the_machine(mount.source):
        raise InvalidError(
            "The folder for {target} must be an absolute path of the lab's own, without “..”.",
            reason="container-source",
            target=mount.target,
        )
    allowed = (WRITABLE if mount.writable else READABLE)[purpose]
    if not re.fullmatch(allowed, mount.target):
        raise InvalidError(
            "A container of the kind {purpose} has no {how} folder at {target}.",
            reason="container-target",
            purpose=purpose,
            how="writable" if mount.writable else "read-only",
            target=mount.target,
        )


def _is_plain_path(path: str) -> bool:
    """Whether the path is absolute, says exactly where it leads, and has no sign that is not printed."""
    return (
        path.startswith("/") and path.isprintable() and ".." not in path.split("/") and str(PurePosixPath(path)) == path
    )


_MACHINE = tuple(PurePosixPath(p) for p in ("/proc", "/sys", "/dev", "/run", "/var/run", "/etc", "/boot"))


def _belongs_to_the_machine(path: str) -> bool:
    """Whether the folder is, holds or lies in one that the machine itself lives by."""
    place = PurePosixPath(path)
    return any(place.is_relative_to(m) or m.is_relative_to(place) for m in _MACHINE)
