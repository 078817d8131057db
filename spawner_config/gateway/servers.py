"""The servers that are open now: each with its way in, and its socket towards the hub."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hub.domain.errors import LabError
from spawner_config.gateway import answers
from spawner_config.gateway.bounds import Bounds
from spawner_config.gateway.hub_side import HubDoor, HubSide
from spawner_config.gateway.upstream import Upstream
from spawner_config.names import server_id
from spawner_config.server_folder import Server, read_card, server_folder, servers_folder

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenServer:
    """One open server: the way to its socket, and its door to the hub."""

    upstream: Upstream
    door: HubDoor

    async def close(self) -> None:
        """Drop both ways."""
        await self.door.close()
        await self.upstream.close()


class Servers:
    """Opens and closes servers as the spawner says, and all that it finds on disk when it starts."""

    def __init__(self, state: Path, hub: HubSide, bounds: Bounds, closed: Callable[[Server], None]) -> None:
        self._state = state
        self._hub = hub
        self._bounds = bounds
        self._closed = closed
        self._open: dict[str, OpenServer] = {}

    def find(self, person: str, project: str) -> Upstream | None:
        """Return the way to a member's workspace in a project; None where none runs."""
        found = self._open.get(server_id(person, project))
        return found.upstream if found else None

    def find_by_id(self, identifier: str) -> Upstream:
        """Return the way to a workspace by its identifier."""
        found = self._open.get(identifier)
        if found is None:
            raise answers.not_ready()
        return found.upstream

    def counts(self) -> tuple[int, int]:
        """Return how many servers are open, and how many requests of theirs are under way."""
        return len(self._open), sum(found.upstream.in_use for found in self._open.values())

    async def open(self, identifier: str) -> None:
        """Open a server that has its card; one that was open is opened anew, since its card may have changed."""
        server = read_card(self._state, identifier)
        await self.close(identifier)
        folder = server_folder(self._state, identifier)
        upstream = Upstream(server, folder, self._bounds)
        door = await self._hub.open_door(server, folder / "hub", upstream.badge, upstream.use)
        self._open[identifier] = OpenServer(upstream, door)

    async def close(self, identifier: str) -> None:
        """Close a server; one that is not open is fine."""
        found = self._open.pop(identifier, None)
        if found is not None:
            self._closed(found.upstream.server)
            await found.close()

    async def open_all(self) -> None:
        """Open what stands on disk; a folder that is not a server's is left alone, and said."""
        folder = servers_folder(self._state)
        for place in sorted(folder.iterdir()) if folder.is_dir() else []:
            try:
                await self.open(place.name)
            except (LabError, OSError) as error:
                log.warning("The server %s cannot be opened: %s", place.name, error)

    async def close_all(self) -> None:
        """Close every server."""
        for identifier in list(self._open):
            await self.close(identifier)
