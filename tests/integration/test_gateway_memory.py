"""What websockets take of the gateway's memory, where workspaces say much and browsers take nothing."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSMsgType, web

from integration.gateway_bench import (
    AUTHORIZED,
    QUICK,
    Bench,
    bench,
    neighbour_answers_at_once,
    ok,
    plain_neighbour,
    says,
)
from spawner_config.gateway.browser import PACKED_BYTES
from spawner_config.gateway.under_way import UnderWay, size_of_frame
from spawner_config.gateway_client import GatewayClient

MEGABYTE = 2**20
LARGE = 4 * MEGABYTE
BOUND = 3 * LARGE
READ = MEGABYTE
"""More than a connection reads at a time: the read that finds a server over its bound is counted, too."""
BOUNDED = replace(QUICK, message=LARGE, under_way=BOUND, chunk_seconds=5)
KERNEL = "api/kernels/1/channels"


async def floods(request: web.BaseRequest) -> web.StreamResponse:
    """A workspace that goes on saying as much as it may."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    while not socket.closed:
        await socket.send_bytes(bytes(LARGE - 100))
    return socket


async def is_silent(request: web.BaseRequest) -> web.StreamResponse:
    """A workspace that opens a websocket and reads nothing of it."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    await asyncio.sleep(5)
    return socket


@asynccontextmanager
async def takes_nothing(b: Bench, project: str) -> AsyncIterator[asyncio.StreamReader]:
    """A browser that opens a websocket and reads no more than the answer to that."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.connect(("127.0.0.1", b.settings.ports.gateway))
    reader, writer = await asyncio.open_connection(sock=plain, limit=4096)
    words = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", **AUTHORIZED}
    head = "".join(f"{name}: {value}\r\n" for name, value in words.items())
    path = b.url(project, KERNEL).raw_path
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-WebSocket-Key: {'A' * 22}==\r\n{head}\r\n".encode())
    try:
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        yield reader
    finally:
        writer.transport.abort()


def under_way(b: Bench, project: str) -> UnderWay:
    upstream = b.gateway._servers.find("scientist", project)
    assert upstream is not None
    return upstream.under_way


async def most_under_way(b: Bench, browsers: int) -> int:
    """Open browsers that take nothing, and return the most bytes that were in the gateway for them at a time."""
    await b.serve("hostile", floods)
    counted, most = under_way(b, "hostile"), 0
    async with asyncio.TaskGroup() as tasks:

        async def stare() -> None:
            async with takes_nothing(b, "hostile"):
                await asyncio.sleep(2)

        for _ in range(browsers):
            tasks.create_task(stare())
        for _ in range(200):
            most = max(most, counted.bytes)
            await asyncio.sleep(0.01)
    return most


def test_messages_that_nobody_takes_stay_within_one_servers_bound_and_hurt_no_neighbour(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path, BOUNDED) as b:
            await plain_neighbour(b)
            most = await most_under_way(b, 8)
            assert BOUND / 2 < most <= BOUND + 8 * READ
            await neighbour_answers_at_once(b)
            counted = under_way(b, "hostile")
            async with asyncio.timeout(10):
                while counted.bytes:
                    await asyncio.sleep(0.05)

    asyncio.run(story())


def test_without_the_bound_they_do_not(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path, replace(BOUNDED, under_way=2**40)) as b:
            assert await most_under_way(b, 8) > BOUND + 8 * READ

    asyncio.run(story())


def test_a_browser_that_takes_nothing_is_left_after_a_while_with_what_it_did_not_take(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path, replace(BOUNDED, chunk_seconds=0.5)) as b:
            await b.serve("hostile", floods)
            counted = under_way(b, "hostile")
            async with takes_nothing(b, "hostile"):
                async with asyncio.timeout(2):
                    while not counted.bytes:
                        await asyncio.sleep(0.01)
                async with asyncio.timeout(8):
                    while counted.bytes or b.gateway._servers.counts()[1]:
                        await asyncio.sleep(0.05)

    asyncio.run(story())


def test_a_workspace_that_takes_nothing_is_left_too(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path, replace(BOUNDED, chunk_seconds=0.5)) as b:
            await b.serve("silent", is_silent)
            async with b.session.ws_connect(b.url("silent", KERNEL)) as browser:
                with suppress(ConnectionError, aiohttp.ClientError):
                    async with asyncio.timeout(20):
                        while not browser.closed:
                            await browser.send_bytes(bytes(LARGE - 100))
            async with asyncio.timeout(8):
                while under_way(b, "silent").bytes:
                    await asyncio.sleep(0.05)

    asyncio.run(story())


def test_what_was_passed_on_is_under_way_no_more(tmp_path: Path) -> None:
    async def echo(request: web.BaseRequest) -> web.StreamResponse:
        inner = web.WebSocketResponse()
        await inner.prepare(request)
        async for message in inner:
            await inner.send_bytes(message.data)
        return inner

    async def story() -> None:
        async with bench(tmp_path, replace(BOUNDED, under_way=2 * MEGABYTE)) as b:
            folder = await b.serve("health", echo)
            async with b.session.ws_connect(b.url("health", KERNEL)) as browser:
                for _ in range(8):  # more than may be under way at a time
                    await browser.send_bytes(bytes(MEGABYTE // 2))
                    assert len((await browser.receive(timeout=5)).data) == MEGABYTE // 2
                assert under_way(b, "health").bytes < 1000  # the opening's own words
            async with asyncio.timeout(5):
                while not (ended := [line for line in b.lines() if line["reason"] == "closed"]):
                    await asyncio.sleep(0.05)
            assert (ended[0]["bytes"], ended[0]["received"]) == (4 * MEGABYTE, 4 * MEGABYTE)
            assert b.total(folder.name) >= 4 * MEGABYTE

    asyncio.run(story())


def test_a_closed_server_drops_its_websockets(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.serve("health", is_silent)
            async with b.session.ws_connect(b.url("health", KERNEL)) as browser:
                await GatewayClient(b.settings.state).close(folder.name)
                assert (await browser.receive(timeout=5)).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)

    asyncio.run(story())


def test_a_flood_of_what_is_packed_for_a_browser_hurts_no_neighbour(tmp_path: Path) -> None:
    largest = PACKED_BYTES[-1]

    async def story() -> None:
        async with bench(tmp_path, replace(QUICK, answer=largest, header_seconds=20, requests=24)) as b:
            await plain_neighbour(b)
            await b.open("hostile", says(ok(os.urandom(largest))))
            asked = [asyncio.create_task(b.get("hostile", "lab/api/settings")) for _ in range(24)]
            for _ in range(5):
                await asyncio.sleep(0.2)
                await neighbour_answers_at_once(b)
            assert {status for status, _ in await asyncio.gather(*asked)} == {200}

    asyncio.run(story())


@pytest.mark.parametrize(
    ("payload", "masked", "size"), [(0, False, 2), (125, True, 131), (126, False, 130), (65535, True, 65543),
                                    (65536, False, 65546)]
)  # fmt: skip
def test_the_size_of_a_frame_is_that_of_the_standard(payload: int, masked: bool, size: int) -> None:
    assert size_of_frame(payload, masked=masked) == size
