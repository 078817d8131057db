"""The Docker engine, as far as worker and portal need it: through the engine gate, which knows the lab's containers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils import kwargs_from_env

from hub.adapters.clock import seconds_of
from hub.adapters.power.places import ENGINE_SOCKET, Door
from hub.domain.errors import ConflictError, UnavailableError
from hub.services.ports import ContainerState, ContainerView
from spawner_config.names import LABEL_LAB, LABEL_SERVER, LABEL_WORK

CONFLICT, UNAVAILABLE = 409, 503
RUNNING = "running"
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


def _view(seen: dict[str, Any]) -> ContainerView:
    state = seen["State"]
    started = datetime.fromisoformat(state["StartedAt"][:19] + "+00:00")
    return ContainerView(
        name=seen["Name"].lstrip("/"),
        work=seen["Config"]["Labels"][LABEL_WORK],
        state=STATES[state["Status"]],
        exit_code=state["ExitCode"],
        out_of_memory=state["OOMKilled"],
        started=started if started.year > 1 else None,
        seconds=seconds_of(state["Pid"]) if state["Pid"] else None,
    )


class DockerEngine:
    """One lab's containers on the Docker engine; the connection is made when it is first needed.

    With the lab's state folder it goes through the lab's engine gate; without, to the engine itself, which only the
    administrator's own commands may.
    """

    def __init__(self, lab: str, state: Path | None = None) -> None:
        self._lab = lab
        self._state = state
        self._door: Door | None = None
        self._client: docker.APIClient | None = None
        self._digests: dict[str, str] = {}
        self._running: dict[str, dict[str, Any]] = {}  # what was told of containers, by identifier, while they run

    def _call(self, act: Callable[[docker.APIClient], Any]) -> Any:
        with _said_plainly(gated=self._state is not None):
            if self._client is None:
                self._client = docker.APIClient(version="auto", timeout=60, **self._where())
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

    def containers(self) -> list[ContainerView]:
        """Return the containers that serve this lab's work; of one that still runs nothing is asked again."""
        labels = [f"{LABEL_LAB}={self._lab}", LABEL_WORK]
        listed = self._call(lambda c: c.containers(all=True, filters={"label": labels}))
        still = {entry["Id"] for entry in listed if entry["State"] == RUNNING}
        kept = {i: seen for i, seen in self._running.items() if i in still}
        told = {entry["Id"]: kept.get(entry["Id"]) or self._inspect(entry["Id"]) for entry in listed}
        known = {identifier: seen for identifier, seen in told.items() if seen is not None}
        self._running = {i: seen for i, seen in known.items() if seen["State"]["Status"] == RUNNING}
        return [_view(seen) for seen in known.values()]

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
        def inspect(client: docker.APIClient) -> dict[str, Any] | None:
            try:
                return dict(client.inspect_container(identifier))
            except NotFound:
                return None

        seen: dict[str, Any] | None = self._call(inspect)
        return seen

    def create(self, name: str, body: dict[str, object]) -> bool:
        """Create a container; False when one of that name exists."""

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
        self._call(lambda c: c.start(name))

    def kill(self, name: str) -> None:
        """End it at once; ending an ended or missing one changes nothing."""

        def act(client: docker.APIClient) -> None:
            try:
                client.kill(name)
            except APIError as error:
                if error.status_code not in (CONFLICT, 404):
                    raise

        self._call(act)

    def remove(self, name: str) -> None:
        """Remove it; removing one that is gone changes nothing."""

        def act(client: docker.APIClient) -> None:
            try:
                client.remove_container(name, force=True, v=True)
            except NotFound:
                return

        self._call(act)
