"""Websockets between a browser and a workspace, message by message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMsgType, web
from yarl import URL

from hub.domain.errors import InvalidError, RefusedError, UnavailableError
from spawner_config.gateway import answers
from spawner_config.gateway.downloads import held
from spawner_config.gateway.headers import Headers, plain_token
from spawner_config.gateway.upstream import Upstream
from spawner_config.gateway.use import Use

SWITCHED = 101
CLOSE_SECONDS = 2.0
LOGIN_ENDED = 4401, "Your login has ended; open the workspace again from the page of its project."
DAY_IS_OVER = 4429, "The lab sends no more from this workspace to your browser today."
_SENDABLE_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1012), *range(3000, 5000)})

Socket = ClientWebSocketResponse | web.WebSocketResponse


async def forward_websocket(
    request: web.BaseRequest,
    url: URL,
    headers: Headers,
    upstream: Upstream,
    opened: Callable[[], None],
    takes: Callable[[int], bool],
    stays: Callable[[], Awaitable[bool]],
) -> web.StreamResponse:
    """Open the workspace's end first, so that its refusal is the browser's; then pass messages until one end closes."""
    bounds = upstream.bounds
    if not web.WebSocketResponse().can_prepare(request).ok:
        raise InvalidError("This is not the opening of a websocket.", reason="bad-websocket")
    largest = bounds.message if held(upstream.server.tier) else bounds.open_message
    inner = await _connect(url, headers, _protocols(request), upstream, largest)
    async with inner:
        outer = web.WebSocketResponse(
            protocols=[inner.protocol] if inner.protocol else [],
            heartbeat=bounds.heartbeat_seconds,
            max_msg_size=largest,
            compress=False,
            timeout=CLOSE_SECONDS,
        )
        await outer.prepare(request)
        opened()
        ways = (
            asyncio.create_task(_pass(inner, outer, upstream.use, takes)),
            asyncio.create_task(_pass(outer, inner, upstream.use, None)),
            asyncio.create_task(_while(stays, bounds.look_seconds)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            ended = await asyncio.gather(*ways, return_exceptions=True)
            code, why = next((end for end in ended if isinstance(end, tuple)), (inner.close_code, ""))
            await asyncio.gather(_close(outer, code, why), _close(inner, outer.close_code))
    return outer


async def _connect(
    url: URL, headers: Headers, protocols: list[str], upstream: Upstream, largest: int
) -> ClientWebSocketResponse:
    try:
        async with asyncio.timeout(upstream.bounds.header_seconds):
            return await upstream.session.ws_connect(
                url,
                headers=headers,
                protocols=protocols,
                max_msg_size=largest,
                heartbeat=upstream.bounds.heartbeat_seconds,
                compress=0,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
            )
    except TimeoutError:
        raise answers.server_slow() from None
    except aiohttp.ClientConnectorError:
        raise answers.not_ready() from None
    except aiohttp.WSServerHandshakeError as error:
        if error.status in (401, 403, 404):
            raise RefusedError("The workspace refused the connection; log in again.", reason="websocket") from None
        raise answers.server_broken() from None
    except (aiohttp.ClientError, ValueError, OSError):  # a malformed answer can be any of these
        raise answers.server_broken() from None


def _protocols(request: web.BaseRequest) -> list[str]:
    asked = ",".join(request.headers.getall("Sec-WebSocket-Protocol", [])).split(",")
    return [word for word in (part.strip() for part in asked) if plain_token(word)][:8]


async def _pass(source: Socket, sink: Socket, use: Use, takes: Callable[[int], bool] | None) -> tuple[int, str] | None:
    """Pass messages on until the source closes, or until what goes to the browser meets the day's cap."""
    async for message in source:
        if message.type is WSMsgType.TEXT:
            size = len(message.data.encode())
        elif message.type is WSMsgType.BINARY:
            size = len(message.data)
        else:
            return None
        if takes is not None and not takes(size):
            return DAY_IS_OVER
        use.note()
        try:
            await (sink.send_str(message.data) if message.type is WSMsgType.TEXT else sink.send_bytes(message.data))
        except (ConnectionError, RuntimeError):  # the other end closed while this one was speaking
            return None
    return None


async def _while(stays: Callable[[], Awaitable[bool]], seconds: float) -> tuple[int, str]:
    """Return when the person's login has ended; a hub that is away ends nobody's."""
    while True:
        await asyncio.sleep(seconds)
        with suppress(UnavailableError):
            if not await stays():
                return LOGIN_ENDED


async def _close(socket: Socket, code: int | None, why: str = "") -> None:
    """Close an end, and drop it when it does not close in time, or goes on speaking."""
    if not socket.closed:
        sent = code if code is not None and code in _SENDABLE_CODES else 1011
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await socket.close(code=sent, message=why.encode())
