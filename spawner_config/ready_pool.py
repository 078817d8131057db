"""Workspaces made ready in advance, by the hub, which makes the others, too.

Invariants:

* one for each member and project, under the name of that member's next workspace: the engine has no second of a name;
* whoever makes, claims or ends the workspace of a member in a project has its turn: never two of them at once;
* all that wait hold no more than ``ready_memory``, and none is made while the machine is short of memory;
* what the records call ready is the pool's, and nobody else's to remove, but the worker's after a kill.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from docker.errors import DockerException
from requests import RequestException

from hub.domain.errors import LabError, UnavailableError
from hub.domain.workspaces import EndReason, Workspace
from hub.services import ready
from hub.services.lab import Lab
from spawner_config import names
from spawner_config.containers import Containers
from spawner_config.workspace_maker import WorkspaceMaker

PAUSE, LOOK_TURNS = 0.5, 10
"""Between two looks at what is wanted; and after so many of them, at what has waited long enough."""
LEAST_FREE = 0.25
BREAKDOWNS = (LabError, DockerException, RequestException)
log = logging.getLogger("datalab.ready")


class ReadyPool:
    """Makes workspaces ready and ends those that nobody used, until its task is cancelled."""

    def __init__(
        self, lab: Lab, containers: Containers, maker: WorkspaceMaker, close_server: Callable[[str], None]
    ) -> None:
        self._lab = lab
        self._containers = containers
        self._maker = maker
        self._close_server = close_server
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._failed: dict[str, Workspace] = {}

    def turn(self, person: str, project: str) -> AbstractAsyncContextManager[None]:
        """Hold the turn with the workspace of a member in a project."""
        return self._turns[names.server_id(person, project)]

    async def keep(self) -> None:
        """Do rounds for ever; what the lab rests on may come and go meanwhile, and is said."""
        count = 0
        while ready.most_ready(self._lab):
            try:
                if count % LOOK_TURNS == 0:
                    await self.end_what_is_over()
                await self.make_what_is_wanted()
            except LabError as error:
                log.warning("%s (%s)", error, error.reason)
            count += 1
            await asyncio.sleep(PAUSE)

    async def end_what_is_over(self) -> None:
        """End those that waited long enough or ended, whose person left, or that are of another making."""
        for waiting in await asyncio.to_thread(ready.ready, self._lab):
            async with self.turn(waiting.person, waiting.project):
                why = await self._why_over(waiting)
                if why is not None:
                    await self._clear(waiting, why)

    async def _why_over(self, waiting: Workspace) -> EndReason | None:
        try:
            found = await self._containers.find(self._name(waiting))
        except BREAKDOWNS:
            return None  # An engine that is away ends nothing.
        if found is None or not found["State"]["Running"]:
            return EndReason.ENDED
        return await asyncio.to_thread(ready.why_unready, self._lab, waiting)

    def _name(self, workspace: Workspace) -> str:
        return names.workspace_container(self._lab.settings.name, workspace.person, workspace.project)

    async def make_what_is_wanted(self) -> None:
        """Make one after the other; the one that waits longest makes room."""
        for wanted in await asyncio.to_thread(ready.wanted, self._lab):
            if self._failed.get(wanted.id) == wanted:
                continue
            if memory_left() < LEAST_FREE:
                log.warning("The machine is short of memory; no workspace is made ready.")
                return
            waiting = await asyncio.to_thread(ready.ready, self._lab)
            for longest in waiting[: max(0, len(waiting) + 1 - ready.most_ready(self._lab))]:
                async with self.turn(longest.person, longest.project):
                    await self._clear(longest, EndReason.UNUSED)
            await self._make(wanted)

    async def _make(self, wanted: Workspace) -> None:
        person, project = wanted.person, wanted.project
        async with self.turn(person, project):
            try:
                plan = await asyncio.to_thread(ready.make_ready, self._lab, person, project)
            except LabError as error:
                self._failed[wanted.id] = wanted
                log.info("The workspace of %s in %s is not made ready: %s (%s)", person, project, error, error.reason)
                return
            try:
                await self._maker.made_anew(plan)
            except BREAKDOWNS as error:
                log.warning("The workspace of %s in %s cannot be made ready: %s", person, project, error)
                made = [w for w in await asyncio.to_thread(ready.ready, self._lab) if w.id == wanted.id]
                for one in made:
                    await self._clear(one, EndReason.FAILED)

    async def _clear(self, waiting: Workspace, why: EndReason) -> None:
        """Record its end, and remove it; one that was opened meanwhile is let alone."""
        if not await asyncio.to_thread(ready.end_ready, self._lab, waiting, why):
            return
        try:
            await self._containers.remove(self._name(waiting))
            await asyncio.to_thread(self._close_server, waiting.id)
        except (DockerException, RequestException) as error:
            # The worker finds what nobody owns.
            raise UnavailableError(
                "The workspace that waited cannot be removed now ({why}).", reason="engine", why=type(error).__name__
            ) from error


def memory_left(told: Path = Path("/proc/meminfo")) -> float:
    """Return which part of the machine's memory is free, or could be."""
    lines = (line.split() for line in told.read_text(encoding="ascii").splitlines())
    numbers = {words[0].rstrip(":"): int(words[1]) for words in lines}
    return numbers["MemAvailable"] / numbers["MemTotal"]
