"""Websockets against their own rules: a hostile workspace floods control frames and fragments, and closes as it likes.

The browser takes all that it is sent. A neighbour answers at once meanwhile, and afterwards nothing is held any more.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler

from integration.gateway_bench import AUTHORIZED, QUICK, Bench, Raw, bench, plain_neighbour, read_head
from spawner_config.gateway.turns import FIRST, LEAST, MOST

KERNEL = "api/kernels/1/channels"
PLAIN = 4_000_000
WIDE = replace(QUICK, message=2**20, under_way=2**24, heartbeat_seconds=2)
TEXT, BINARY, CLOSE, PING, PONG = (bytes([0x80 | kind]) for kind in (1, 2, 8, 9, 10))
READ = 2**20
"""More than a connection reads at a time: the read that finds a server over its bound is counted, too."""
NONE = b"\0"
"""The second byte of a frame without mask and without a byte."""

Speech = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, extra: bytes = b"") -> None:
    """Open a websocket as RFC 6455 wants it."""
    head = await read_head(reader)
    key = re.search(rb"(?i)sec-websocket-key: (\S+)", head)
    assert key is not None
    proof = base64.b64encode(hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    writer.write(b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n%b" % extra)
    writer.write(b"Sec-WebSocket-Accept: %b\r\n\r\n" % proof)


def speaks(speech: Speech, extra: bytes = b"") -> Raw:
    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await accept(reader, writer, extra)
        await speech(reader, writer)

    return workspace


def repeats(piece: bytes, first: bytes = b"", *, reads: bool = True) -> Speech:
    """Say one thing for ever, in large writes; what comes back is read, or not."""

    async def speech(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def read() -> None:
            while reads and await reader.read(2**16):
                pass

        reading = asyncio.create_task(read())
        try:
            writer.write(first)
            many = piece * max(1, 2**17 // len(piece))
            while True:
                writer.write(many)
                await writer.drain()
                await asyncio.sleep(0)
        finally:
            reading.cancel()

    return speech


def once(*pieces: bytes, hold: bool = True) -> Speech:
    async def speech(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(pieces))
        await writer.drain()
        if hold:
            await asyncio.sleep(20)

    return speech


BOMB = zlib.compressobj(wbits=-15)
PACKED = BOMB.compress(bytes(2**24)) + BOMB.flush(zlib.Z_SYNC_FLUSH)
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"

FLOODS: dict[str, Raw] = {
    "pings": speaks(repeats(PING + NONE)),
    "pings-unread": speaks(repeats(PING + NONE, reads=False)),
    "full-pings": speaks(repeats(PING + b"\x7d" + b"x" * 125)),
    "pongs": speaks(repeats(PONG + NONE)),
    "empty-messages": speaks(repeats(BINARY + NONE)),
    "one-byte-messages": speaks(repeats(BINARY + b"\x01x")),
    "empty-fragments": speaks(repeats(b"\0" + NONE, first=b"\x02" + NONE)),
    "one-byte-fragments": speaks(repeats(b"\0\x01x", first=b"\x02" + NONE)),
    "pings-in-fragments": speaks(repeats(b"\0\x01x" + PING + NONE, first=b"\x02" + NONE)),
    "a-huge-length": speaks(once(BINARY + b"\x7f" + (2**62).to_bytes(8, "big"))),
    "a-longest-length": speaks(once(BINARY + b"\x7f" + b"\xff" * 8)),
    "a-length-without-bytes": speaks(once(BINARY + b"\x7f" + (2**20 - 1).to_bytes(8, "big"))),
    "a-bomb": speaks(once(b"\xc2\x7f" + len(PACKED).to_bytes(8, "big") + PACKED)),
    "a-bomb-by-extension": speaks(once(b"\xc2\x7f" + len(PACKED).to_bytes(8, "big") + PACKED), DEFLATE),
    "closes": speaks(repeats(CLOSE + NONE)),
    "speaks-after-close": speaks(repeats(BINARY + b"\x01x", first=CLOSE + b"\x02\x03\xe8")),
    "closes-with-an-essay": speaks(once(CLOSE + b"\x7d\x03\xe8" + b"r" * 123)),
    "ends-without-close": speaks(once(BINARY + b"\x01x", hold=False)),
    "never-says-anything": speaks(once(b"")),
}


@asynccontextmanager
async def listening(b: Bench, project: str, count: int) -> AsyncIterator[list[asyncio.Task[int | None]]]:
    """Browsers that take all they are sent."""

    async def listen() -> int | None:
        try:
            async with b.session.ws_connect(b.url(project, KERNEL), max_msg_size=0) as browser:
                async for _ in browser:
                    pass
                return browser.close_code
        except aiohttp.ClientError:
            return None

    tasks = [asyncio.create_task(listen()) for _ in range(count)]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def most_of_a_flood(b: Bench, seconds: float) -> int:
    """Ask the neighbour all the time, which answers at once; return the most bytes that were held for the flooder."""
    hostile = b.gateway._servers.find("scientist", "hostile")
    assert hostile is not None
    until, most = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        await asyncio.sleep(0.05)
        began = time.monotonic()
        assert await b.get("neighbour") == (200, b"fine")
        assert time.monotonic() - began < 1
        most = max(most, hostile.under_way.bytes)
    return most


async def nothing_is_held(b: Bench) -> None:
    hostile = b.gateway._servers.find("scientist", "hostile")
    assert hostile is not None
    async with asyncio.timeout(8):
        while hostile.under_way.bytes or hostile.in_use:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", FLOODS)
def test_a_workspace_against_the_rules_hurts_no_neighbour(tmp_path: Path, name: str) -> None:
    async def story() -> None:
        async with bench(tmp_path, WIDE) as b:
            await plain_neighbour(b)
            await b.open("hostile", FLOODS[name])
            async with listening(b, "hostile", 4) as browsers:
                assert await most_of_a_flood(b, 4) <= WIDE.under_way + 4 * READ
            assert {task.result() for task in browsers if not task.cancelled()} <= {1000, 1011, 1008, None}
            await nothing_is_held(b)

    asyncio.run(story())


MASKED: dict[str, bytes] = {
    "pings": PING + b"\x80mask",
    "pongs": PONG + b"\x80mask",
    "empty-messages": BINARY + b"\x80mask",
    "pings-in-fragments": b"\x02\x80mask" + PING + b"\x80mask" + b"\x80\x80mask",
}


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(2**16):
        pass


@pytest.mark.parametrize("name", MASKED)
def test_a_browser_against_the_rules_hurts_no_neighbour(tmp_path: Path, name: str) -> None:
    async def flood(b: Bench) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", b.settings.ports.gateway)
        words = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", **AUTHORIZED}
        head = "".join(f"{word}: {value}\r\n" for word, value in words.items())
        path = b.url("hostile", KERNEL).raw_path
        key = f"Sec-WebSocket-Key: {'A' * 22}=="
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{key}\r\n{head}\r\n".encode())
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        try:
            with suppress(ConnectionError):
                await repeats(MASKED[name])(reader, writer)
        finally:
            writer.transport.abort()

    async def story() -> None:
        async with bench(tmp_path, WIDE) as b:
            await plain_neighbour(b)
            await b.open("hostile", speaks(silent))
            floods = [asyncio.create_task(flood(b)) for _ in range(4)]
            assert await most_of_a_flood(b, 4) <= WIDE.under_way + 4 * READ
            for task in floods:
                task.cancel()
            ended = await asyncio.gather(*floods, return_exceptions=True)
            assert {type(end) for end in ended} <= {type(None), asyncio.CancelledError}
            await nothing_is_held(b)

    asyncio.run(story())


def test_a_heartbeat_is_answered_and_no_flood(tmp_path: Path) -> None:
    async def pings(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(3):
            writer.write(PING + b"\x01" + str(number).encode())
            frame = await reader.readexactly(7)
            assert (frame[:2], bytes([frame[6] ^ frame[2]])) == (PONG + b"\x81", str(number).encode())
        writer.write(BINARY + b"\x04fine")
        await reader.read()

    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", speaks(pings))
            async with b.session.ws_connect(b.url("health", KERNEL)) as browser:
                assert (await browser.receive(timeout=5)).data == b"fine"

    asyncio.run(story())


async def plain_bytes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_head(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % PLAIN)
    writer.write(bytes(PLAIN))
    await writer.drain()


async def tiny_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_head(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(20):
        writer.write(b"1\r\nx\r\n" * 20_000)
        await writer.drain()


def turns_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workspace: Raw) -> list[int]:
    """How many bytes of an answer were taken at a time."""
    taken: list[int] = []
    plain = ResponseHandler.data_received

    def counted(self: ResponseHandler, data: bytes) -> None:
        taken.append(len(data))
        plain(self, data)

    monkeypatch.setattr(ResponseHandler, "data_received", counted)

    async def story() -> None:
        async with bench(tmp_path, WIDE) as b:
            await b.open("hostile", workspace)
            hostile = b.gateway._servers.find("scientist", "hostile")
            assert hostile is not None
            taken.clear()
            with suppress(aiohttp.ClientError):
                async with hostile.session.get("http://workspace/") as answer:
                    await answer.read()

    asyncio.run(story())
    return taken


def test_an_answer_in_pieces_of_one_byte_is_taken_in_short_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = turns_of(tmp_path, monkeypatch, tiny_chunks)
    assert sum(taken) > 100_000
    assert max(taken) <= FIRST
    assert max(taken[3:]) <= LEAST, "it took long, so that little is taken from then on"


CALM = 5
"""How often a machine may be found busy."""


def test_a_plain_answer_is_taken_in_ever_longer_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken at a time grows while taking is fast; where others have the machine, it is tried again."""
    taken: list[int] = []
    for number in range(CALM):
        (tmp_path / str(number)).mkdir()
        taken = turns_of(tmp_path / str(number), monkeypatch, plain_bytes)
        assert sum(taken) >= PLAIN
        assert max(taken) <= MOST
        if max(taken) > FIRST:
            break
    assert max(taken) > FIRST
