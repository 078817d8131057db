"""A workspace outlives the engine: on an engine of the test's own that keeps containers while it is away.

The lab's engine is not touched: this one has its own data, sockets and process, and no network of its own.
"""

from __future__ import annotations

import io
import re
import secrets
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docker
import pytest

from spawner_config.isolation import ContainerSpec, Limits, Purpose, container_body
from spawner_config.names import LABEL, LABEL_LAB, LABEL_SERVER

PROGRAM = Path("/bin/sleep")
LIMITS = Limits(memory=2**26, cpus=1, processes=32, tmp=2**20, seconds=600, file_size=2**20)
SPEC = ContainerSpec(
    purpose=Purpose.WORKSPACE, image="datalab-test/sleep", command=("/bin/sleep", "600"), uid=200_888, mounts=(),
    limits=LIMITS, environment={}, labels={LABEL: "workspace", LABEL_LAB: "livetest", LABEL_SERVER: "0" * 16},
    working_dir="/",
)  # fmt: skip


@dataclass
class OwnEngine:
    """A dockerd of the test's own; a socket's address is short, so it lies below /tmp."""

    folder: Path
    options: tuple[str, ...] = ("--live-restore",)
    process: subprocess.Popen[bytes] | None = None
    containerd: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder}/d.sock"

    def start_containerd(self) -> None:
        """What holds the containers is a process of its own, as on a machine with systemd."""
        (self.folder / "containerd.toml").write_text('version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n')
        places = ("--root", str(self.folder / "cd-data"), "--state", str(self.folder / "cd-run"))
        self.containerd = self._popen(
            "containerd", "--config", str(self.folder / "containerd.toml"), "--address", self._held, *places
        )
        end = time.monotonic() + 30
        while not Path(self._held).exists():
            assert time.monotonic() < end, self.log()
            time.sleep(0.1)

    @property
    def _held(self) -> str:
        return str(self.folder / "c.sock")

    def _popen(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def start(self) -> None:
        (self.folder / "daemon.json").write_text("{}")  # not what the machine's own engine is told
        places = ("--data-root", str(self.folder / "data"), "--exec-root", str(self.folder / "run"))
        files = ("--pidfile", str(self.folder / "pid"), "--config-file", str(self.folder / "daemon.json"))
        without = ("--bridge=none", "--iptables=false", "--ip6tables=false")
        self.process = self._popen(
            "dockerd", "--host", self.url, "--containerd", self._held, *places, *files, *without, *self.options
        )
        end = time.monotonic() + 60
        while not self.answers():
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < end, self.log()
            time.sleep(0.2)

    def log(self) -> str:
        return (self.folder / "log").read_text()[-3000:]

    def answers(self) -> bool:
        asked = subprocess.run(["docker", "--host", self.url, "version"], capture_output=True, check=False)
        return asked.returncode == 0

    def end(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(60)
        self.process = None
        (self.folder / "pid").unlink(missing_ok=True)  # a killed one leaves it, and the next refuses to start

    def client(self) -> docker.APIClient:
        return docker.APIClient(self.url, version="auto", timeout=30)

    def close(self) -> None:
        """Remove its containers, end it and the helper that it started, and take its mounts away."""
        if self.process is None:
            self.start()
        with closing(self.client()) as engine:
            for entry in engine.containers(all=True, quiet=True):
                engine.remove_container(entry["Id"], force=True)
        self.end(signal.SIGTERM)
        assert self.containerd is not None
        self.containerd.terminate()
        self.containerd.wait(30)
        for place in reversed(self._mounts()):
            subprocess.run(["umount", "--lazy", place], check=True)

    def _mounts(self) -> list[str]:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
        return [p for line in lines if (p := line.split(" ")[4]).startswith(f"{self.folder}/")]


@pytest.fixture
def own(request: pytest.FixtureRequest) -> Iterator[OwnEngine]:
    folder = Path("/tmp") / f"datalab-engine-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    made = OwnEngine(folder, getattr(request, "param", ("--live-restore",)))
    made.start_containerd()
    made.start()
    try:
        with closing(made.client()) as engine:
            engine.import_image_from_data(tiny_image(), repository="datalab-test/sleep", tag="latest")
        yield made
    finally:
        made.close()
        shutil.rmtree(folder)


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


@pytest.mark.parametrize("own", [()], indirect=True)
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
