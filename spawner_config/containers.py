"""The containers of workspaces, ordered of the engine through its gate.

Invariants:

* a gate that is being started again is waited for, and no order is sent twice: without that, a hub that starts before
  its gate would take every workspace for ended;
* what is gone already is no error.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import docker
from docker.errors import APIError, DockerException, NotFound
from requests import ConnectionError as NoConnectionError

from hub.domain.errors import UnavailableError
from spawner_config.isolation import ContainerSpec, container_body

GATE_SECONDS, GATE_PAUSE = 15.0, 0.2
"""How long a killed engine gate may take to come back before its absence is said."""
AT_ONCE = 10
CONFLICT = 409
CREATE = "create_container_from_config"
Found = dict[str, Any]


class Containers:
    """Finds, makes, starts, stops and removes containers by their names; calls wait in threads."""

    def __init__(self, client: Callable[[], docker.APIClient]) -> None:
        self._new_client = client
        self._client: docker.APIClient | None = None
        self._turn = threading.Lock()
        self._threads = ThreadPoolExecutor(AT_ONCE, "containers")

    async def image_digest(self, image: str) -> str:
        """Return the digest of a local image."""
        try:
            found = await self._ask("inspect_image", image)
        except NotFound:
            raise UnavailableError(
                "There is no image {image} on this machine; run “make setup”.", reason="no-image", image=image
            ) from None
        return str(found["Id"])

    async def find(self, name: str) -> Found | None:
        """Return what the engine says of a container; None where there is none."""
        try:
            return dict(await self._ask("inspect_container", name))
        except NotFound:
            return None

    async def create(self, name: str, spec: ContainerSpec) -> str:
        """Make a container, and return its identifier."""
        made = await self._ask(CREATE, container_body(spec), name)
        return str(made["Id"])

    async def start(self, identifier: str) -> None:
        """Start a container."""
        await self._ask("start", identifier)

    async def stop(self, name: str, seconds: int) -> bool:
        """End a container; False where there is none."""
        try:
            await self._ask("stop", name, timeout=seconds)
        except NotFound:
            return False
        return True

    async def remove(self, name: str) -> None:
        """Remove a container, running or not."""
        try:
            await self._ask("remove_container", name, v=True, force=True)
        except NotFound:
            pass
        except APIError as error:
            if error.status_code != CONFLICT:  # its removal is under way
                raise

    async def _ask(self, method: str, *args: Any, **kwargs: Any) -> Any:
        deadline = time.monotonic() + GATE_SECONDS
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(
                    self._threads, partial(self._call, method, *args, **kwargs)
                )
            except (DockerException, NoConnectionError) as error:
                may_repeat = method != CREATE or was_never_sent(error)
                if isinstance(error, APIError) or not may_repeat or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(GATE_PAUSE)

    def _call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        with self._turn:
            self._client = self._client or self._new_client()
        return getattr(self._client, method)(*args, **kwargs)


def was_never_sent(error: BaseException) -> bool:
    """Whether a call failed because nobody listened, so that nothing of it can have been done."""
    return any(isinstance(cause, FileNotFoundError | ConnectionRefusedError) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it was made from; the libraries wrap each other's errors as arguments."""
    yield error
    for cause in (*error.args, error.__cause__):
        if isinstance(cause, BaseException):
            yield from _causes(cause)
