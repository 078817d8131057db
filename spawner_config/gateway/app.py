"""The gateway as a whole: its listeners, what it keeps, and how it starts and ends."""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from aiohttp import web

from hub.settings import Settings
from spawner_config.gateway.access_log import AccessLog, Seen
from spawner_config.gateway.askers import QUESTIONS, STRANGERS_QUESTIONS, Askers
from spawner_config.gateway.bounds import Bounds
from spawner_config.gateway.browser import BrowserSide
from spawner_config.gateway.control import Control
from spawner_config.gateway.door import Door
from spawner_config.gateway.hub_pages import HubPages
from spawner_config.gateway.hub_side import HubSide
from spawner_config.gateway.login import Cookies, Login
from spawner_config.gateway.meter import Meter
from spawner_config.gateway.metrics import Metrics
from spawner_config.gateway.origins import Origins
from spawner_config.gateway.sealing import Sealer
from spawner_config.gateway.servers import Servers
from spawner_config.gateway.static_files import StaticFiles
from spawner_config.gateway.unshown import server_log
from spawner_config.gateway.upstream import plain_session
from spawner_config.lab_files import copies
from spawner_config.server_folder import (
    CONTROL_SOCKET,
    Server,
    access_log_folder,
    control_folder,
    listening_socket,
)

METER_SECONDS = 2.0
SHUTDOWN_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Keys:
    """The gateway's own secrets: what the hub knows it by, and what seals the cookies that browsers keep for it."""

    token: str
    seal: str


class Gateway:
    """Serves from ``start`` to ``stop``; a killed one loses at most two seconds of counts."""

    def __init__(
        self, settings: Settings, keys: Keys, bounds: Bounds | None = None, lab_files: Path | None = None
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._lab_files = lab_files or copies()
        self._bounds = bounds or Bounds()
        self._runners: list[web.BaseRunner] = []

    async def start(self) -> None:
        """Listen for the proxy, open every server that stands on disk, then listen for the spawner."""
        state = self._settings.state
        for folder in (control_folder(state), state / "gateway"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._metrics = Metrics()
        self._access_log = AccessLog(access_log_folder(state), lambda: datetime.now(UTC), self._metrics.note)
        counts = state / "gateway" / "gateway-bytes.json"
        self._meter = Meter(counts, lambda: datetime.now(UTC).date(), self._settings.browser, self._alarm)
        if self._meter.is_lost:
            self._say_lost(counts.with_suffix(".broken"))
        self._session = plain_session(aiohttp.TCPConnector(limit=64), self._bounds)
        self._hub = f"http://127.0.0.1:{self._settings.ports.hub}"
        hub = HubSide(self._session, self._hub, self._access_log, self._bounds)
        # Of its own, so that what strangers ask of the hub by the gateway takes none of its connections.
        self._asking = plain_session(aiohttp.TCPConnector(limit=QUESTIONS + STRANGERS_QUESTIONS), self._bounds)
        self._askers = Askers(self._asking, self._hub, self._bounds.hub_seconds, self._bounds.believed_seconds)
        self._servers = Servers(state, hub, self._bounds, closed=lambda server: self._askers.forget(server.person))
        await self._listen_for_browsers()
        await self._servers.open_all()
        await self._listen_for_spawner(control_folder(state))
        self._keeper = asyncio.create_task(self._keep_meter())

    def _alarm(self, server: Server, total: int) -> None:
        """Leave a line of its own when a person passes the soft number of their day."""
        log.warning("%s was sent %d bytes of the project %s today.", server.person, total, server.project)
        self._access_log.write(Seen("alarm", "", server.prefix, server, 0, total, "day-alarm"))

    def _say_lost(self, broken: Path) -> None:
        """Leave a line when the counts were found broken."""
        log.error(
            "The counts of bytes are broken: %s. Workspaces with a cap are refused until it is taken away.", broken
        )
        self._access_log.write(Seen("alarm", "", "", reason="count-lost"))

    async def _listen_for_browsers(self) -> None:
        origins = Origins(self._settings)
        cookies = Cookies(secure=origins.scheme == "https", host=self._settings.host_cookies)
        login = Login(self._session, self._hub, self._keys.token, Sealer(self._keys.seal), origins, cookies)
        pages = HubPages(self._session, self._hub, self._bounds.hub_seconds, cookies)
        files = StaticFiles(self._lab_files)
        door = Door(self._servers, self._askers, login, pages, files, origins)
        side = BrowserSide(door, files, self._meter, self._access_log, origins)
        server = web.Server(
            side.handle,
            access_log=None,
            logger=server_log(),
            max_line_size=16380,
            max_field_size=16380,
            auto_decompress=False,
        )
        runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", self._settings.ports.gateway).start()

    async def _listen_for_spawner(self, folder: Path) -> None:
        application = Control(self._servers, self._metrics, self._askers.forget).application()
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        self._runners.append(runner)
        await web.SockSite(runner, listening_socket(folder, CONTROL_SOCKET, 0o660)).start()

    async def _keep_meter(self) -> None:
        while True:
            await asyncio.sleep(METER_SECONDS)
            self._write_meter()
            self._access_log.tell_counted()

    def _write_meter(self) -> None:
        try:
            self._meter.write()
        except OSError as error:
            log.warning("The count of bytes cannot be written: %s", error.strerror)

    async def stop(self) -> None:
        """Close every door and write what is kept."""
        self._keeper.cancel()
        await self._servers.close_all()
        for runner in reversed(self._runners):
            await runner.cleanup()
        await self._session.close()
        await self._asking.close()
        self._write_meter()
        self._access_log.tell_counted(at_once=True)
        (control_folder(self._settings.state) / CONTROL_SOCKET).unlink(missing_ok=True)


def close_umask() -> None:
    """What the gateway makes is its own, and where a folder is a group's, that group's to read."""
    os.umask(0o027)
