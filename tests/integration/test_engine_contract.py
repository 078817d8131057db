"""The engine in memory and the real one keep the same contract."""

from __future__ import annotations

import gc
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from datasets_mount.mounts import Mount
from doubles.engine import MemoryEngine
from hub.adapters.engine import ASK_AGAIN, DockerEngine
from hub.adapters.processes.alone import privileged_process
from hub.domain.errors import UnavailableError
from hub.services.ports import ContainerState, ContainerView, Engine
from hub.settings import load_settings
from spawner_config.isolation import ContainerSpec, Limits, Purpose, container_body
from spawner_config.lab_containers import KINDS, most_of
from spawner_config.names import LABEL, LABEL_LAB, LABEL_SERVER, LABEL_WORK

IMAGE = "datalab/workspace:current"
LIMITS = Limits(memory=2**28, cpus=1, processes=64, tmp=2**24, seconds=60, file_size=2**24)


@pytest.fixture
def lab_name() -> str:
    return "t" + uuid.uuid4().hex[:10]


@pytest.fixture
def state(tmp_path: Path, lab_name: str) -> Iterator[Path]:
    """The state folder of a lab that consists of its engine gate."""
    config = tmp_path / "lab.toml"
    config.write_text(f'name = "{lab_name}"\nstate = "state"\n[login]\ndemo = true\n')
    settings = load_settings(config)
    with privileged_process(settings, config):
        yield settings.state


@pytest.fixture(params=["memory", "docker", "gate"])
def engine(request: pytest.FixtureRequest, lab_name: str) -> Iterator[Engine]:
    made: Engine = MemoryEngine()
    if request.param == "docker":
        made = DockerEngine(lab_name)
    if request.param == "gate":
        made = DockerEngine(lab_name, request.getfixturevalue("state"))
    yield made
    for view in made.containers():
        made.kill(view.name)
        made.remove(view.name)
    if isinstance(made, DockerEngine):
        made.close()


@pytest.fixture
def docker_engine(lab_name: str) -> Iterator[DockerEngine]:
    made = DockerEngine(lab_name)
    yield made
    made.close()


def waiting(engine: Engine, lab_name: str, state: Path | None) -> dict[str, Any]:
    """The order of a container that goes on until it is ended; through the gate, of one that waits for its request."""
    if state is None:
        return body(engine, lab_name, "one", "sleep 60")
    settings = load_settings(state.parent / "lab.toml")
    inside, out = (state / "scratch" / "one" / name for name in ("in", "out"))
    for folder in (inside, out):
        folder.mkdir(parents=True)
    os.mkfifo(inside / "request.json")
    os.chown(out, settings.storage.reader_uid, settings.storage.reader_uid)
    spec = ContainerSpec(
        purpose=Purpose.READER, image=engine.image_digest(IMAGE), command=KINDS["read"].command,
        uid=settings.storage.reader_uid, mounts=(Mount(str(inside), "/in"), Mount(str(out), "/out", writable=True)),
        limits=most_of(settings, Purpose.READER), environment={},
        labels={LABEL: "read", LABEL_LAB: lab_name, LABEL_WORK: "one"}, working_dir="/tmp",
    )  # fmt: skip
    return container_body(spec)


def body(engine: Engine, lab_name: str, work: str, command: str) -> dict[str, Any]:
    labels = {LABEL: "test", LABEL_LAB: lab_name, LABEL_WORK: work}
    spec = ContainerSpec(
        purpose=Purpose.READER, image=engine.image_digest(IMAGE), command=("sh", "-c", command), uid=200000,
        mounts=(), limits=LIMITS, environment={}, labels=labels, working_dir="/tmp",
    )  # fmt: skip
    return container_body(spec)


def the_view(engine: Engine, name: str) -> ContainerView | None:
    return next((v for v in engine.containers() if v.name == name), None)


def test_a_container_is_created_once_started_seen_killed_and_removed(
    engine: Engine, lab_name: str, request: pytest.FixtureRequest
) -> None:
    name = f"{lab_name}-work-one"
    gated = "gate" in request.node.name
    made = waiting(engine, lab_name, request.getfixturevalue("state") if gated else None)
    assert engine.create(name, made)
    assert not engine.create(name, made)
    created = the_view(engine, name)
    assert created is not None
    assert (created.state, created.work) == (ContainerState.CREATED, "one")
    engine.start(name)
    engine.start(name)
    running = the_view(engine, name)
    assert running is not None
    assert running.state is ContainerState.RUNNING
    engine.kill(name)
    engine.kill(name)
    for _ in range(50):
        killed = the_view(engine, name)
        assert killed is not None
        if killed.state is ContainerState.EXITED:
            break
        time.sleep(0.1)
    assert (killed.state, killed.exit_code) == (ContainerState.EXITED, 137)
    engine.remove(name)
    engine.remove(name)
    engine.kill(name)
    assert the_view(engine, name) is None


def test_the_memory_of_work_is_told_while_it_runs_and_of_nothing_else(
    engine: Engine, lab_name: str, request: pytest.FixtureRequest
) -> None:
    name = f"{lab_name}-work-one"
    made = waiting(engine, lab_name, request.getfixturevalue("state") if "gate" in request.node.name else None)
    if isinstance(engine, MemoryEngine):
        engine.memories["one"] = 2**20
    assert engine.memory("one") is None
    engine.create(name, made)
    assert engine.memory("one") is None
    engine.start(name)
    told = engine.memory("one")
    assert told is not None
    assert 0 < told < LIMITS.memory
    assert engine.memory("two") is None
    engine.kill(name)
    for _ in range(50):
        if engine.memory("one") is None:
            break
        time.sleep(0.1)
    assert engine.memory("one") is None
    engine.remove(name)


def test_of_a_container_that_still_runs_nothing_is_asked_again(
    docker_engine: DockerEngine, lab_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{lab_name}-work-one"
    asked: list[str] = []
    as_ever = docker.APIClient.inspect_container

    def counted(client: docker.APIClient, container: str) -> Any:
        asked.append(container)
        return as_ever(client, container)

    monkeypatch.setattr(docker.APIClient, "inspect_container", counted)
    docker_engine.create(name, body(docker_engine, lab_name, "one", "sleep 60"))
    try:
        docker_engine.start(name)
        first, later = the_view(docker_engine, name), the_view(docker_engine, name)
        assert len(asked) == 1
        assert first is not None
        assert later is not None
        assert first.seconds is not None
        assert later.seconds is not None
        assert later.seconds > first.seconds
        docker_engine.kill(name)
        for _ in range(50):
            ended = the_view(docker_engine, name)
            if ended is not None and ended.state is ContainerState.EXITED:
                break
            time.sleep(0.1)
        assert len(asked) > 1
    finally:
        docker_engine.remove(name)
    assert docker_engine.containers() == []


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls that the engine is sent."""
    sent: list[str] = []
    as_ever = docker.APIClient.request

    def counted(client: docker.APIClient, method: str, url: str, **options: Any) -> Any:
        sent.append(url)
        return as_ever(client, method, url, **options)

    monkeypatch.setattr(docker.APIClient, "request", counted)
    return sent


@pytest.fixture
def running(docker_engine: DockerEngine, lab_name: str) -> Iterator[str]:
    """A container that goes on until it is ended."""
    name = f"{lab_name}-work-one"
    docker_engine.create(name, body(docker_engine, lab_name, "one", "sleep 60"))
    docker_engine.start(name)
    yield name
    docker_engine.remove(name)


def quiet(engine: DockerEngine) -> list[tuple[str, ContainerState]]:
    return [(view.name, view.state) for view in engine.containers(is_quiet=True)]


def test_a_quiet_look_asks_the_engine_nothing_until_a_process_ends(
    docker_engine: DockerEngine, lab_name: str, running: str, calls: list[str]
) -> None:
    assert quiet(docker_engine) == [(running, ContainerState.RUNNING)]
    calls.clear()
    (first,) = docker_engine.containers(is_quiet=True)
    (later,) = docker_engine.containers(is_quiet=True)
    assert calls == []
    assert first.seconds is not None
    assert later.seconds is not None
    assert 0 < first.seconds < later.seconds < 60
    somebody = DockerEngine(lab_name)
    somebody.kill(running)
    somebody.close()
    ended = time.monotonic()
    while quiet(docker_engine) != [(running, ContainerState.EXITED)]:
        assert time.monotonic() < ended + 1
        time.sleep(0.05)
    assert docker_engine.containers(is_quiet=True)[0].exit_code == 137


@pytest.mark.parametrize("cause", ["a look that is not quiet", "an act", "some seconds"])
def test_what_somebody_else_made_is_seen_after(
    docker_engine: DockerEngine, lab_name: str, running: str, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody, other = DockerEngine(lab_name), f"{lab_name}-work-two"
    assert quiet(docker_engine) == [(running, ContainerState.RUNNING)]
    try:
        somebody.create(other, body(somebody, lab_name, "two", "true"))
        assert quiet(docker_engine) == [(running, ContainerState.RUNNING)]
        if cause == "a look that is not quiet":
            docker_engine.containers()
        elif cause == "an act":
            docker_engine.kill(f"{lab_name}-work-three")
        else:
            later = time.monotonic() + ASK_AGAIN
            monkeypatch.setattr("hub.adapters.engine.time.monotonic", lambda: later)
        assert set(quiet(docker_engine)) == {(running, ContainerState.RUNNING), (other, ContainerState.CREATED)}
    finally:
        somebody.remove(other)
        somebody.close()


def test_only_this_labs_work_is_seen(docker_engine: DockerEngine, lab_name: str) -> None:
    engine, other = docker_engine, DockerEngine(lab_name + "x")
    name = f"{lab_name}-work-one"
    engine.create(name, body(engine, lab_name, "one", "true"))
    try:
        assert [v.name for v in engine.containers()] == [name]
        assert other.containers() == []
    finally:
        engine.remove(name)
        other.close()


def test_the_engine_says_when_memory_ran_out(docker_engine: DockerEngine, lab_name: str) -> None:
    engine = docker_engine
    name = f"{lab_name}-work-hog"
    # As in a run, the program lives on when what it started was killed: an engine hears of both at once only by luck.
    hog = "python3 -c 'x = bytearray(2**30); [x.__setitem__(i, 1) for i in range(0, 2**30, 4096)]'; sleep 1; exit 1"
    engine.create(name, body(engine, lab_name, "hog", hog))
    try:
        engine.start(name)
        for _ in range(150):
            view = the_view(engine, name)
            assert view is not None
            if view.out_of_memory:
                break
            time.sleep(0.1)
        assert view.out_of_memory
    finally:
        engine.remove(name)


# The engine's library leaves the socket that could not connect.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_missing_engine_and_a_missing_image_are_said(
    docker_engine: DockerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnavailableError, match="make setup"):
        docker_engine.image_digest("datalab/none:at-all")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    with pytest.raises(UnavailableError, match="does not answer"):
        DockerEngine("t").containers()
    gc.collect()


def test_workspaces_and_work_are_two_lists(engine: Engine, docker_engine: DockerEngine, lab_name: str) -> None:
    """What the gate would not make is made beside it: the lists and the removal are what is looked at."""
    maker: Engine = engine if isinstance(engine, MemoryEngine) else docker_engine
    described = body(engine, lab_name, "w1", "sleep 60")
    own = {k: v for k, v in described["Labels"].items() if k != LABEL_WORK} | {LABEL_SERVER: "a" * 16}
    work, workspace = f"{lab_name}-work-w1", f"{lab_name}-workspace-{'a' * 16}"
    try:
        assert maker.create(work, described)
        assert maker.create(workspace, described | {"Labels": own})
        assert engine.workspaces() == {"a" * 16: workspace}
        assert [view.name for view in engine.containers()] == [work]
        engine.remove(workspace)
        assert engine.workspaces() == {}
    finally:
        maker.remove(workspace)
