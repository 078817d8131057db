"""A lab that makes workspaces ready in advance, and what root on its host sees and does."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import requests

from hub.adapters.processes.records import Record, is_alive, read_records
from hub.bench import lab_hub
from hub.bench.lab_hub import LabHub, project_of
from hub.domain.workspaces import Workspace, WorkspaceState
from hub.sandbox.claim import CLAIM_SOCKET
from hub.services.ports import pages
from spawner_config.names import server_id, workspace_container
from spawner_config.server_folder import opened, server_folder
from waiting import wait_for

PEOPLE = [lab_hub.person(n) for n in range(8)]
READY_SECONDS = 30
WITHIN = 60.0


@dataclass
class ReadyLab:
    """A lab that makes workspaces ready, and what root on its host sees of them."""

    hub: LabHub
    engine: Any = field(default_factory=docker.APIClient)

    @property
    def state(self) -> Path:
        return self.hub.lab.settings.state

    def name(self, person: str) -> str:
        return workspace_container(self.hub.name, person, project_of(person))

    def seen(self, person: str) -> dict[str, Any] | None:
        with suppress(docker.errors.NotFound):
            return dict(self.engine.inspect_container(self.name(person)))
        return None

    def runs(self, person: str, identifier: str) -> bool:
        """Whether this very container still runs; another may have been made ready in its place."""
        seen = self.seen(person)
        return seen is not None and seen["Id"] == identifier and bool(seen["State"]["Running"])

    def server(self, person: str) -> str:
        return server_id(person, project_of(person))

    def sockets(self, person: str) -> Path:
        return server_folder(self.state, self.server(person)) / "nb"

    def record(self, person: str) -> Workspace | None:
        with self.hub.lab.store.read() as reading:
            return reading.get(Workspace, self.server(person))

    def is_in(self, person: str, state: WorkspaceState) -> bool:
        found = self.record(person)
        return found is not None and found.state is state

    def events(self, person: str) -> list[tuple[str, dict[str, str]]]:
        with self.hub.lab.store.read() as reading:
            told = [(e.event.name, e.event.actor, dict(e.event.details)) for e in pages(reading)]
        return [(n, d) for n, a, d in told if n.startswith("lab:workspace:") and person in (a, d.get("person"))]

    def inside(self, person: str, code: str) -> str:
        """Run code in the container as its user; returns what it prints."""
        made = self.engine.exec_create(self.name(person), ["python", "-c", code])["Id"]
        said = self.engine.exec_start(made).decode()
        assert self.engine.exec_inspect(made)["ExitCode"] == 0, said
        return str(said).strip()

    def status(self, person: str, asked_by: str = "", path: str = "api/status") -> int:
        """What the gateway answers to somebody who asks for a person's workspace."""
        answer = requests.get(
            f"{self.hub.client.url}/user/{person}/{project_of(person)}/{path}",
            headers={"Authorization": f"token {self.hub.client.tokens[asked_by or person]}"},
            allow_redirects=False,
            timeout=60,
        )
        return answer.status_code

    def claim(self, person: str, said: bytes, patience: float = 10.0) -> bytes:
        """Say something on the socket that waits, as whoever stands before it; returns the answer."""
        with opened(self.sockets(person)) as place, socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(patience)
            try:
                caller.connect(f"/proc/self/fd/{place}/{CLAIM_SOCKET}")
                caller.sendall(said)
                caller.shutdown(socket.SHUT_WR)
                return caller.recv(100)
            except OSError:
                return b""

    def process(self, name: str) -> Record:
        return next(r for r in read_records(self.hub.lab.settings) if r.name == name and is_alive(r))

    def kill(self, name: str) -> None:
        record = self.process(name)
        os.kill(record.pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(record))

    def back(self) -> None:
        """Wait until hub and gateway answer."""
        wait_for(lambda: self.plain("/hub/api/") == 200, 60, lambda: "the hub does not come back")
        wait_for(lambda: self.status(PEOPLE[-1]) < 500, 60, lambda: "the gateway does not come back")

    def plain(self, path: str) -> int:
        with suppress(requests.RequestException):
            return requests.get(self.hub.client.url + path, timeout=20).status_code
        return 599

    def gone(self, person: str) -> bool:
        return self.seen(person) is None and self.server(person) not in Path("/proc/self/mountinfo").read_text()

    @contextmanager
    def waiting(self, person: str, *, settled: bool = False) -> Iterator[dict[str, Any]]:
        """A workspace that waits, ``settled`` with all done in advance; whatever became of it is ended afterwards."""
        (self.hub.make_ready if settled else self.hub.make_wait)(person)
        found = self.seen(person)
        assert found is not None
        try:
            yield found
        finally:
            self.hub.client.stop(person)
            if self.is_in(person, WorkspaceState.READY):
                with suppress(docker.errors.NotFound):
                    self.engine.remove_container(self.name(person), force=True)
                wait_for(lambda: self.gone(person), WITHIN, lambda: f"{self.record(person)}")

    def opens(self, person: str) -> dict[str, Any]:
        """Open a workspace by the hub, see that it answers, and return its container."""
        self.hub.client.open(person)
        found = self.seen(person)
        assert found is not None
        return found


@contextmanager
def ready_lab(folder: Path, people: int = len(PEOPLE)) -> Iterator[ReadyLab]:
    """A lab that runs; nothing of it may be left afterwards."""
    settings = f'ready_memory = "1G"\nready_seconds = {READY_SECONDS}'
    with lab_hub.running(folder, people, lambda _: None, settings) as running:
        made = ReadyLab(running)
        yield made
        name, state = running.name, made.state
    left = made.engine.containers(all=True, filters={"label": f"datalab.lab={name}"})
    made.engine.close()
    assert left == []
    assert str(state) not in Path("/proc/self/mountinfo").read_text()
