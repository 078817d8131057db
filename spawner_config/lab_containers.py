"""Which containers are a lab's own: what was ordered, held against what the lab would have ordered.

Invariants:

* a container sees the lab's own folders alone, each at its place, and all of them of one project, person or work;
* its name, its labels, its user and its command follow from what it is for.

Pure rules: whether the folders are what their names say is looked at by ``hub.privileged``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from datasets_mount.mounts import Mount
from hub.domain.errors import RefusedError
from hub.settings import ContainerLimits, Settings
from spawner_config import names
from spawner_config.isolation import OTHER_RUNTIME, TMP, ContainerSpec, Limits, Purpose

WORKSPACE_COMMAND = (
    *("python", "-P", "-m", "hub.sandbox.serve_workspace"),
    *("--ServerApp.sock=/run/nb/nb.sock", "--ServerApp.sock_mode=0666"),
)
"""JupyterHub's single-user server; ``-P`` keeps the home folder out of where it looks for its own modules."""
LABEL_PLAN = "datalab.plan"
"""Label with a digest of all that a workspace's container was made from, its tokens excepted."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the label of a container says: its purpose, and the one command of the lab that it runs."""

    purpose: Purpose
    command: tuple[str, ...]


def _program(name: str) -> tuple[str, ...]:
    return ("python", "-m", f"hub.sandbox.{name}")


KINDS: Mapping[str, Kind] = {
    "workspace": Kind(Purpose.WORKSPACE, WORKSPACE_COMMAND),
    "snapshot": Kind(Purpose.READER, _program("snapshot")),
    "inspect": Kind(Purpose.READER, _program("inspect_notebook")),
    "read": Kind(Purpose.READER, _program("read")),
    "screen_read": Kind(Purpose.READER, _program("read")),
    "run": Kind(Purpose.RUN, _program("execute")),
    "validate": Kind(Purpose.RUN, _program("validate")),
    "twin": Kind(Purpose.CHECKER, _program("twin")),
    "make_twin": Kind(Purpose.CHECKER, _program("make_twin")),
    "read_twin": Kind(Purpose.READER, _program("read_twin")),
    "check_twin": Kind(Purpose.CHECKER, _program("check_twin")),
    "check": Kind(Purpose.CHECKER, _program("check")),
    "screen": Kind(Purpose.CHECKER, _program("check")),
}
"""By the value of the label ``datalab``."""

LABELS: Mapping[Purpose, frozenset[str]] = {
    Purpose.WORKSPACE: frozenset({names.LABEL, names.LABEL_LAB, names.LABEL_SERVER, LABEL_PLAN}),
    **dict.fromkeys(
        (Purpose.RUN, Purpose.READER, Purpose.CHECKER), frozenset({names.LABEL, names.LABEL_LAB, names.LABEL_WORK})
    ),
}
"""Exactly these labels."""

NAME = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
WORK = r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a container, and which folder below the lab's state folder stands there; both are patterns.

    What one pattern calls ``project``, ``person``, ``server``, ``work`` or ``read`` is the same in all of a container.
    """

    target: str
    source: str
    writable: bool = False
    sealed: bool = False


_DATA = Place(rf"/data/{NAME}", rf"mounts/(?P<project>{NAME})/[0-9a-f]{{64}}", sealed=True)
_INSIDE = Place("/in", rf"scratch/(?P<work>{WORK})/in")
_OUT = Place("/out", rf"scratch/(?P<work>{WORK})/out", writable=True)
_PROGRESS = Place("/progress", rf"scratch/(?P<work>{WORK})/progress", writable=True)

PLACES: Mapping[Purpose, tuple[Place, ...]] = {
    Purpose.WORKSPACE: (
        Place(rf"/home/(?P<person>{NAME})", rf"projects/(?P<project>{NAME})/home/(?P<person>{NAME})", writable=True),
        Place("/project", rf"projects/(?P<project>{NAME})/shared", writable=True),
        Place("/project/runs", rf"mounts/(?P<project>{NAME})/runs", sealed=True),
        Place("/outputs", rf"projects/(?P<project>{NAME})/outputs/(?P<person>{NAME})", writable=True),
        Place("/run/nb", r"servers/(?P<server>[0-9a-f]{16})/nb", writable=True),
        Place("/run/hub", r"servers/(?P<server>[0-9a-f]{16})/hub"),
        _DATA,
    ),
    Purpose.RUN: (
        _INSIDE,
        Place("/outputs", rf"projects/(?P<project>{NAME})/(?:runs|held)/(?P<work>{WORK})", writable=True),
        # A validation's outputs are nobody's: they go when it has ended.
        Place("/outputs", rf"scratch/(?P<work>{WORK})/out", writable=True),
        _PROGRESS,
        _DATA,
    ),
    Purpose.READER: (_INSIDE, _OUT, _PROGRESS),
    Purpose.CHECKER: (
        _INSIDE,
        Place("/in/fragments", rf"scratch/(?P<read>{WORK})/fragments", sealed=True),
        _OUT,
        _PROGRESS,
        _DATA,
    ),
}
"""Which of the lab's folders stands where."""


def check_order(settings: Settings, name: str, spec: ContainerSpec) -> None:
    """A container of the lab runs one of its commands, as its project's number, in its own name, on its own folders."""
    kind = KINDS.get(spec.labels.get(names.LABEL, ""))
    if kind is None or (kind.purpose, kind.command) != (spec.purpose, spec.command):
        raise _refused("it does not run the command that its label says", "order-command")
    if not DIGEST.fullmatch(spec.image):
        raise _refused("an image is named by its digest", "order-image")
    if set(spec.labels) != LABELS[spec.purpose] or spec.labels[names.LABEL_LAB] != settings.name:
        raise _refused("its labels are not those of a container of this lab", "order-labels")
    if spec.environment:
        # A variable could make a program run other code than its own; a workspace's are told to it by its claim.
        raise _refused("its environment has a variable that the lab does not set", "order-environment")
    if spec.runtime != (settings.reader.runtime if spec.purpose in OTHER_RUNTIME else ""):
        raise _refused("its runtime is not the one that lab.toml names", "order-runtime")
    _check_user(settings, spec)
    named = names_in(settings, spec)
    _check_limits(settings, spec, named.get("project", ""))
    if spec.purpose is Purpose.WORKSPACE:
        _check_workspace(settings, name, spec, named)
    else:
        _check_work(settings, name, spec, named)


def _refused(why: str, reason: str) -> RefusedError:
    return RefusedError("This container is not ordered: {why}.", reason=reason, why=why)


def _check_user(settings: Settings, spec: ContainerSpec) -> None:
    """People's code runs as its project's number, and what reads foreign bytes as the reader's."""
    storage = settings.storage
    own = spec.purpose in (Purpose.WORKSPACE, Purpose.RUN)
    right = spec.uid >= storage.uid_base and spec.uid != storage.reader_uid if own else spec.uid == storage.reader_uid
    if not right:
        raise _refused("it does not run as a number of this lab", "order-user")


def most_of(settings: Settings, purpose: Purpose, project: str = "") -> Limits:
    """Return the most that a container of the purpose may use, in a project with an allowance of its own."""
    most: ContainerLimits = {Purpose.WORKSPACE: settings.workspace_in(project), Purpose.RUN: settings.run}.get(
        purpose, settings.reader
    )
    file_size = settings.storage.project if purpose is Purpose.WORKSPACE else settings.storage.upload
    return Limits(most.memory, most.cpus, most.processes, most.tmp, most.seconds, file_size)


def _check_limits(settings: Settings, spec: ContainerSpec, project: str) -> None:
    """A container uses no more than the lab's settings give one of its purpose in its project."""
    limits, most = spec.limits, most_of(settings, spec.purpose, project)
    for word in ("memory", "cpus", "processes", "tmp", "file_size"):
        if getattr(limits, word) > getattr(most, word):
            raise _refused(f"its limit “{word}” is more than lab.toml gives", "order-limits")


def names_in(settings: Settings, spec: ContainerSpec) -> dict[str, str]:
    """Every folder is the lab's, at its place, and all of them are of the same project, person, server and work."""
    named: dict[str, str] = {}
    for mount in spec.mounts:
        for key, value in _names_of(PLACES[spec.purpose], settings, mount):
            if named.setdefault(key, value) != value:
                raise _refused(f"its folders are of more than one {key}", "order-mixed")
    return named


def _names_of(places: Sequence[Place], settings: Settings, mount: Mount) -> list[tuple[str, str]]:
    for place in places:
        target = re.fullmatch(place.target, mount.target)
        if target and (mount.writable, mount.sealed) == (place.writable, place.sealed):
            source = re.fullmatch(place.source, below(settings, mount.source))
            if source:
                return [*target.groupdict().items(), *source.groupdict().items()]
    raise _refused(f"the folder for {mount.target} is not the lab's folder for it", "order-mount")


def below(settings: Settings, source: str) -> str:
    """Return a folder's path below the lab's state folder."""
    try:
        return str(PurePosixPath(source).relative_to(settings.state))
    except ValueError:
        raise _refused("one of its folders is not the lab's", "order-mount") from None


def _check_workspace(settings: Settings, name: str, spec: ContainerSpec, named: Mapping[str, str]) -> None:
    """A workspace is one person's in one project, and is named after both."""
    person, project = named.get("person", ""), named.get("project", "")
    server = names.server_id(person, project)
    right = (
        name == names.workspace_container(settings.name, person, project)
        and {spec.labels[names.LABEL_SERVER], named.get("server")} == {server}
        and spec.working_dir == f"/home/{person}"
    )
    if not right:
        raise _refused("its name, label or home is not that of the person and project", "order-name")


def _check_work(settings: Settings, name: str, spec: ContainerSpec, named: Mapping[str, str]) -> None:
    """A piece of work's container is named after it; a check reads what was read for the same request."""
    work = spec.labels[names.LABEL_WORK]
    request, _, turn = work.rpartition("-check-")
    read = f"{work}-read" if spec.labels[names.LABEL] == "screen" else f"{request}-read-{turn}"
    right = (
        named.get("work") == work
        and name == names.work_container(settings.name, work)
        and named.get("read", read) == read
        and spec.working_dir == TMP
    )
    if not right:
        raise _refused("its name, label or folder is not that of the work", "order-name")
