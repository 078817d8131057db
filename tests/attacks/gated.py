"""A lab's engine gate before the real engine, with the folders that its orders name, and the same calls without it."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import docker

from datasets_mount.mounts import Mount
from hub.adapters.power.places import ENGINE_SOCKET, privileged_folder
from hub.adapters.processes.alone import privileged_process
from hub.settings import Settings, load_settings
from spawner_config import names
from spawner_config.isolation import SEALED, ContainerSpec, Purpose, container_body
from spawner_config.lab_containers import KINDS, LABEL_PLAN, most_of

ENGINE = Path("/var/run/docker.sock")
IMAGE = "datalab/workspace:current"
UID = 200_778
PERSON, PROJECT, DATASET = "scientist", "care", "jobs"
DATA = f"mounts/{PROJECT}/{'a' * 64}"


@dataclass(frozen=True)
class Said:
    """An answer, as far as there was one."""

    status: int
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def call(listener: Path, method: str, target: str, body: bytes = b"", **headers: str) -> Said:
    """Say exactly this target to whoever listens on a socket, without changing a sign of it."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        folder = os.open(listener.parent, os.O_PATH)
        try:
            connection.connect(f"/proc/self/fd/{folder}/{listener.name}")
        finally:
            os.close(folder)
        own = {"Host": "engine", "Connection": "close"}
        if body and "Transfer-Encoding" not in headers:
            own |= {"Content-Length": str(len(body)), "Content-Type": "application/json"}
        lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in {**own, **headers}.items())]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return _read(connection)


def _read(connection: socket.socket) -> Said:
    answer = http.client.HTTPResponse(connection)
    with closing(answer):
        answer.begin()
        # A connection that became a stream has no end.
        return Said(answer.status, b"" if answer.status == 101 else answer.read(2**22))


@dataclass
class Gated:
    """A lab of a name of its own; what is made in its name, or in that of its neighbour, is removed afterwards."""

    settings: Settings
    config: Path
    engine: Any = field(default_factory=docker.APIClient)

    @property
    def gate(self) -> Path:
        return privileged_folder(self.settings.state) / ENGINE_SOCKET

    @property
    def neighbour(self) -> str:
        return f"{self.settings.name}x"

    @property
    def image(self) -> str:
        return str(self.engine.inspect_image(IMAGE)["Id"])

    def make_folders(self) -> None:
        """What storage and spawner would have made."""
        for _, path, writable in (*_WORKSPACE, *_run("run-one"), *_run("run-two")):
            folder = self.settings.state / path
            folder.mkdir(parents=True, exist_ok=True)
            if writable:
                os.chown(folder, UID, UID)
        self.data = self.settings.state / DATA
        command = ["mount", "-t", "tmpfs", "-o", f"{','.join(SEALED)},size=64k", "datalab", str(self.data)]
        subprocess.run(command, check=True)

    def order(self, label: str = "workspace", work: str = "run-one", **changes: Any) -> tuple[str, dict[str, Any]]:
        """The order of a workspace or a run: its container's name, and its body."""
        lab, kind = self.settings.name, KINDS[label]
        workspace = kind.purpose is Purpose.WORKSPACE
        own = {names.LABEL_SERVER: SERVER, LABEL_PLAN: "b" * 64} if workspace else {names.LABEL_WORK: work}
        places = _WORKSPACE if workspace else _run(work)
        about: dict[str, Any] = {
            "purpose": kind.purpose,
            "image": self.image,
            "command": kind.command,
            "uid": UID,
            "mounts": tuple(_mount(self.settings.state, t, p, writable=w) for t, p, w in places),
            "limits": most_of(self.settings, kind.purpose),
            "environment": {},
            "labels": {names.LABEL: label, names.LABEL_LAB: lab, **own},
            "working_dir": f"/home/{PERSON}" if workspace else "/tmp",
        }
        name = names.workspace_container(lab, PERSON, PROJECT) if workspace else names.work_container(lab, work)
        return name, container_body(ContainerSpec(**about | changes))

    def create(self, listener: Path, name: str, body: Mapping[str, Any] | bytes, **headers: str) -> Said:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return call(listener, "POST", f"/containers/create?name={quote(name)}", text, **headers)

    def is_there(self, name: str) -> bool:
        return bool(self.engine.containers(all=True, filters={"name": f"^/{name}$"}))

    def remove(self, name: str) -> None:
        """Remove a container, if it is there."""
        if self.is_there(name):
            self.engine.remove_container(name, force=True, v=True)

    def close(self) -> None:
        for lab in (self.settings.name, self.neighbour):
            for left in self.engine.containers(all=True, filters={"label": f"{names.LABEL_LAB}={lab}"}):
                self.engine.remove_container(left["Id"], force=True, v=True)
        self.engine.close()
        subprocess.run(["umount", "--lazy", str(self.data)], check=True)


def _mount(state: Path, target: str, path: str, *, writable: bool) -> Mount:
    return Mount(str(state / path), target, writable=writable, sealed=path == DATA)


SERVER = names.server_id(PERSON, PROJECT)
_WORKSPACE = (
    (f"/home/{PERSON}", f"projects/{PROJECT}/home/{PERSON}", True),
    ("/project", f"projects/{PROJECT}/shared", True),
    ("/outputs", f"projects/{PROJECT}/outputs/{PERSON}", True),
    ("/run/nb", f"servers/{SERVER}/nb", True),
    ("/run/hub", f"servers/{SERVER}/hub", False),
    (f"/data/{DATASET}", DATA, False),
)


def _run(work: str) -> tuple[tuple[str, str, bool], ...]:
    return (
        ("/in", f"scratch/{work}/in", False),
        ("/outputs", f"projects/{PROJECT}/runs/{work}", True),
        ("/progress", f"scratch/{work}/progress", True),
        (f"/data/{DATASET}", DATA, False),
    )


@contextmanager
def gated_lab(folder: Path, **environment: str) -> Iterator[Gated]:
    """A lab that consists of its engine gate and of folders."""
    config = folder / "lab.toml"
    config.write_text(f'name = "g{secrets.token_hex(4)}"\nstate = "state"\n[login]\ndemo = true\n')
    made = Gated(load_settings(config), config)
    made.make_folders()
    try:
        with privileged_process(made.settings, config, environment, folder / "privileged.log"):
            yield made
    finally:
        made.close()
