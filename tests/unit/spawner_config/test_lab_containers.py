"""Which containers are a lab's own: what the lab orders is read back exactly, and anything else is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_mount.mounts import Mount, dataset_mount
from hub.domain.errors import InvalidError, LabError
from hub.domain.work import WorkKind
from hub.settings import Allowance, Login, Settings
from spawner_config import names
from spawner_config.isolation import OPTIONS, ContainerSpec, Purpose, container_body
from spawner_config.lab_containers import KINDS, LABEL_PLAN, check_order, most_of, names_in
from spawner_config.lab_orders import spec_of

STATE = Path("/srv/lab/state")
SETTINGS = Settings(name="lab", state=STATE, login=Login(demo=True))
IMAGE = "sha256:" + "1" * 64
SERVER = names.server_id("scientist", "care")
WORKS = {
    "snapshot": "offer-abc",
    "inspect": "inspect-abc",
    "run": "run-abc",
    "twin": "twin-abc",
    "validate": "validate-abc",
    "read": "e-read-1",
    "check": "e-check-1",
    "screen_read": "run-abc-screen-read",
    "screen": "run-abc-screen",
    "make_twin": "twin-abc-read-1",
    "read_twin": "twin-abc-read-1",
    "check_twin": "twin-abc-check-1",
}


def mounts(label: str) -> tuple[Mount, ...]:
    project, scratch, data = (f"{STATE}/{folder}" for folder in ("projects/care", "scratch", "mounts/care/" + "a" * 64))
    work = WORKS.get(label, "")
    inside, out = Mount(f"{scratch}/{work}/in", "/in"), Mount(f"{scratch}/{work}/out", "/out", writable=True)
    progress = Mount(f"{scratch}/{work}/progress", "/progress", writable=True)
    return {
        "workspace": (
            Mount(f"{project}/home/scientist", "/home/scientist", writable=True),
            Mount(f"{project}/shared", "/project", writable=True),
            Mount(f"{STATE}/mounts/care/runs", "/project/runs", sealed=True),
            Mount(f"{project}/outputs/scientist", "/outputs", writable=True),
            dataset_mount(data, "jobs"),
            Mount(f"{STATE}/servers/{SERVER}/nb", "/run/nb", writable=True),
            Mount(f"{STATE}/servers/{SERVER}/hub", "/run/hub"),
        ),
        "run": (
            inside,
            Mount(f"{project}/runs/{work}", "/outputs", writable=True),
            progress,
            dataset_mount(data, "jobs"),
        ),
        "check": (
            inside,
            out,
            Mount(f"{scratch}/e-read-1/fragments", "/in/fragments", sealed=True),
            dataset_mount(data, "jobs"),
        ),
        "screen": (
            inside,
            out,
            Mount(f"{scratch}/run-abc-screen-read/fragments", "/in/fragments", sealed=True),
            dataset_mount(data, "jobs"),
        ),
        "twin": (inside, out, dataset_mount(data, "jobs")),
        "make_twin": (inside, out, dataset_mount(data, "jobs")),
        "check_twin": (
            inside,
            out,
            Mount(f"{scratch}/twin-abc-read-1/fragments", "/in/fragments", sealed=True),
            dataset_mount(data, "jobs"),
        ),
        "validate": (inside, Mount(out.source, "/outputs", writable=True), dataset_mount(data, "jobs")),
    }.get(label, (inside, out))


def ordered(label: str) -> tuple[str, ContainerSpec]:
    """What the lab orders: the container's name, and what it is."""
    kind = KINDS[label]
    workspace, work = label == "workspace", WORKS.get(label, "")
    own = {names.LABEL_SERVER: SERVER, LABEL_PLAN: "b" * 64} if workspace else {names.LABEL_WORK: work}
    spec = ContainerSpec(
        purpose=kind.purpose,
        image=IMAGE,
        command=kind.command,
        uid=200_001 if kind.purpose in (Purpose.WORKSPACE, Purpose.RUN) else SETTINGS.storage.reader_uid,
        mounts=mounts(label),
        limits=replace(most_of(SETTINGS, kind.purpose), seconds=1),
        environment={},
        labels={names.LABEL: label, names.LABEL_LAB: "lab", **own},
        working_dir="/home/scientist" if workspace else "/tmp",
    )
    name = names.workspace_container("lab", "scientist", "care") if workspace else names.work_container("lab", work)
    return name, spec


EVERY = pytest.mark.parametrize("label", KINDS)


@EVERY
def test_what_the_lab_orders_is_read_back_and_passes(label: str) -> None:
    name, spec = ordered(label)
    assert spec_of(container_body(spec)) == spec
    check_order(SETTINGS, name, spec)


def test_every_kind_of_work_has_its_command() -> None:
    assert set(KINDS) == {"workspace", *WorkKind}


HUGE = (2**63, 10**317, -(10**317), 10**4000, float("inf"), float("nan"))
"""Numbers that no engine holds; ``1e999`` is an endless one, in JSON that is plain."""


def nested(depth: int) -> list[Any]:
    """A list in a list in a list."""
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


@EVERY
@pytest.mark.parametrize("key", [option.key for option in OPTIONS])
def test_no_option_has_another_value_than_the_tables(label: str, key: str) -> None:
    name, spec = ordered(label)
    place, _, last = key.rpartition(".")
    for other in (None, "x", 2**60, -1, 0, True, False, 0.5, [], ["x"], {"x": "y"}, {}, *HUGE, nested(5000)):
        body: dict[str, Any] = copy.deepcopy(container_body(spec))
        where = body[place] if place else body
        if where[last] == other and type(where[last]) is type(other):
            continue
        where[last] = other
        with pytest.raises(LabError):
            # Some are containers that could be described, as one with another command; none is one that is ordered.
            check_order(SETTINGS, name, spec_of(body))


@EVERY
@pytest.mark.parametrize("place", ["", "HostConfig"])
@pytest.mark.parametrize("key", ["Sysctls", "Runtime", "privileged", "Volumes", "NetworkingConfig", "CgroupParent", ""])
def test_no_key_is_added_and_none_is_left_out(label: str, place: str, key: str) -> None:
    _, spec = ordered(label)
    body: dict[str, Any] = copy.deepcopy(container_body(spec))
    where = body[place] if place else body
    if key:
        where[key] = {}
    else:
        where.popitem()
    with pytest.raises(InvalidError):
        spec_of(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
        max_leaves=8,
    )
)
def test_nonsense_is_refused_and_never_breaks(nonsense: Any) -> None:
    with pytest.raises(InvalidError):
        spec_of(nonsense)
    for key in ("HostConfig", "Labels", "Env", "Mounts", "Cmd"):
        body: dict[str, Any] = copy.deepcopy(container_body(ordered("workspace")[1]))
        (body["HostConfig"] if key == "Mounts" else body)[key] = nonsense
        if (key == "Labels" and nonsense == {}) or (key in ("Env", "Cmd", "Mounts") and nonsense == []):
            continue
        with pytest.raises(LabError):
            check_order(SETTINGS, ordered("workspace")[0], spec_of(body))


def moved(target: str, source: str) -> Callable[[ContainerSpec], ContainerSpec]:
    """The same container with another folder at a place."""

    def move(spec: ContainerSpec) -> ContainerSpec:
        assert target in {m.target for m in spec.mounts}
        return replace(spec, mounts=tuple(replace(m, source=source) if m.target == target else m for m in spec.mounts))

    return move


FOLDERS = [
    ("workspace", "/home/scientist", f"{STATE}/projects/care/home/other"),
    ("workspace", "/home/scientist", f"{STATE}/projects/other/home/scientist"),
    ("workspace", "/project", f"{STATE}/projects/other/shared"),
    ("workspace", "/project", f"{STATE}/secrets"),
    ("workspace", "/project", f"{STATE}"),
    ("workspace", "/project", f"{STATE}/projects"),
    ("workspace", "/project", f"{STATE}/projects/care"),
    ("workspace", "/project", f"{STATE}/projects/care/shared/below"),
    ("workspace", "/project", f"{STATE}2/projects/care/shared"),
    ("workspace", "/outputs", f"{STATE}/projects/care/runs"),
    ("workspace", "/data/jobs", f"{STATE}/vault"),
    ("workspace", "/data/jobs", f"{STATE}/projects/care/shared"),
    ("workspace", "/data/jobs", f"{STATE}/mounts/other/{'a' * 64}"),
    ("run", "/data/jobs", f"{STATE}/mounts/other/{'a' * 64}"),
    ("check", "/data/jobs", f"{STATE}/snapshots/{'a' * 64}"),
    ("workspace", "/run/nb", f"{STATE}/servers/{'0' * 16}/nb"),
    ("workspace", "/run/hub", f"{STATE}/privileged"),
    ("run", "/outputs", f"{STATE}/projects/care/runs/run-other"),
    ("run", "/in", f"{STATE}/scratch/run-other/in"),
    ("run", "/progress", f"{STATE}/scratch/run-other/progress"),
    ("read", "/out", f"{STATE}/scratch/e-read-2/out"),
    ("check", "/in/fragments", f"{STATE}/scratch/f-read-1/fragments"),
    ("check", "/in/fragments", f"{STATE}/scratch/e-read-2/fragments"),
    ("check", "/in/fragments", f"{STATE}/scratch/e-read-1/out/fragments"),
    ("workspace", "/project/runs", f"{STATE}/mounts/other/runs"),
    ("workspace", "/project/runs", f"{STATE}/projects/care/runs"),
]


@pytest.mark.parametrize(("label", "target", "source"), FOLDERS)
def test_another_folder_than_its_own_is_refused(label: str, target: str, source: str) -> None:
    name, spec = ordered(label)
    with pytest.raises(LabError):
        check_order(SETTINGS, name, moved(target, source)(spec))


CHANGES: dict[str, Callable[[ContainerSpec], ContainerSpec]] = {
    "another command": lambda s: replace(s, command=("python", "-c", "1")),
    "another kind's command": lambda s: replace(
        s, command=KINDS["run" if s.labels["datalab"] != "run" else "read"].command
    ),
    "an image by its tag": lambda s: replace(s, image="datalab/workspace:current"),
    "another lab": lambda s: replace(s, labels={**s.labels, names.LABEL_LAB: "other"}),
    "one more label": lambda s: replace(s, labels={**s.labels, "more": "x"}),
    "an unknown kind": lambda s: replace(s, labels={**s.labels, names.LABEL: "doctor"}),
    "a variable": lambda s: replace(s, environment={**s.environment, "LD_PRELOAD": "/home/scientist/x.so"}),
    "a token, which a claim brings": lambda s: replace(s, environment={"JUPYTERHUB_API_TOKEN": "x"}),
    "a home, which a claim brings": lambda s: replace(s, environment={"HOME": "/home/scientist"}),
    "a path for Python": lambda s: replace(s, environment={**s.environment, "PYTHONPATH": "/project"}),
    "another user": lambda s: replace(s, uid=150_000),
    "the other kind of user": lambda s: replace(s, uid=199_999 if s.uid != 199_999 else 200_001),
    "more memory": lambda s: replace(s, limits=replace(s.limits, memory=s.limits.memory + 1)),
    "more processes": lambda s: replace(s, limits=replace(s.limits, processes=s.limits.processes + 1)),
    "more cores": lambda s: replace(s, limits=replace(s.limits, cpus=s.limits.cpus + 1)),
    "more scratch space": lambda s: replace(s, limits=replace(s.limits, tmp=s.limits.tmp + 1)),
    "larger files": lambda s: replace(s, limits=replace(s.limits, file_size=s.limits.file_size + 1)),
    "another folder to start in": lambda s: replace(s, working_dir="/project"),
    "no folder": lambda s: replace(s, mounts=()),
}


@EVERY
@pytest.mark.parametrize("change", CHANGES)
def test_a_container_that_the_lab_would_not_order_is_refused(label: str, change: str) -> None:
    name, spec = ordered(label)
    with pytest.raises(LabError):
        check_order(SETTINGS, name, CHANGES[change](spec))


@EVERY
@pytest.mark.parametrize("name", ["", "other", "lab-workspace-" + "0" * 16, "lab-work-run-other", "other-work-run-abc"])
def test_a_container_has_its_own_name(label: str, name: str) -> None:
    with pytest.raises(LabError):
        check_order(SETTINGS, name, ordered(label)[1])


def test_a_read_only_place_is_not_writable_and_the_other_way_round() -> None:
    for label in KINDS:
        name, spec = ordered(label)
        for at, mount in enumerate(spec.mounts):
            other = replace(mount, sealed=False) if mount.sealed else replace(mount, writable=not mount.writable)
            with pytest.raises(LabError):
                check_order(SETTINGS, name, replace(spec, mounts=(*spec.mounts[:at], other, *spec.mounts[at + 1 :])))


def test_all_folders_of_a_workspace_are_of_one_project() -> None:
    _, spec = ordered("workspace")
    assert names_in(SETTINGS, spec) == {"person": "scientist", "project": "care", "server": SERVER}


@pytest.mark.parametrize("label", ["snapshot", "read", "check"])
@pytest.mark.parametrize(
    ("named", "asked", "passes"), [("", "runsc", False), ("runsc", "", False), ("runsc", "runsc", True)]
)
def test_what_reads_foreign_bytes_has_the_runtime_that_lab_toml_names(
    label: str, named: str, asked: str, passes: bool
) -> None:
    settings = SETTINGS.model_copy(update={"reader": SETTINGS.reader.model_copy(update={"runtime": named})})
    name, spec = ordered(label)
    read_back = spec_of(container_body(replace(spec, runtime=asked)))
    assert read_back.runtime == asked
    if passes:
        check_order(settings, name, read_back)
    else:
        with pytest.raises(LabError) as refused:
            check_order(settings, name, read_back)
        assert refused.value.reason == "order-runtime"


def test_a_workspace_of_a_project_with_an_allowance_may_have_more_and_no_other_may() -> None:
    name, spec = ordered("workspace")
    larger = replace(spec, limits=replace(spec.limits, memory=SETTINGS.workspace.memory * 2))
    for project, allowed in (("care", True), ("jobs", False)):
        own = {project: Allowance(memory=SETTINGS.workspace.memory * 2)}
        settings = SETTINGS.model_copy(update={"allowance": own})
        if allowed:
            check_order(settings, name, larger)
        else:
            with pytest.raises(LabError) as raised:
                check_order(settings, name, larger)
            assert raised.value.reason == "order-limits"
