"""An engine in memory; it keeps the contract that tests/integration/test_engine_contract.py checks on both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hub.domain.errors import UnavailableError
from hub.services.ports import ContainerState, ContainerView
from spawner_config.names import LABEL_SERVER, LABEL_WORK

IMAGE = "sha256:" + "1" * 64


class MemoryEngine:
    """Containers are entries of a dictionary; ``on_start`` plays the program inside."""

    def __init__(self) -> None:
        self.views: dict[str, ContainerView] = {}
        self.bodies: dict[str, dict[str, Any]] = {}
        self.started: list[str] = []
        self.on_start: Callable[[str, dict[str, Any]], None] | None = None
        self.answers = True
        self.memories: dict[str, int] = {}

    def _check(self) -> None:
        if not self.answers:
            raise UnavailableError("The container engine does not answer.", reason="engine-missing")

    def image_digest(self, image: str) -> str:
        self._check()
        return IMAGE

    def memory(self, work: str) -> int | None:
        self._check()
        runs = [view for view in self.views.values() if view.work == work and view.state is ContainerState.RUNNING]
        return self.memories.get(work) if runs else None

    def containers(self, *, is_quiet: bool = False) -> list[ContainerView]:
        self._check()
        return [view for view in self.views.values() if view.work]

    def workspaces(self, *, running: bool = False) -> dict[str, str]:
        self._check()
        shown = {ContainerState.RUNNING} if running else set(ContainerState)
        return {
            body["Labels"][LABEL_SERVER]: name
            for name, body in self.bodies.items()
            if name in self.views and LABEL_SERVER in body["Labels"] and self.views[name].state in shown
        }

    def sources(self) -> set[str]:
        self._check()
        mounts = (mount for body in self.bodies.values() for mount in body["HostConfig"]["Mounts"])
        return {str(mount["Source"]) for mount in mounts}

    def create(self, name: str, body: dict[str, Any]) -> bool:
        self._check()
        if name in self.views:
            return False
        self.bodies[name] = body
        self.views[name] = ContainerView(
            name, body["Labels"].get(LABEL_WORK, ""), ContainerState.CREATED, 0, False, None
        )
        return True

    def start(self, name: str) -> None:
        self._check()
        view = self.views[name]
        if view.state is ContainerState.RUNNING:
            return
        self.started.append(name)
        self.views[name] = replace(view, state=ContainerState.RUNNING, started=datetime.now(UTC), seconds=0.0)
        if self.on_start:
            self.on_start(name, self.bodies[name])

    def run_on(self, name: str, seconds: float) -> None:
        """Let a container have run for so long."""
        self.views[name] = replace(self.views[name], seconds=seconds)

    def exit(self, name: str, code: int = 0, *, out_of_memory: bool = False) -> None:
        self.views[name] = replace(
            self.views[name], state=ContainerState.EXITED, exit_code=code, out_of_memory=out_of_memory
        )

    def kill(self, name: str) -> None:
        self._check()
        if name in self.views and self.views[name].state is ContainerState.RUNNING:
            self.exit(name, 137)

    def remove(self, name: str) -> None:
        self._check()
        self.views.pop(name, None)
        self.bodies.pop(name, None)
