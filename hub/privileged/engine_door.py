"""The socket on which the engine gate is asked: each account has places of its own, so that none takes another's.

* One account has at most ``MOST_EACH`` connections, silent and waiting ones among them; more are refused at once.
* Whoever hangs up is not worked for any longer: a call that waits for a container's end gives its place back.
* No body is unpacked: a packed one is no order, and whoever sends it costs the others no time.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from hub.privileged.metrics import DoorName, Measured
from hub.privileged.peers import Askers, peer_of
from spawner_config.accepting import hand_over, next_connection

MOST_EACH = 64
"""The hub asks ten things at the same time, portal and worker fewer."""
SHUTDOWN_SECONDS = 1.0
STRANGERS = None
TOO_MANY = b'{"message": "This process of the lab has too many connections to the engine gate; close some."}'
BUSY = (
    b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n" % len(TOO_MANY)
) + TOO_MANY
Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
log = logging.getLogger("datalab.engine-gate")


class EngineDoor:
    """Hands each connection to the gate, which looks again at who asks."""

    def __init__(
        self, handle: Handle, allowed: Askers, most_each: int = MOST_EACH, measured: Measured | None = None
    ) -> None:
        self._handle = handle
        self._allowed = allowed
        self._most_each = most_each
        self._measured = measured or Measured()

    async def serve(self, listener: socket.socket) -> None:
        """Accept until the task is cancelled."""
        servers = {uid: self._server() for uid in (*self._allowed, STRANGERS)}
        try:
            while True:
                connection = await next_connection(listener)
                uid = peer_of(connection).uid
                await self._let_in(connection, uid, servers[uid if uid in servers else STRANGERS])
        finally:
            for server in servers.values():
                server.pre_shutdown()
            await asyncio.gather(*(server.shutdown(SHUTDOWN_SECONDS) for server in servers.values()))

    def _server(self) -> web.Server:
        return web.Server(self._handle, access_log=None, handler_cancellation=True, auto_decompress=False)

    async def _let_in(self, connection: socket.socket, uid: int, server: web.Server) -> None:
        """Give a connection one of its account's places, while there is one."""
        if len(server.connections) < self._most_each:
            await hand_over(connection, server)
            return
        with connection, suppress(OSError):  # whoever connected may be gone
            log.warning("The account %d has too many connections to the engine gate (gate-busy).", uid)
            self._measured.refused(DoorName.ENGINE, "gate-busy")
            connection.send(BUSY)
