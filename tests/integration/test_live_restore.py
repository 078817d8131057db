"""A workspace outlives the engine: on an engine of the test's own that keeps containers while it is away.

The lab's engine is not touched: this one has its own data, sockets and process, and no network of its own.
"""

from __future__ import annotations

import io
import re
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attacks.own_engine import OwnEngine, own_engine
from spawner_config.isolation import ContainerSpec, Limits, Purpose, container_body
from spawner_config.names import LABEL, LABEL_LAB, LABEL_SERVER

PROGRAM = Path("/bin/sleep")
LIMITS = Limits(memory=2**26, cpus=1, processes=32, tmp=2**20, seconds=600, file_size=2**20)
SPEC = ContainerSpec(
    purpose=Purpose.WORKSPACE, image="datalab-test/sleep", command=("/bin/sleep", "600"), uid=200_888, mounts=(),
    limits=LIMITS, environment={}, labels={LABEL: "workspace", LABEL_LAB: "livetest", LABEL_SERVER: "0" * 16},
    working_dir="/",
)  # fmt: skip


@pytest.fixture
def own(request: pytest.FixtureRequest) -> Iterator[OwnEngine]:
    with own_engine({"live-restore": getattr(request, "param", True)}) as made:
        with closing(made.client()) as engine:
            engine.import_image_from_data(tiny_image(), repository="datalab-test/sleep", tag="latest")
        yield made


def tiny_image() -> bytes:
    """One program with the libraries that it needs: an image that needs no other."""
    told = subprocess.run(["ldd", str(PROGRAM)], check=True, capture_output=True, text=True).stdout
    libraries = {Path(word) for word in re.findall(r"(/\S+)", told)}
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as tar:
        for path in (PROGRAM, *sorted(libraries)):
            entry = tar.gettarinfo(path.resolve(), arcname=str(path).lstrip("/"))
            entry.name = str(path).lstrip("/")
            with path.resolve().open("rb") as file:
                tar.addfile(entry, file)
    return written.getvalue()


def run(own: OwnEngine, **changed: Any) -> str:
    body = container_body(replace(SPEC, image="datalab-test/sleep:latest"))
    host = dict(body["HostConfig"]) | changed  # type: ignore[call-overload]
    with closing(own.client()) as engine:
        made: str = engine.create_container_from_config(body | {"HostConfig": host}, "livetest")["Id"]
        engine.start(made)
    return made


def seen(own: OwnEngine, container: str) -> tuple[str, int, str]:
    with closing(own.client()) as engine:
        state = engine.inspect_container(container)["State"]
    return state["Status"], state["Pid"], state["StartedAt"]


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_workspaces_container_goes_on_while_its_engine_is_away_and_is_found_again(
    own: OwnEngine, number: signal.Signals
) -> None:
    container = run(own)
    before = seen(own, container)
    assert before[0] == "running"
    own.end(number)
    assert alive(before[1])
    own.start()
    assert seen(own, container) == before
    with closing(own.client()) as engine:
        engine.remove_container(container, force=True)
    assert not alive(before[1])


@pytest.mark.parametrize("own", [False], indirect=True)
def test_the_weak_twin_an_engine_that_keeps_nothing_ends_it(own: OwnEngine) -> None:
    container = run(own)
    before = seen(own, container)
    own.end(signal.SIGTERM)
    assert not alive(before[1])
    own.start()
    assert seen(own, container)[0] == "exited"


def test_what_live_restore_cannot_keep_is_in_no_description() -> None:
    host = container_body(SPEC)["HostConfig"]
    assert isinstance(host, dict)
    assert not host.get("AutoRemove")
    assert host["NetworkMode"] == "none"
    assert host.get("RestartPolicy", {}).get("Name", "no") in ("", "no"), "an engine that comes back starts nothing"
