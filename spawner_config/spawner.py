"""The spawner: one container for each member and project, without a network, reached through the gateway.

Invariants:

* whether a workspace may open, and of what it is made, is decided by ``open_workspace``, never by what a person sends;
* a container is described by ``isolation`` alone, and nothing that a person named becomes a format string;
* after ``stop``, or after a container ended by itself, no container, socket, folder or mount of it is left;
* all of this holds after the hub was killed: names are made from person and project, not remembered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from docker.errors import APIError, DockerException, NotFound
from dockerspawner import DockerSpawner
from jupyterhub.spawner import SpawnException
from requests import ConnectionError as NoConnectionError
from requests import RequestException
from traitlets import Callable, Instance, List, Unicode, default

from hub.domain.errors import LabError, UnavailableError
from hub.domain.people import check_name
from hub.domain.workspaces import EndReason
from hub.services.workspaces import WorkspacePlan
from hub.settings import Settings
from spawner_config import names
from spawner_config.gateway_client import GatewayClient
from spawner_config.isolation import ContainerSpec, container_body
from spawner_config.lab_containers import LABEL_PLAN, WORKSPACE_COMMAND
from spawner_config.server_folder import (
    Server,
    make_folder,
    remove_folder,
    server_folder,
)
from spawner_config.workspace_container import server_environment, workspace_spec

POLL_SECONDS = 0.02
LOOK_SECONDS = 0.5
GATE_SECONDS, GATE_PAUSE = 15.0, 0.2
"""How long a killed engine gate may take to come back before its absence is said."""


class LabSpawner(DockerSpawner):  # type: ignore[misc]  # dockerspawner has no types
    """Starts, finds and stops the workspace of one member in one project, whose slug is the server's name."""

    settings = Instance(Settings, config=True, help="The lab's settings.")
    open_workspace = Callable(
        config=True,
        help="``(person, project) -> WorkspacePlan``, called in a thread; raises LabError with the sentence to show. "
        "A plain function: traitlets copies what it is given deeply, and a bound method with it.",
    )
    why_ends = Callable(
        lambda person, project, active: None,
        config=True,
        help="``(person, project, last use) -> EndReason | None``, called in a thread now and then: why a running "
        "workspace has to end.",
    )
    close_workspace = Callable(
        lambda person, project, reason: None,
        config=True,
        help="``(person, project, EndReason) -> None``, called in a thread after the container is gone, also more than "
        "once.",
    )
    open_server = Callable(
        config=True,
        help="``(server) -> None``, called in a thread: makes the folder of a server anew, whatever a crash left.",
    )
    close_server = Callable(
        config=True, help="``(identifier) -> None``, called in a thread: removes the folder of a server, also twice."
    )
    cmd = List(
        Unicode(),
        list(WORKSPACE_COMMAND),
        config=True,
        help="The single-user server's command; the engine gate lets no other pass.",
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._steps: list[str] = []
        self._opened = False
        self._why: EndReason | None = None
        # A server's own token reports that it is in use; it opens no workspace, whoever gets hold of it.
        self.server_token_scopes = ["users:activity!user"]
        if self.user is not None:
            # Whoever can name a server's client learns from the hub whether it runs, so the name cannot be guessed.
            key = self.user.settings["cookie_secret"]
            self.oauth_client_id = f"jupyterhub-user-{names.hidden(key, self.server_id)}"

    @property
    def server_id(self) -> str:
        """The server's short identifier."""
        return names.server_id(self.user.name, self.name)

    @property
    def will_resume(self) -> bool:
        """Each start makes a new container, so the hub ends a stopped one's token and client with it."""
        return False

    @default("open_server")
    def _open_server_default(self) -> Any:
        """As root, without a privileged process to ask."""
        return lambda server: make_folder(self.settings.state, server)

    @default("close_server")
    def _close_server_default(self) -> Any:
        return lambda identifier: remove_folder(self.settings.state, identifier)

    @default("object_name")
    def _object_name_default(self) -> str:
        return names.workspace_container(self.settings.name, self.user.name, self.name)

    def load_state(self, state: dict[str, Any]) -> None:
        """Keep nothing but what the names say: a stored name could be another container's."""
        super().load_state(state | {"object_name": self._object_name_default()})

    async def start(self) -> str:
        """Open the workspace, and return where the proxy finds it once it answers."""
        self._steps, self._why = ["1/3"], EndReason.FAILED
        try:
            self._check_names()
            plan = await asyncio.to_thread(self.open_workspace, self.user.name, self.name)
            self._opened = True
            await self._start_container(plan)
            await self._wait_until_ready()
            self._why = None
        except LabError as error:
            raise SpawnException(
                str(error), reason=error.reason, status_code=503 if isinstance(error, UnavailableError) else 403
            ) from error
        except (DockerException, RequestException) as error:
            raise SpawnException(
                "The engine does not start containers now; try again, or tell the administrator.",
                reason="engine",
                status_code=503,
                log_message=f"The engine says: {error}",
            ) from error
        return f"http://127.0.0.1:{self.settings.ports.gateway}"

    def _check_names(self) -> None:
        if not self.name:
            raise SpawnException("Open a workspace from the page of a project.", reason="no-project")
        check_name(self.user.name)
        check_name(self.name)

    async def _start_container(self, plan: WorkspacePlan) -> None:
        """Take over the container that a killed hub left, if it is what would be made now; make a new one otherwise."""
        server = Server(
            person=plan.person,
            project=plan.project,
            tier=plan.tier,
            uid=plan.uid,
        )
        spec = workspace_spec(plan, self.settings, self.cmd, self.get_env(), await self._image_digest(plan.image))
        self._steps.append("2/3 Docker")
        if not await self._adopt(spec):
            await self._remove_container()
            await asyncio.to_thread(self.open_server, server)
            await self._create(spec)
        await self._gateway().open(server.id)
        await self.docker("start", self.object_id)
        self._steps.append("3/3 JupyterLab")

    def get_env(self) -> dict[str, str]:
        """Return what the single-user server must know."""
        return server_environment(super().get_env(), self.user.name, self.name)

    async def _image_digest(self, image: str) -> str:
        try:
            found = await self.docker("inspect_image", image)
        except NotFound:
            raise UnavailableError(
                "There is no image {image} on this machine; run “make setup”.", reason="no-image", image=image
            ) from None
        return str(found["Id"])

    async def _adopt(self, spec: ContainerSpec) -> bool:
        found = await self._inspect()
        if not found or not found["State"]["Running"]:
            return False
        if found["Config"]["Labels"].get(LABEL_PLAN) != spec.labels[LABEL_PLAN]:
            return False
        given = dict(word.split("=", 1) for word in found["Config"]["Env"])
        self.api_token = given["JUPYTERHUB_API_TOKEN"]
        self.log.info("Taking over the running container %s", self.object_name)
        return True

    async def _create(self, spec: ContainerSpec) -> None:
        made = await self.docker("create_container_from_config", container_body(spec), self.object_name)
        self.object_id = made["Id"]

    async def _wait_until_ready(self) -> None:
        """Ask through the gateway until the server answers, and look now and then whether it still lives."""
        look = time.monotonic() + LOOK_SECONDS
        while not await self._is_ready():
            if time.monotonic() > look:
                if await self.poll() is not None:
                    raise UnavailableError(
                        "The workspace ended while it was starting; try again, and tell the administrator if it "
                        "happens again.",
                        reason="workspace-ended",
                    )
                look = time.monotonic() + LOOK_SECONDS
            await asyncio.sleep(POLL_SECONDS)

    async def _is_ready(self) -> bool:
        """Whether the server answers; a gateway that is busy or starts again right now is asked again."""
        try:
            return await self._gateway().is_ready(self.server_id)
        except UnavailableError:
            return False

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Yield short words that need no translation, for the page that waits."""
        told = 0
        while told < 3:
            for step in self._steps[told:]:
                told += 1
                yield {"progress": told * 30, "message": step}
            await asyncio.sleep(0.1)

    async def poll(self) -> int | str | None:
        """Return None while the container runs, and how it ended otherwise; an engine that is away is no end.

        A workspace that has to end, since its person may no longer work there or its time is over, has ended, and is
        then cleared away.
        """
        found = await self._inspect()
        if not found:
            return 0
        state = found["State"]
        if state["Running"]:
            why = await asyncio.to_thread(self.why_ends, self.user.name, self.name, await self._last_use())
            self._why = why or self._why
            return str(why) if why else None
        return f"exit code {state['ExitCode']}{', out of memory' if state['OOMKilled'] else ''}"

    async def _last_use(self) -> datetime:
        """When the gateway last saw the workspace in use, whatever its server says of itself.

        A gateway that is away now, or opens the server right now, is asked again soon; nobody's work ends for it.
        """
        try:
            idle = await self._gateway().idle_seconds(self.server_id)
        except UnavailableError:
            idle = None
        return datetime.now(UTC) - timedelta(seconds=idle or 0)

    async def stop(self, now: bool = False) -> None:
        """End the container and clear away what it had."""
        self._why = self._why or EndReason.STOPPED
        try:
            await self.docker("stop", self.object_name, timeout=0 if now else 5)
        except NotFound:
            self.log.info("The container %s is gone already", self.object_name)
        await self._clear_away()

    async def run_post_stop_hook(self) -> None:
        """Clear away, also when the container ended by itself, since JupyterHub then calls no ``stop``."""
        await self._clear_away()
        hook = super().run_post_stop_hook()
        if hook is not None:
            await hook

    async def _clear_away(self) -> None:
        """Remove container, sockets and folder, and let the project go; each may be gone already."""
        await self._remove_container()
        folder = server_folder(self.settings.state, self.server_id)
        if not self._opened and not folder.exists():
            return
        try:
            await self._gateway().close(self.server_id)
        except UnavailableError:
            # A gateway that is down finds no folder when it comes back.
            self.log.warning("The gateway does not answer; the folder of %s is removed all the same", self.object_name)
        await asyncio.to_thread(self.close_server, self.server_id)
        await asyncio.to_thread(self.close_workspace, self.user.name, self.name, self._why or EndReason.ENDED)
        self._opened = False

    async def docker(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Ask the engine, through the gate; one that is being started again is waited for, and no order is sent twice.

        Without that, a hub that starts before its gate would take every workspace for ended.
        """
        deadline = time.monotonic() + GATE_SECONDS
        while True:
            try:
                return await super().docker(method, *args, **kwargs)
            except (DockerException, NoConnectionError) as error:
                may_repeat = method != "create_container_from_config" or was_never_sent(error)
                if isinstance(error, APIError) or not may_repeat or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(GATE_PAUSE)

    async def _inspect(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = await self.docker("inspect_container", self.object_name)
        except NotFound:
            self.object_id = ""
            return None
        self.object_id = found["Id"]
        return found

    async def _remove_container(self) -> None:
        try:
            await self.docker("remove_container", self.object_name, v=True, force=True)
        except NotFound:
            pass
        except APIError as error:
            if error.status_code != 409:  # its removal is under way
                raise
        self.object_id = ""

    def _gateway(self) -> GatewayClient:
        return GatewayClient(self.settings.state)


def was_never_sent(error: BaseException) -> bool:
    """Whether a call failed because nobody listened, so that nothing of it can have been done."""
    return any(isinstance(cause, FileNotFoundError | ConnectionRefusedError) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it was made from; the libraries wrap each other's errors as arguments."""
    yield error
    for cause in (*error.args, error.__cause__):
        if isinstance(cause, BaseException):
            yield from _causes(cause)
