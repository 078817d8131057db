"""The way to a workspace's socket, and to the hub: sessions that pass bytes on as they are."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import aiohttp
from aiohttp.client_exceptions import UnixClientConnectorError
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.tracing import Trace
from yarl import URL

from hub.domain.errors import InvalidError, UnavailableError
from spawner_config.gateway.bounds import Bounds
from spawner_config.gateway.turns import InTurns
from spawner_config.gateway.under_way import Held, UnderWay
from spawner_config.gateway.use import Use
from spawner_config.server_folder import CARD, NOTEBOOK_SOCKET, Server, checked_socket

SKIPPED = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
"""Headers that the client would add of its own."""
READ_BYTES = 2**18
"""How much of an answer is read ahead, twice over; a large notebook takes fewer turns by it."""


class CheckedConnector(aiohttp.UnixConnector):
    """Connects to the inode that was checked; every new connection is checked anew, and counted where it is wanted."""

    def __init__(self, folder: Path, owner: int, limit: int, held: Held | None = None) -> None:
        super().__init__(path=str(folder / NOTEBOOK_SOCKET), limit=limit)
        setattr(self, "_factory", partial(InTurns, loop=self._loop))  # noqa: B010 aiohttp's type says its own class
        self._folder = folder
        self._owner = owner
        self._held = held

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        try:
            with checked_socket(self._folder, NOTEBOOK_SOCKET, self._owner) as address:
                transport, protocol = await self._loop.create_unix_connection(self._factory, address)
        except OSError as error:
            raise UnixClientConnectorError(self.path, req.connection_key, error) from error
        if self._held is not None:
            self._held.watch(transport)
        return protocol


class Upstream:
    """One workspace as the gateway reaches it, with its share of the gateway."""

    def __init__(self, server: Server, folder: Path, bounds: Bounds) -> None:
        self.server = server
        self.bounds = bounds
        self.badge = secrets.token_urlsafe(32)
        self.in_use = 0
        self.use = Use(folder / CARD)
        self.folder = folder / "nb"
        self.under_way = UnderWay(bounds.under_way)
        self._counted: set[aiohttp.ClientSession] = set()
        self.session = plain_session(CheckedConnector(self.folder, server.uid, limit=bounds.requests), bounds)

    def has(self, name: str) -> bool:
        """Whether something of that name is where the sockets are; what it is, is looked at when it is used."""
        return os.path.lexists(self.folder / name)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Take one of the requests that a server may have open at the same time."""
        if self.in_use >= self.bounds.requests:
            raise UnavailableError(
                "The workspace has too many requests open; close some of its tabs.", reason="server-busy"
            )
        self.in_use += 1
        try:
            yield
        finally:
            self.in_use -= 1

    @asynccontextmanager
    async def counted_session(self, held: Held) -> AsyncIterator[aiohttp.ClientSession]:
        """Make the session of one websocket, whose connection's bytes are counted."""
        connector = CheckedConnector(self.folder, self.server.uid, limit=1, held=held)
        async with plain_session(connector, self.bounds) as session:
            self._counted.add(session)
            try:
                yield session
            finally:
                self._counted.discard(session)

    async def close(self) -> None:
        """Drop every connection to the workspace."""
        for session in (self.session, *self._counted):
            await session.close()


def plain_session(connector: aiohttp.BaseConnector, bounds: Bounds) -> aiohttp.ClientSession:
    """Make a session that keeps no cookie, follows no proxy, unpacks nothing and believes no long header."""
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        read_bufsize=READ_BYTES,
        trust_env=False,
        skip_auto_headers=SKIPPED,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=bounds.connect_seconds),
        max_line_size=8190,
        max_field_size=8190,
        max_headers=64,
    )


def exact_url(raw: str) -> URL:
    """Return an address that goes out exactly as it came in; InvalidError if the library would change a byte."""
    url = URL(f"http://workspace{raw}", encoded=True)
    if url.raw_path_qs != raw:
        raise InvalidError("The address can be read in more than one way.", reason="ambiguous-address")
    return url
