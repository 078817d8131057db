"""What the gateway has no answer for: passed to the hub as the proxy would, and its answer passed back unchanged.

So whoever may not open a workspace gets, byte for byte, what the hub says of a server that does not run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from yarl import URL

from hub.domain.errors import InvalidError
from spawner_config.gateway.askers import hub_down
from spawner_config.gateway.login import COOKIE, Cookies

HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
LONGEST_BODY = 2**20
"""Nothing that the hub answers here needs a body; what a client sends by mistake is read up to here."""


class HubPages:
    """Asks the hub in a browser's place."""

    def __init__(self, session: aiohttp.ClientSession, hub: str, seconds: float, cookies: Cookies) -> None:
        self._session = session
        self._hub = hub
        self._seconds = seconds
        self._own = cookies.name(COOKIE)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Return the hub's answer to a request below ``/user/``."""
        url = URL(self._hub + request.raw_path, encoded=True)
        if url.raw_path_qs != request.raw_path:
            raise InvalidError("The address can be read in more than one way.", reason="ambiguous-address")
        body = _bounded(request) if request.body_exists else None
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._session.request(
                    request.method, url, headers=_request_headers(request, self._own), data=body, allow_redirects=False
                ) as received,
            ):
                answer = web.Response(status=received.status, body=await received.read())
        except (TimeoutError, aiohttp.ClientError, ValueError, OSError):
            raise hub_down() from None
        answer.headers.popall("Content-Type", None)
        for name, value in received.headers.items():
            if name.lower() not in HOP_BY_HOP:
                answer.headers.add(name, value)
        return answer


def _request_headers(request: web.BaseRequest, own: str) -> list[tuple[str, str]]:
    """Return what the hub may read: all but what is hop by hop, and the gateway's own cookie."""
    passed = []
    for name, value in request.headers.items():
        if name.lower() == "cookie":
            kept = [c.strip() for c in value.split(";") if c.strip().partition("=")[0] != own]
            value = "; ".join(kept)
        if value and name.lower() not in HOP_BY_HOP:
            passed.append((name, value))
    return passed


async def _bounded(request: web.BaseRequest) -> AsyncIterator[bytes]:
    count = 0
    async for piece in request.content.iter_any():
        count += len(piece)
        if count > LONGEST_BODY:
            raise ValueError("the request is longer than allowed")
        yield piece
