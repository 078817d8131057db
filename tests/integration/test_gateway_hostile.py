"""The gateway and workspaces that hang, flood, dribble and lie.

What a workspace puts in its socket's place is attacked in ``tests/attacks/test_p3_workspace_socket.py``.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from datasets_mount.catalogue import Tier
from integration.gateway_bench import (
    QUICK,
    Raw,
    bench,
    neighbour_answers_at_once,
    ok,
    plain_neighbour,
    read_head,
    says,
)
from spawner_config.gateway.browser import ANSWER_BYTES


def flood(*pieces: bytes) -> Raw:
    """A workspace that begins an answer and then repeats the last piece for ever."""

    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"".join(pieces[:-1]))
        while True:
            writer.write(pieces[-1])
            await writer.drain()
            await asyncio.sleep(0)

    return workspace


def dribble(answer: bytes, seconds: float = 0.2) -> Raw:
    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        for byte in answer:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(seconds)

    return workspace


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_head(reader)


HOSTILE: dict[str, tuple[Raw, set[int]]] = {
    "hangs": (hang, {504}),
    "hangs-up": (hang_up, {502}),
    "speaks-no-http": (says(b"SSH-2.0-x\r\n\r\n"), {502}),
    "says-nothing-known": (says(b"HTTP/9.9 banana\r\n\r\n"), {502}),
    "switches-protocols": (says(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), {502}),
    "dribbles-its-head": (dribble(ok()), {504}),
    "floods-headers": (flood(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), {502}),
    "floods-one-header": (flood(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 4096), {502}),
    "floods-the-first-line": (flood(b"HTTP/1.1 200 ", b"b" * 4096), {502}),
    "floods-continue": (flood(b"HTTP/1.1 100 Continue\r\n\r\n"), {502, 504}),
    "announces-too-much": (says(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"), {403}),
    "packs": (says(ok(b"x", b"Content-Encoding: gzip")), {502}),
    "attaches": (says(ok(b"x", b"Content-Disposition: attachment; filename=a.csv")), {403}),
    "sends-two-kinds": (says(ok(b"x", b"Content-Type: application/octet-stream")), {502}),
    "sends-two-lengths": (says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), {502}),
    "sends-length-and-chunks": (
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), {502}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_a_502_or_504_and_hurts_no_neighbour(tmp_path: Path, name: str) -> None:
    workspace, statuses = HOSTILE[name]

    async def story() -> None:
        async with bench(tmp_path) as b:
            await plain_neighbour(b)
            await b.open("hostile", workspace)
            asks = [asyncio.create_task(b.get("hostile")) for _ in range(5)]
            await asyncio.sleep(0.1)
            await neighbour_answers_at_once(b)
            async with asyncio.timeout(5):
                answers = await asyncio.gather(*asks)
            assert {status for status, _ in answers} <= statuses
            await neighbour_answers_at_once(b)

    asyncio.run(story())


def pauses(*pieces: bytes) -> Raw:
    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.2)

    return workspace


BROKEN: dict[str, Raw] = {
    "ends-early": says(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nhalf"),
    "stops-in-the-middle": says(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", hold=True),
    "breaks-its-chunks": pauses(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", b"zz\r\n"),
    "sends-too-much": flood(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nhalf\r\n" * 500),
    "floods-without-length": flood(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"x" * 4096),
}


@pytest.mark.parametrize("name", BROKEN)
def test_half_an_answer_is_never_taken_for_a_whole_one(tmp_path: Path, name: str) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await plain_neighbour(b)
            await b.open("hostile", BROKEN[name])
            with pytest.raises(aiohttp.ClientError):
                async with asyncio.timeout(5):
                    await b.get("hostile")
            await neighbour_answers_at_once(b)
            (line,) = [line for line in b.lines() if line["project"] == "hostile"]
            assert line["reason"] in {"server-broken", "server-slow", "answer-too-large"}
            assert int(str(line["bytes"])) <= QUICK.answer

    asyncio.run(story())


def test_a_second_answer_in_the_first_ones_tail_reaches_nobody(tmp_path: Path) -> None:
    smuggled = ok(b"first") + ok(b"smuggled")

    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("hostile", says(smuggled, hold=True))
            for _ in range(4):
                assert (await b.get("hostile"))[1] != b"smuggled"

    asyncio.run(story())


def test_one_server_takes_no_more_than_its_share(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await plain_neighbour(b)
            await b.open("hostile", hang)
            answers = asyncio.gather(*(b.get("hostile") for _ in range(20)))
            await asyncio.sleep(0.1)
            await neighbour_answers_at_once(b)
            statuses = [status for status, _ in await answers]
            assert (statuses.count(504), statuses.count(503)) == (QUICK.requests, 20 - QUICK.requests)

    asyncio.run(story())


def test_a_workspace_sends_no_longer_message_than_allowed(tmp_path: Path) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        inner = web.WebSocketResponse()
        await inner.prepare(request)
        await inner.send_bytes(b"x" * (QUICK.message + 1))
        await inner.receive()
        return inner

    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.serve("health", handler)
            async with b.session.ws_connect(b.url("health", "api/kernels/1/channels")) as outer:
                assert (await outer.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
            assert b.total(folder.name) == ANSWER_BYTES

    asyncio.run(story())


@pytest.mark.parametrize(("tier", "kind"), [(Tier.SENSITIVE, "text/plain"), (Tier.OPEN, "application/octet-stream")])
@pytest.mark.parametrize("said", [b"", b"Content-Type: text/plain; ===\r\n"])
def test_an_answer_of_no_kind_is_saved_from_the_open_tier_alone(
    tmp_path: Path, said: bytes, tier: Tier, kind: str
) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("hostile", says(b"HTTP/1.1 200 OK\r\n%bContent-Length: 1\r\n\r\nx" % said), tier)
            async with b.session.get(b.url("hostile", "api/contents/a.csv")) as answer:
                assert answer.headers.getall("Content-Type") == [kind]

    asyncio.run(story())


def test_a_redirect_that_is_no_address_leads_nowhere(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("hostile", says(b"HTTP/1.1 302 Found\r\nLocation: http://[x\r\nContent-Length: 0\r\n\r\n"))
            async with b.session.get(b.url("hostile"), allow_redirects=False) as answer:
                assert (answer.status, "Location" in answer.headers) == (302, False)

    asyncio.run(story())


def test_an_end_of_a_login_with_too_many_fields_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", says(ok()))
            fields = "&".join(f"a{number}=1" for number in range(12))
            assert (await b.get("health", f"oauth_callback?{fields}"))[0] in (400, 401)

    asyncio.run(story())
