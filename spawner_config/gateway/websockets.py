"""Websockets between a browser and a workspace, message by message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMsgType, web
from yarl import URL

from hub.domain.errors import InvalidError, RefusedError, UnavailableError
from spawner_config.gateway import answers
from spawner_config.gateway.bounds import Bounds, Bucket
from spawner_config.gateway.headers import Headers, plain_token
from spawner_config.gateway.under_way import Held, size_of_frame
from spawner_config.gateway.upstream import Upstream

SWITCHED = 101
CLOSE_SECONDS = 2.0
IN_A_ROW = 32
"""So many messages go before others have their turn: where all are there already, nothing else would let them."""
LOGIN_ENDED = 4401, "Your login has ended; open the workspace again from the page of its project."
DAY_IS_OVER = 4429, "The lab sends no more from this workspace to your browser today."
FLOODS = 1008, ""
PINGS, PINGS_A_SECOND = 60, 2
"""So many pings and pongs an end may send; JupyterLab's server and the gateway itself send one in half a minute."""
_TO_BROWSER = frozenset({1000, 1001, 1011, FLOODS[0], LOGIN_ENDED[0], DAY_IS_OVER[0]})
_TO_WORKSPACE = frozenset({1000, 1001, 1002, 1003, *range(1007, 1012), *range(3000, 5000)})
_CONTROL = (WSMsgType.PING, WSMsgType.PONG)

Inner = ClientWebSocketResponse[Literal[False]]
Socket = Inner | web.WebSocketResponse


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a websocket, and asked about it, while it is open.

    ``takes`` counts bytes towards the browser, and says whether they may go; ``brings`` counts those that come from it.
    """

    opened: Callable[[], None]
    takes: Callable[[int], bool]
    brings: Callable[[int], None]
    stays: Callable[[], Awaitable[bool]]
    rest: Callable[[float], Awaitable[None]]


async def forward_websocket(
    request: web.BaseRequest, url: URL, headers: Headers, upstream: Upstream, told: Told
) -> web.StreamResponse:
    """Open the workspace's end first, so that its refusal is the browser's; then pass messages until one end closes."""
    if not web.WebSocketResponse().can_prepare(request).ok:
        raise InvalidError("This is not the opening of a websocket.", reason="bad-websocket")
    held = Held(upstream.under_way)
    try:
        async with upstream.counted_session(held) as session:
            inner = await _connect(session, url, headers, _protocols(request), upstream.bounds)
            async with inner:
                outer = _towards_browser(inner, upstream.bounds)
                await outer.prepare(request)
                held.watch(request.transport)
                told.opened()
                await _between(inner, outer, held, upstream, told)
    finally:
        held.ends()
    return outer


def _towards_browser(inner: Inner, bounds: Bounds) -> web.WebSocketResponse:
    return web.WebSocketResponse(
        protocols=[inner.protocol] if inner.protocol else [],
        heartbeat=bounds.heartbeat_seconds,
        autoping=False,
        max_msg_size=bounds.message,
        compress=False,
        timeout=CLOSE_SECONDS,
        decode_text=False,
    )


async def _between(inner: Inner, outer: web.WebSocketResponse, held: Held, upstream: Upstream, told: Told) -> None:
    """Pass messages both ways until an end closes, is too slow, or the person may no longer see them."""

    def showing(payload: int) -> bool:
        upstream.use.note()
        return told.takes(payload)

    def asking(payload: int) -> bool:
        upstream.use.note()
        told.brings(payload)
        return True

    seconds = upstream.bounds.chunk_seconds
    ways = (
        asyncio.create_task(_pass(inner, outer, showing, lambda n: held.goes(size_of_frame(n, masked=False)), seconds)),
        asyncio.create_task(_pass(outer, inner, asking, lambda n: held.goes(size_of_frame(n, masked=True)), seconds)),
        asyncio.create_task(_while(told, upstream.bounds.look_seconds)),
    )
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        ended = await asyncio.gather(*ways, return_exceptions=True)
        # Why a workspace closed is passed on as one of three numbers, and never in its words.
        code, why = next((end for end in ended if isinstance(end, tuple)), (inner.close_code, ""))
        await asyncio.gather(_say_goodbye(outer, code, _TO_BROWSER, why), _say_goodbye(inner, outer.close_code))
        held.drop()
        await asyncio.gather(_take_the_rest(outer), _take_the_rest(inner))


async def _connect(
    session: aiohttp.ClientSession, url: URL, headers: Headers, protocols: list[str], bounds: Bounds
) -> Inner:
    try:
        async with asyncio.timeout(bounds.header_seconds):
            return await session.ws_connect(
                url,
                headers=headers,
                protocols=protocols,
                max_msg_size=bounds.message,
                heartbeat=bounds.heartbeat_seconds,
                autoping=False,
                compress=0,
                decode_text=False,
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


async def _pass(
    source: Socket, sink: Socket, may_go: Callable[[int], bool], gone: Callable[[int], None], seconds: float
) -> tuple[int, str] | None:
    """Pass messages on until the source closes, the sink takes none, or they may not go.

    Pings are answered here, and counted: the library would answer all that have come before others have their turn.
    """
    count, pings = 0, Bucket(PINGS, PINGS_A_SECOND)
    async for message in source:
        count += 1
        if count % IN_A_ROW == 0:
            await asyncio.sleep(0)
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY, *_CONTROL):
            return None
        size = len(message.data)
        if message.type in _CONTROL:
            if not pings.take():
                return FLOODS
        elif not may_go(size):
            return DAY_IS_OVER
        try:
            async with asyncio.timeout(seconds):
                if message.type is WSMsgType.PING:
                    await source.pong(message.data)
                elif message.type is not WSMsgType.PONG:
                    await sink.send_frame(message.data, message.type)
        except (ConnectionError, RuntimeError, TimeoutError):  # the other end closed while this one spoke, or is stuck
            return None
        gone(size)
    return None


async def _while(told: Told, seconds: float) -> tuple[int, str]:
    """Return when the person's login has ended; a hub that is away ends nobody's."""
    while True:
        await told.rest(seconds)
        with suppress(UnavailableError):
            if not await told.stays():
                return LOGIN_ENDED


async def _say_goodbye(
    socket: Socket, code: int | None, sendable: frozenset[int] = _TO_WORKSPACE, why: str = ""
) -> None:
    """Close an end, and wait a little until it closes, too, or goes on speaking."""
    if socket.closed:
        return
    sent = code if code is not None and code in sendable else 1011
    with suppress(TimeoutError, ConnectionError, RuntimeError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await socket.send_frame(sent.to_bytes(2, "big") + why.encode(), WSMsgType.CLOSE)
            await _take_the_rest(socket)


async def _take_the_rest(socket: Socket) -> None:
    """Take what an end has said already, and let others have their turn: the library's own way to close does not."""
    count = 0
    async for _ in socket:
        count += 1
        if count % IN_A_ROW == 0:
            await asyncio.sleep(0)
