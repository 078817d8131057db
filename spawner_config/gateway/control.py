"""The spawner's side of the gateway: a socket that only the lab may reach.

``PUT /servers/<id>`` opens a server, ``POST /servers/<id>/claim`` claims the program that waits there, ``DELETE``
closes it, ``GET`` says whether it answers, and waits a little for it, and ``GET`` with ``/use`` how long it has been
idle; ``DELETE /people/<name>`` lets the hub be asked anew about a person; ``GET /metrics`` is for Prometheus:
``curl --unix-socket run/gateway.sock http://gateway/metrics`` in the state folder.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from hub.domain.errors import LabError
from hub.sandbox.claim import CLAIM_SOCKET
from spawner_config.gateway import answers
from spawner_config.gateway.claims import Claim, claimed
from spawner_config.gateway.metrics import TYPE, Metrics
from spawner_config.gateway.servers import Servers
from spawner_config.gateway.upstream import Upstream, exact_url
from spawner_config.server_folder import NOTEBOOK_SOCKET

READY_SECONDS = 2.0
WAITED_SECONDS = 0.5
"""So long an answer waits for a server that does not answer yet; then whoever asks may look whether it lives."""
LOOK_SECONDS = 0.01
_ID = re.compile(r"[0-9a-f]{16}")


class Control:
    """Does what the spawner says."""

    def __init__(self, servers: Servers, metrics: Metrics, forget: Callable[[str], None]) -> None:
        self._servers = servers
        self._metrics = metrics
        self._forget_person = forget

    def application(self) -> web.Application:
        """Return the routes."""
        application = web.Application(middlewares=[_say_errors])
        application.add_routes(
            [
                web.put("/servers/{id}", self._open),
                web.delete("/servers/{id}", self._close),
                web.get("/servers/{id}", self._tell),
                web.get("/servers/{id}/use", self._tell_use),
                web.post("/servers/{id}/claim", self._claim),
                web.delete("/people/{name}", self._forget),
                web.get("/metrics", self._measure),
            ]
        )
        return application

    async def _open(self, request: web.Request) -> web.Response:
        await self._servers.open(_identifier(request))
        return web.json_response({})

    async def _close(self, request: web.Request) -> web.Response:
        await self._servers.close(_identifier(request))
        return web.json_response({})

    async def _tell(self, request: web.Request) -> web.Response:
        upstream = self._servers.find_by_id(_identifier(request))
        until = time.monotonic() + WAITED_SECONDS
        while not (upstream.has(NOTEBOOK_SOCKET) and await answers_now(upstream)):
            if time.monotonic() > until:
                raise answers.not_ready()
            await asyncio.sleep(LOOK_SECONDS)
        return web.Response(status=204)

    async def _tell_use(self, request: web.Request) -> web.Response:
        return web.json_response({"idle": self._servers.find_by_id(_identifier(request)).use.idle})

    async def _claim(self, request: web.Request) -> web.Response:
        upstream = self._servers.find_by_id(_identifier(request))
        claim = await request.read()
        until = time.monotonic() + WAITED_SECONDS
        while not (upstream.has(CLAIM_SOCKET) or upstream.has(NOTEBOOK_SOCKET)):
            if time.monotonic() > until:
                raise answers.not_ready()
            await asyncio.sleep(LOOK_SECONDS)
        if not upstream.has(CLAIM_SOCKET):
            return web.json_response({"claim": Claim.SERVES})
        return web.json_response({"claim": await claimed(upstream, claim)})

    async def _forget(self, request: web.Request) -> web.Response:
        self._forget_person(request.match_info["name"])
        return web.json_response({})

    async def _measure(self, _request: web.Request) -> web.Response:
        text = self._metrics.text(*self._servers.counts())
        return web.Response(body=text, headers={"Content-Type": TYPE})


async def answers_now(upstream: Upstream) -> bool:
    """Whether a workspace's server answers the question that the hub will ask of it."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            async with upstream.session.get(
                exact_url(f"{upstream.server.prefix}api"), headers={"Connection": "close"}, allow_redirects=False
            ) as received:
                return received.status == 200
    except (TimeoutError, aiohttp.ClientError, ValueError, OSError):  # it does not answer, or not properly
        return False


def _identifier(request: web.Request) -> str:
    identifier = request.match_info["id"]
    if not _ID.fullmatch(identifier):
        raise answers.not_ready()
    return identifier


@web.middleware
async def _say_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except LabError as error:
        return answers.refusal(error)
