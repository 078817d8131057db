"""The spawner: one container for each member and project, without a network, reached through the gateway.

Invariants:

* whether a workspace may open, and of what it is made, is decided by ``open_workspace``, never by what a person sends;
* a container is described by ``isolation`` alone, and nothing that a person named becomes a format string;
* its program learns whose it is, and gets its token, by a claim that is made once; a token stands in no description;
* after ``stop``, or after a container ended by itself, no container, socket, folder or mount of it is left;
* all of this holds after the hub was killed: names are made from person and project, not remembered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from docker.errors import DockerException
from jupyterhub import orm
from jupyterhub.spawner import SpawnException
from requests import RequestException

from hub.domain.errors import LabError, UnavailableError
from hub.domain.people import check_name
from hub.domain.workspaces import EndReason
from hub.services.workspaces import WorkspacePlan
from spawner_config import names
from spawner_config.gateway_client import GatewayClient
from spawner_config.server_folder import server_folder
from spawner_config.spawner_parts import ConfiguredSpawner
from spawner_config.starting import answering, claimed
from spawner_config.workspace_container import server_environment, told_at_claim
from spawner_config.workspace_maker import WorkspaceMaker, server_of

CLEARING_SECONDS, CLEARING_PAUSE = 8.0, 2.0
"""How long a start waits for the removal of what was left of the last workspace."""
STARTING = "starting"


class LabSpawner(ConfiguredSpawner):
    """Starts, finds and stops the workspace of one member in one project, whose slug is the server's name."""

    api_token: str

    def __init__(self, **kwargs: Any) -> None:
        self._interrupted = False
        super().__init__(**kwargs)
        self._steps: list[str] = []
        self._opened = False
        self._why: EndReason | None = None
        self._gateway = GatewayClient(self.settings.state)
        # A server's own token reports that it is in use; it opens no workspace, whoever gets hold of it.
        self.server_token_scopes = ["users:activity!user"]
        if self.user is not None:
            # Whoever can name a server's client learns from the hub whether it runs, so the name cannot be guessed.
            self.oauth_client_id = f"jupyterhub-user-{self._hidden(self.server_id)}"

    def _hidden(self, name: str) -> str:
        return names.hidden(self.user.settings["cookie_secret"], name)

    @property
    def will_resume(self) -> bool:
        """Each start makes a new container, so the hub ends a stopped one's token and client with it."""
        return False

    def load_state(self, state: dict[str, Any]) -> None:
        """Keep nothing but what the names say, and whether a start was interrupted by the hub's end."""
        self._interrupted = bool(state.get(STARTING))
        super().load_state({"object_name": self._object_name_default()})

    def clear_state(self) -> None:
        """Note that a start begins, so that a hub that comes back knows that nobody goes on with it."""
        super().clear_state()
        self._interrupted = False
        self.orm_spawner.state = {STARTING: True}

    async def start(self) -> str:
        """Open the workspace, and return where the proxy finds it once it answers."""
        self._steps, self._why = ["1/3"], EndReason.FAILED
        with _said():
            self._check_names()
            async with self.turn(self.user.name, self.name):
                plan = await self._plan()
                self._opened = True
                await self._start_container(plan)
            self._steps.append("3/3 JupyterLab")
            await answering(self._gateway, self.server_id, self._lives)
            self._why = None
        return f"http://127.0.0.1:{self.settings.ports.gateway}"

    def _check_names(self) -> None:
        if not self.name:
            raise SpawnException("Open a workspace from the page of a project.", reason="no-project")
        check_name(self.user.name)
        check_name(self.name)

    async def _plan(self) -> WorkspacePlan:
        """Ask the lab's rules; what is left of the last workspace may be about to be removed."""
        deadline = time.monotonic() + CLEARING_SECONDS
        while True:
            try:
                plan: WorkspacePlan = await asyncio.to_thread(self.open_workspace, self.user.name, self.name)
            except UnavailableError as error:
                if error.reason != "clearing" or time.monotonic() > deadline:
                    raise
            else:
                return plan
            await asyncio.sleep(CLEARING_PAUSE)

    async def _start_container(self, plan: WorkspacePlan) -> None:
        """Claim the container that waits, or take over one that a killed hub left; else make one, and claim that."""
        maker = WorkspaceMaker(self.settings, self.containers, self.open_server, self.cmd)
        self._steps.append("2/3 Docker")
        if await self._claim(plan, await maker.found_or_made(plan)):
            return
        self.log.warning("The container %s took no claim; another one is made", self.object_name)
        if not await self._claim(plan, await maker.made_anew(plan)):
            raise UnavailableError(
                "The workspace ended while it was starting; try again, and tell the administrator if it happens again.",
                reason="claim-refused",
            )

    async def _claim(self, plan: WorkspacePlan, container: str) -> bool:
        """Let the gateway know the server, and tell the program in the container whose it is."""
        self.object_id = container
        self._take_token(container)
        server = server_of(plan)
        await asyncio.to_thread(self.show_server, server)
        await self._gateway.open(server.id)
        return await claimed(self._gateway, server.id, told_at_claim(self.get_env(), plan), self._lives)

    def _take_token(self, container: str) -> None:
        """Change the token for the one that follows from the container, so that a hub finds it that forgot it."""
        token = self._token_of(container)
        if orm.APIToken.find(self.user.db, token) is None:
            orm.APIToken.find(self.user.db, self.api_token).token = token
        self.api_token = token

    def _token_of(self, container: str) -> str:
        return self._hidden(f"token of {container}")

    def get_env(self) -> dict[str, str]:
        """Return what the single-user server must know."""
        return server_environment(super().get_env(), self.user.name, self.name)

    async def _lives(self) -> bool:
        """Whether the container runs; whether its workspace has to end is asked once it has begun."""
        found = await self.containers.find(self.object_name)
        return bool(found and found["State"]["Running"])

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

        A workspace that has to end, since its person may no longer work there or its time is over, has ended, and so
        has one whose start a killed hub left half-way; it is then cleared away.
        """
        found = await self.containers.find(self.object_name)
        self.object_id = found["Id"] if found else ""
        if not found:
            return 0
        # A hub that comes back ends the token with the workspace, too.
        self.api_token = self.api_token or self._token_of(found["Id"])
        if self._interrupted:
            return "its start was interrupted"
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
            idle = await self._gateway.idle_seconds(self.server_id)
        except UnavailableError:
            idle = None
        return datetime.now(UTC) - timedelta(seconds=idle or 0)

    async def stop(self, now: bool = False) -> None:
        """End the container and clear away what it had."""
        self._why = self._why or EndReason.STOPPED
        await self._clear_away(grace=0 if now else 5)

    async def run_post_stop_hook(self) -> None:
        """Clear away, also when the container ended by itself, since JupyterHub then calls no ``stop``."""
        await self._clear_away()
        hook = super().run_post_stop_hook()
        if hook is not None:
            await hook

    async def _clear_away(self, grace: int | None = None) -> None:
        """Remove container, sockets and folder, and let the project go; each may be gone already.

        What was made ready in advance is not the spawner's, but where that has opened it.
        """
        async with self.turn(self.user.name, self.name):
            if await asyncio.to_thread(self.is_waiting, self.user.name, self.name):
                return
            if grace is not None and not await self.containers.stop(self.object_name, grace):
                self.log.info("The container %s is gone already", self.object_name)
            await self.containers.remove(self.object_name)
            self.object_id = ""
            if self._opened or server_folder(self.settings.state, self.server_id).exists():
                await self._close()

    async def _close(self) -> None:
        try:
            await self._gateway.close(self.server_id)
        except UnavailableError:
            # A gateway that is down finds no folder when it comes back.
            self.log.warning("The gateway does not answer; the folder of %s is removed all the same", self.object_name)
        await asyncio.to_thread(self.close_server, self.server_id)
        await asyncio.to_thread(self.close_workspace, self.user.name, self.name, self._why or EndReason.ENDED)
        self._opened = self._interrupted = False


@contextmanager
def _said() -> Iterator[None]:
    """Say to the person what kept their workspace from opening."""
    try:
        yield
    except LabError as error:
        status = 503 if isinstance(error, UnavailableError) else 403
        raise SpawnException(str(error), reason=error.reason, status_code=status) from error
    except (DockerException, RequestException) as error:
        raise SpawnException(
            "The engine does not start containers now; try again, or tell the administrator.",
            reason="engine",
            status_code=503,
            log_message=f"The engine says: {error}",
        ) from error
