"""The Docker engine, as far as worker and portal need it: through the engine gate, which knows the lab's containers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils import kwargs_from_env

from hub.adapters.control_group import memory_used
from hub.adapters.followed_process import FollowedProcess, followed
from hub.adapters.power.channel import look
from hub.adapters.power.places import ENGINE_SOCKET, Door
from hub.adapters.power.verbs import WorkMemory
from hub.domain.errors import ConflictError, UnavailableError
from hub.services.ports import ContainerState, ContainerView
from spawner_config.names import LABEL_LAB, LABEL_SERVER, LABEL_WORK, work_container

CONFLICT, UNAVAILABLE = 409, 503
RUNNING = "running"
ASK_AGAIN = 5.0
"""Seconds after which the engine is asked again where nothing seems to have moved."""
PATIENCE = 60
LOOK_AGAIN = 10.0
"""Seconds after which it is looked again where no answer came: who follows what is under way holds no thread by it."""
STATES = {
    "created": ContainerState.CREATED,
    RUNNING: ContainerState.RUNNING,
    "exited": ContainerState.EXITED,
    "dead": ContainerState.EXITED,
    "paused": ContainerState.RUNNING,
    "restarting": ContainerState.RUNNING,
    "removing": ContainerState.EXITED,
}


@contextmanager
def _said_plainly(*, gated: bool) -> Iterator[None]:
    try:
        yield
    except APIError as error:
        if error.status_code == UNAVAILABLE:
            raise _no_engine() from error
        raise UnavailableError(
            "The container engine refused ({status}); nothing was lost. Tell the administrator.",
            reason="engine-refused",
            status=error.status_code,
        ) from error
    except (DockerException, requests.RequestException) as error:
        # The first call asks for the version, and wraps whatever was answered; a gate that answers misses its engine.
        reached = isinstance(error.__cause__, APIError)
        raise (_no_gate() if gated and not reached else _no_engine()) from error


def _no_engine() -> UnavailableError:
    return UnavailableError(
        "The container engine does not answer; nothing was lost. Start it (make setup), then try again.",
        reason="engine-missing",
    )


def _no_gate() -> UnavailableError:
    return UnavailableError(
        "The lab's engine gate does not answer; nothing was lost. It is started again by itself: try again in a few "
        "seconds, then tell the administrator.",
        reason="no-engine-gate",
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What the engine told of a container, and its first process where that runs and can be followed."""

    inspected: dict[str, Any]
    process: FollowedProcess | None

    @property
    def is_running(self) -> bool:
        return bool(self.inspected["State"]["Status"] == RUNNING)

    def still_runs(self) -> bool:
        return self.is_running and self.process is not None and self.process.runs()

    def close(self) -> None:
        if self.process is not None:
            self.process.close()

    def view(self) -> ContainerView:
        state = self.inspected["State"]
        started = datetime.fromisoformat(state["StartedAt"][:19] + "+00:00")
        return ContainerView(
            name=self.inspected["Name"].lstrip("/"),
            work=self.inspected["Config"]["Labels"][LABEL_WORK],
            state=STATES[state["Status"]],
            exit_code=state["ExitCode"],
            out_of_memory=state["OOMKilled"],
            started=started if started.year > 1 else None,
            seconds=self.process.seconds() if self.process else None,
        )


def _told(inspected: dict[str, Any]) -> _Told:
    number = inspected["State"]["Pid"]
    return _Told(inspected, followed(number) if number else None)


class DockerEngine:
    """One lab's containers on the Docker engine; the connection is made when it is first needed.

    With the lab's state folder it goes through the lab's engine gate; without, to the engine itself, which only the
    administrator's own commands may. ``patience`` is how many seconds the engine has for an answer.
    """

    def __init__(self, lab: str, state: Path | None = None, patience: int = PATIENCE) -> None:
        self._lab = lab
        self._state = state
        self._patience = patience
        self._door: Door | None = None
        self._client: docker.APIClient | None = None
        self._digests: dict[str, str] = {}
        self._told: dict[str, _Told] = {}  # of containers, by identifier
        self._ask_again = 0.0
        self._look_again = 0.0

    def _call(self, act: Callable[[docker.APIClient], Any]) -> Any:
        with _said_plainly(gated=self._state is not None):
            if self._client is None:
                self._client = docker.APIClient(version="auto", timeout=self._patience, **self._where())
                # The gate is a socket: no proxy of the environment leads to it, and none is looked for at each call.
                self._client.trust_env = self._state is None
            return act(self._client)

    def _where(self) -> dict[str, Any]:
        if self._state is None:
            return dict(kwargs_from_env())
        self._door = self._door or Door(self._state)
        return {"base_url": f"unix://{self._door.address(ENGINE_SOCKET)}"}

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        self._forget(set(self._told))
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._door is not None:
            self._door.close()
            self._door = None

    def image_digest(self, image: str) -> str:
        """Return the digest of a local image."""
        if image.startswith("sha256:"):
            return image

        def inspect(client: docker.APIClient) -> str | None:
            try:
                return str(client.inspect_image(image)["Id"])
            except ImageNotFound:
                return None

        digest: str | None = self._call(inspect)
        if digest is None:
            raise UnavailableError("There is no image {image}; run “make setup”.", reason="image-missing", image=image)
        return digest

    def runtimes(self) -> frozenset[str]:
        """Return the names of the runtimes that the engine has."""
        return frozenset(self._call(lambda c: c.info()["Runtimes"]))

    def containers(self, *, is_quiet: bool = False) -> list[ContainerView]:
        """Return the containers that serve this lab's work; of one that still runs nothing is asked again.

        Where the caller knows that nothing was recorded since it asked last, nothing at all is asked for a few seconds,
        as long as the process of each of them still runs.
        """
        is_known = is_quiet and time.monotonic() < self._ask_again
        if not (is_known and all(told.still_runs() for told in self._told.values())):
            self._ask()
        return [told.view() for told in self._told.values()]

    def _ask(self) -> None:
        self._ask_again = 0.0
        labels = [f"{LABEL_LAB}={self._lab}", LABEL_WORK]
        listed = self._call(lambda c: c.containers(all=True, filters={"label": labels}))
        still = {entry["Id"] for entry in listed if entry["State"] == RUNNING}
        self._forget({i for i, told in self._told.items() if i not in still or not told.is_running})
        for entry in listed:
            if entry["Id"] not in self._told and (inspected := self._inspect(entry["Id"])) is not None:
                self._told[entry["Id"]] = _told(inspected)
        self._ask_again = time.monotonic() + ASK_AGAIN

    def _forget(self, identifiers: set[str]) -> None:
        for identifier in identifiers:
            self._told.pop(identifier).close()

    def memory(self, work: str) -> int | None:
        """Return how much memory the container of a piece of work uses, as the kernel counts it on the host.

        Behind the gate, the privileged process is asked for the number alone, and where it does not answer at once,
        nothing is asked, nor known, for a while.
        """
        if self._state is None:
            return self._counted_memory(work)
        if time.monotonic() < self._look_again:
            return None
        try:
            told, _ = look(self._state, WorkMemory(work=work))
        except UnavailableError:
            self._look_again = time.monotonic() + LOOK_AGAIN
            raise
        return told if isinstance(told, int) else None

    def _counted_memory(self, work: str) -> int | None:
        seen = self._inspect(work_container(self._lab, work))
        if seen is None or seen["Config"]["Labels"].get(LABEL_LAB) != self._lab or not seen["State"]["Pid"]:
            return None
        return memory_used(seen["State"]["Pid"], seen["Id"])

    def sources(self) -> set[str]:
        """Return the host folders that containers of this lab see, workspaces and stopped ones, too."""
        listed = self._call(lambda c: c.containers(all=True, filters={"label": f"{LABEL_LAB}={self._lab}"}))
        return {str(mount["Source"]) for entry in listed for mount in entry["Mounts"]}

    def workspaces(self, *, running: bool = False) -> dict[str, str]:
        """Return the containers of this lab's workspaces, or those that run: identifier of the server → name."""
        labels = [f"{LABEL_LAB}={self._lab}", LABEL_SERVER]
        listed = self._call(lambda c: c.containers(all=not running, filters={"label": labels}))
        return {entry["Labels"][LABEL_SERVER]: entry["Names"][0].lstrip("/") for entry in listed}

    def _inspect(self, identifier: str) -> dict[str, Any] | None:
        """Return what the engine says of a container, by its identifier or name."""

        def inspect(client: docker.APIClient) -> dict[str, Any] | None:
            try:
                return dict(client.inspect_container(identifier))
            except NotFound:
                return None

        seen: dict[str, Any] | None = self._call(inspect)
        return seen

    def create(self, name: str, body: dict[str, object]) -> bool:
        """Create a container; False when one of that name exists."""
        self._ask_again = 0.0

        def act(client: docker.APIClient) -> bool:
            try:
                client.create_container_from_config(body, name)
            except ImageNotFound:
                raise ConflictError(
                    "The image that this was approved for is no longer on the lab's machine; submit it again.",
                    reason="image-gone",
                ) from None
            except APIError as error:
                if error.status_code != CONFLICT:
                    raise
                return False
            return True

        return bool(self._call(act))

    def start(self, name: str) -> None:
        """Start it; starting a running one changes nothing."""
        self._ask_again = 0.0
        self._call(lambda c: c.start(name))

    def kill(self, name: str) -> None:
        """End it at once; ending an ended or missing one changes nothing."""
        self._ask_again = 0.0

        def act(client: docker.APIClient) -> None:
            try:
                client.kill(name)
            except APIError as error:
                if error.status_code not in (CONFLICT, 404):
                    raise

        self._call(act)

    def remove(self, name: str) -> None:
        """Remove it; removing one that is gone changes nothing."""
        self._ask_again = 0.0

        def act(client: docker.APIClient) -> None:
            try:
                client.remove_container(name, force=True, v=True)
            except NotFound:
                return

        self._call(act)
