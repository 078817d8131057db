"""From a workspace to the hub: a socket of its own for each server, and three calls."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web
from yarl import URL

from hub.domain.errors import InvalidError, LabError, UnavailableError
from spawner_config.accepting import hand_over, next_connection
from spawner_config.gateway import answers
from spawner_config.gateway.access_log import AccessLog, Seen
from spawner_config.gateway.bounds import Bounds, Bucket
from spawner_config.gateway.hub_calls import (
    LONGEST_ANSWER,
    LONGEST_BODY,
    HubCall,
    answer,
    badge_answer,
    judge,
)
from spawner_config.gateway.unshown import server_log
from spawner_config.gateway.use import Use
from spawner_config.server_folder import HUB_SOCKET, Server, listening_socket

_AUTHORIZATION = re.compile(r"(?:[Tt]oken|[Bb]earer) [A-Za-z0-9._~+/=-]{1,500}")


@dataclass(frozen=True, slots=True)
class HubDoor:
    """A server's listening socket towards the hub."""

    listener: socket.socket
    acceptor: asyncio.Task[None]
    runner: web.ServerRunner

    async def close(self) -> None:
        """Stop listening and drop what is connected."""
        self.acceptor.cancel()
        await asyncio.wait([self.acceptor])
        self.listener.close()
        await self.runner.cleanup()


class HubSide:
    """Makes the doors, and passes on what they let through."""

    def __init__(self, session: aiohttp.ClientSession, hub: str, access_log: AccessLog, bounds: Bounds) -> None:
        self._session = session
        self._hub = hub
        self._log = access_log
        self._bounds = bounds

    async def open_door(self, server: Server, folder: Path, badge: str, use: Use) -> HubDoor:
        """Listen on a server's socket towards the hub; the badge is the one thing that is answered without the hub."""
        visitor = _Visitor(self, server, badge, use, self._bounds)
        runner = web.ServerRunner(
            web.Server(
                visitor.handle,
                access_log=None,
                logger=server_log(),
                keepalive_timeout=20,
                max_field_size=4096,
                max_headers=64,
                auto_decompress=False,  # what is refused is read to its end, and must not grow by it
            ),
            shutdown_timeout=0.5,
        )
        await runner.setup()
        listener = listening_socket(folder, HUB_SOCKET, 0o666)
        return HubDoor(listener, asyncio.create_task(_accept(listener, runner, self._bounds)), runner)

    def record(self, seen: Seen) -> None:
        """Leave a call's line."""
        self._log.write(seen)

    async def ask(self, call: HubCall, authorization: str) -> tuple[int, str, bytes]:
        """Make a call to the hub, and return its status, its version and what a workspace may read of its answer."""
        headers = {"Accept": "application/json"}
        if authorization:
            headers["Authorization"] = authorization
        if call.content_type:
            headers["Content-Type"] = call.content_type
        url = URL(self._hub + call.path, encoded=True)
        try:
            async with (
                asyncio.timeout(self._bounds.hub_seconds),
                self._session.request(
                    call.method, url, headers=headers, data=call.body or None, allow_redirects=False
                ) as received,
            ):
                body = await received.content.read(LONGEST_ANSWER)
                version = received.headers.get("X-JupyterHub-Version", "")
                return received.status, version, answer(call, received.status, body)
        except (TimeoutError, aiohttp.ClientError, OSError):
            raise UnavailableError("The hub does not answer; try again.", reason="hub-down") from None


class _Visitor:
    """What one server may ask, and how often."""

    def __init__(self, side: HubSide, server: Server, badge: str, use: Use, bounds: Bounds) -> None:
        self._side = side
        self._server = server
        self._badge = badge
        self._use = use
        self._bucket = Bucket(bounds.hub_burst, bounds.hub_rate)
        self._turn = asyncio.Semaphore(bounds.hub_calls)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one call of a container, and leave its line."""
        seen = Seen("hub", request.method, request.raw_path, self._server)
        try:
            async with self._turn:
                response = await self._answer(request)
        except LabError as error:
            seen.reason = error.reason
            response = answers.refusal(error)
        seen.status, seen.bytes = response.status, response.content_length or 0
        self._side.record(seen)
        return response

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if not self._bucket.take():
            raise UnavailableError("The workspace asks the hub too often; wait a minute.", reason="hub-call-rate")
        authorization = request.headers.get("Authorization", "")
        if authorization and not _AUTHORIZATION.fullmatch(authorization):
            raise InvalidError("The hub does not take a call of this form.", reason="hub-call-body")
        call = judge(request.method, request.raw_path, await _short_body(request), self._server, self._use.last())
        if call.path == "/hub/api/user" and secrets.compare_digest(authorization.partition(" ")[2], self._badge):
            return web.Response(body=badge_answer(self._server), content_type="application/json")
        status, version, body = await self._side.ask(call, authorization)
        headers = {"X-JupyterHub-Version": version} if version else {}
        return web.Response(status=status, body=body, content_type="application/json", headers=headers)


async def _short_body(request: web.BaseRequest) -> bytes:
    """Read a call's body, which is short and comes at once."""
    too_long = InvalidError("The hub does not take a call of this form.", reason="hub-call-body")
    body = b""
    try:
        async with asyncio.timeout(10):
            async for piece in request.content.iter_any():
                body += piece
                if len(body) > LONGEST_BODY:
                    raise too_long
    except TimeoutError:
        raise too_long from None
    return body


async def _accept(listener: socket.socket, runner: web.ServerRunner, bounds: Bounds) -> None:
    """Let a container connect so often and no oftener: the rest waits in the kernel, not in the gateway."""
    bucket = Bucket(bounds.hub_burst, bounds.hub_rate)
    server = runner.server
    if server is None:
        raise RuntimeError("the runner was not set up")
    while True:
        while len(server.connections) >= bounds.hub_connections or not bucket.take():
            await asyncio.sleep(0.1)
        await hand_over(await next_connection(listener), server)
