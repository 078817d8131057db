"""The day's cap on what a browser is sent, against servers that send by their own code."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from datasets_mount.catalogue import Tier
from hub.settings import Browser
from integration.gateway_bench import QUICK, bench, ok, read_head, says
from spawner_config.gateway.browser import ANSWER_BYTES, KNOWN
from spawner_config.gateway.under_way import size_of_frame

CAP = 50_000
CAPS = Browser(sensitive_soft=20_000, sensitive_hard=CAP, open_soft=20_000)
WIDE = replace(QUICK, answer=10 * CAP, message=10 * CAP, requests=64)


def test_answers_of_any_form_meet_the_cap_to_the_byte(tmp_path: Path) -> None:
    body = b"x" * 8000

    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_head(reader)
        if b"chunked" in head.split(b"\r\n")[0]:
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            writer.write(b"1f40\r\n" + body + b"\r\n0\r\n\r\n")
        elif b"close" in head.split(b"\r\n")[0]:
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        else:
            writer.write(ok(body))

    async def story() -> None:
        async with bench(tmp_path, WIDE, CAPS) as b:
            folder = await b.open("health", workspace)
            got = 0
            for rest in ("api/status?chunked", "api/status?close", "api/status") * 4:
                try:
                    status, received = await b.get("health", rest)
                except aiohttp.ClientError:
                    continue
                got += len(received) if status == 200 else 0
            assert 4 * 8000 <= got <= b.total(folder.name) <= CAP
            status, received = await b.get("health", "api/status")
            assert (status, json.loads(received)["reason"]) == (429, "day-cap")
            headers = {"Sec-Fetch-Mode": "navigate"}
            async with b.session.get(b.url("health", "lab"), headers=headers) as page:
                assert (page.status, page.content_type) == (429, "text/html")
            await b.open("neighbour", says(ok(b"fine")))
            assert await b.get("neighbour") == (200, b"fine")  # the cap is one person's in one project

    asyncio.run(story())


def test_many_connections_at_once_get_no_more(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path, WIDE, CAPS) as b:
            folder = await b.open("health", says(ok(b"x" * 9000)))
            answers = await asyncio.gather(*(b.get("health") for _ in range(40)), return_exceptions=True)
            got = sum(len(a[1]) for a in answers if isinstance(a, tuple) and a[0] == 200)
            assert got <= b.total(folder.name) <= CAP

    asyncio.run(story())


def test_what_a_workspace_says_in_its_headers_is_counted_too(tmp_path: Path) -> None:
    head = b'HTTP/1.1 304 Not Modified\r\nETag: "%b"\r\n\r\n' % (b"e" * 5000)

    async def story() -> None:
        async with bench(tmp_path, WIDE, CAPS) as b:
            folder = await b.open("health", says(head))
            statuses = [(await b.get("health"))[0] for _ in range(12)]
            assert statuses == [304] * 9 + [429] * 3
            assert CAP - 5100 < b.total(folder.name) <= CAP

    asyncio.run(story())


def test_a_websocket_is_closed_at_the_cap_with_a_code_and_a_reason(tmp_path: Path) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        inner = web.WebSocketResponse()
        await inner.prepare(request)
        while not inner.closed:
            await inner.send_bytes(b"x" * 3000)
        return inner

    async def story() -> None:
        async with bench(tmp_path, WIDE, CAPS) as b:
            folder = await b.serve("health", handler)
            got = 0
            async with b.session.ws_connect(b.url("health", "api/kernels/1/channels")) as outer:
                while (message := await outer.receive()).type is aiohttp.WSMsgType.BINARY:
                    got += len(message.data)
                assert outer.close_code == 4429
                assert message.extra == "The lab sends no more from this workspace to your browser today."
            assert CAP - 3000 < got <= b.total(folder.name) <= CAP
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await b.session.ws_connect(b.url("health", "api/kernels/1/channels"))
            assert refused.value.status in (426, 429)
            await asyncio.sleep(2.5)  # so long the workspace is given to close its end
            assert "day-cap" in {line["reason"] for line in b.lines() if line["side"] == "websocket"}

    asyncio.run(story())


def test_in_the_open_tier_there_is_an_alarm_and_no_cap(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path, WIDE, CAPS) as b:
            await b.open("open", says(ok(b"x" * 9000)), Tier.OPEN)
            assert {(await b.get("open"))[0] for _ in range(10)} == {200}
            (alarm,) = [line for line in b.lines() if line["side"] == "alarm"]
            assert (alarm["reason"], alarm["person"], alarm["project"]) == ("day-alarm", "scientist", "open")
            assert 20_000 <= int(str(alarm["bytes"])) < 30_000

    asyncio.run(story())


def test_a_stop_and_a_start_of_the_workspace_give_no_new_day(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path, WIDE, CAPS) as b:
            for _ in range(2):
                await b.open("health", says(ok(b"x" * 9000)))
                for _ in range(4):
                    await b.get("health")
                (b.settings.state / "servers" / b.servers[-1] / "nb/nb.sock").unlink()
            assert (await b.get("health"))[0] == 429
            await b.gateway.stop()
            await b.start()
            assert (await b.get("health"))[0] == 429

    asyncio.run(story())


def test_empty_messages_meet_the_cap_too(tmp_path: Path) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        inner = web.WebSocketResponse()
        await inner.prepare(request)
        for _ in range(40):
            await inner.send_bytes(b"")
        await inner.receive()
        return inner

    async def story() -> None:
        async with bench(tmp_path, WIDE, Browser(sensitive_soft=5, sensitive_hard=ANSWER_BYTES + 41)) as b:
            folder = await b.serve("health", handler)
            got = 0
            async with b.session.ws_connect(b.url("health", "api/kernels/1/channels")) as outer:
                while (await outer.receive()).type is aiohttp.WSMsgType.BINARY:
                    got += 1
                assert (got, outer.close_code) == (20, 4429)
            assert b.total(folder.name) == ANSWER_BYTES + 20 * size_of_frame(0, masked=False)

    asyncio.run(story())


def status(number: int) -> bytes:
    return b"HTTP/1.1 %d x\r\nContent-Length: 0\r\n\r\n" % number


@pytest.mark.parametrize("tier", [Tier.SENSITIVE, Tier.OPEN])
def test_a_number_that_jupyterlab_knows_not_is_not_told(tmp_path: Path, tier: Tier) -> None:
    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_head(reader)
        writer.write(status(int(head.split(b" ")[1].rpartition(b"?")[2])))

    async def story() -> None:
        async with bench(tmp_path, WIDE) as b:
            await b.open("health", workspace, tier)
            told = {n: (await b.get("health", f"api/status?{n}"))[0] for n in range(200, 600)}
            assert {n for n in told if told[n] == n} >= KNOWN
            others = {told[n] for n in told if n not in KNOWN}
            assert others == ({502} if tier is Tier.SENSITIVE else set(told) - KNOWN)

    asyncio.run(story())


REFUSED_ANSWERS = {
    "empty": status(204),
    "unknown": status(299),
    "attached": ok(b"x", b"Content-Disposition: attachment"),
    "too-large": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
    "none": b"",
    "promised": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n",
}


@pytest.mark.parametrize("name", REFUSED_ANSWERS)
def test_answers_without_a_byte_meet_the_cap_too(tmp_path: Path, name: str) -> None:
    caps = Browser(sensitive_soft=5, sensitive_hard=10 * ANSWER_BYTES)

    async def story() -> None:
        async with bench(tmp_path, WIDE, caps) as b:
            await b.open("health", says(REFUSED_ANSWERS[name]))
            statuses: list[int | None] = []
            for _ in range(12):
                try:
                    statuses.append((await b.get("health"))[0])
                except aiohttp.ClientError:
                    statuses.append(None)
            assert statuses[-2:] == [429, 429]
            assert statuses[0] not in (429, None) or name == "promised"

    asyncio.run(story())


@pytest.mark.parametrize(("said", "told"), [(1000, 1000), (1001, 1001), (1003, 1011), (3000, 1011), (4999, 1011)])
def test_a_websockets_end_is_told_in_one_of_few_numbers_and_in_no_words(tmp_path: Path, said: int, told: int) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        inner = web.WebSocketResponse()
        await inner.prepare(request)
        await inner.close(code=said, message=b"a row of data")
        return inner

    async def story() -> None:
        async with bench(tmp_path, WIDE) as b:
            await b.serve("health", handler)
            async with b.session.ws_connect(b.url("health", "api/kernels/1/channels")) as outer:
                message = await outer.receive()
                assert (message.type, outer.close_code, message.extra) == (aiohttp.WSMsgType.CLOSE, told, "")

    asyncio.run(story())


def test_openings_that_a_workspace_refuses_meet_the_cap_too(tmp_path: Path) -> None:
    caps = Browser(sensitive_soft=5, sensitive_hard=4 * ANSWER_BYTES)

    async def story() -> None:
        async with bench(tmp_path, WIDE, caps) as b:
            await b.open("health", says(status(403)))
            statuses = []
            for _ in range(6):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await b.session.ws_connect(b.url("health", "api/kernels/1/channels"))
                statuses.append(refused.value.status)
            assert statuses == [403] * 4 + [429] * 2

    asyncio.run(story())
