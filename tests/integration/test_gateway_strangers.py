"""What strangers and containers can make the gateway write: a share of its log, and nothing but numbers beyond it."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from integration.gateway_bench import QUICK, Bench, bench, hub_session, ok, says
from spawner_config.gateway.unshown import ONE_BY_ONE
from spawner_config.server_folder import access_log_folder

MANY = ONE_BY_ONE + 200
SCRIPT = {"Sec-Fetch-Mode": "cors"}


def size(b: Bench) -> int:
    return sum(file.stat().st_size for file in access_log_folder(b.settings.state).iterdir())


async def ask_often(b: Bench, token: str | None, project: str) -> None:
    headers = SCRIPT | ({"Authorization": f"token {token}"} if token else {"Authorization": ""})
    for number in range(MANY):
        await b.get(project, f"api/{number}{'x' * 900}", headers=headers)


@pytest.mark.parametrize(("token", "asker", "reason"), [(None, "", "login"), ("strangers", "stranger", "not-theirs")])
def test_whoever_is_refused_fills_a_share_of_the_log_and_is_counted_beyond_it(
    tmp_path: Path, token: str | None, asker: str, reason: str
) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", says(ok(b"fine")))
            await ask_often(b, token, "health")
            assert size(b) < (ONE_BY_ONE + 20) * 1400
            for _ in range(3):
                assert await b.get("health") == (200, b"fine")
            await b.gateway.stop()
            lines = b.lines()
            assert len([line for line in lines if line["asker"] == "scientist"]) == 3  # of what was shown, none is lost
            refused = [line for line in lines if line["reason"] == reason]
            assert {line["asker"] for line in refused} == {asker}
            assert sum(int(str(line.get("times", 1))) for line in refused) == MANY
            assert len(refused) <= ONE_BY_ONE + 20
            await b.start()

    asyncio.run(story())


def test_one_who_is_refused_takes_nothing_of_anothers_share(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", says(ok(b"fine")))
            await ask_often(b, None, "health")
            headers = {"Authorization": "token strangers"}
            await b.get("health", headers=headers)
            assert [line["asker"] for line in b.lines() if line["reason"] == "not-theirs"] == ["stranger"]

    asyncio.run(story())


BAD = [
    b"no words of HTTP\r\n\r\n",
    b"GET / HTTP/1.1\r\nX: \x00\r\n\r\n",
    b"GET /a-row-of-data/%b HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 20_000),
    b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
]


def test_what_is_no_http_is_refused_and_leaves_nothing_in_any_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, said: bytes) -> bytes:
        writer.write(said)
        try:
            return await asyncio.wait_for(reader.read(100), 5)
        finally:
            writer.close()

    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.open("health", says(ok()))
            before = size(b)
            for said in BAD:
                ends = await asyncio.open_connection("127.0.0.1", b.settings.ports.gateway)
                assert b" 400 " in await answer(*ends, said)
                async with hub_session(folder) as inside:
                    connector = inside.connector
                    assert connector is not None
                    ends = await asyncio.open_unix_connection(connector.path)  # type: ignore[attr-defined]
                    assert b" 400 " in await answer(*ends, said)
            assert size(b) - before == 0

    with caplog.at_level(logging.DEBUG, "gateway"):
        asyncio.run(story())
    assert [record.message for record in caplog.records if record.levelno > logging.DEBUG] == []


def test_a_breakdown_of_the_gateways_own_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", says(ok()))
            b.gateway._meter.check_has_left = None  # type: ignore[assignment, method-assign]
            assert (await b.get("health"))[0] == 500

    asyncio.run(story())
    assert "Error handling request" in caplog.text


def test_tokens_that_strangers_make_up_keep_nobody_waiting_who_is_known(tmp_path: Path) -> None:
    async def makes_up(b: Bench, session: aiohttp.ClientSession, number: int) -> None:
        headers = SCRIPT | {"Authorization": f"token made-up-{number}"}
        with suppress(aiohttp.ClientError):
            async with session.get(b.url("health", f"api/{number}"), headers=headers) as answer:
                await answer.read()

    async def story() -> None:
        async with bench(tmp_path, replace(QUICK, believed_seconds=0.1)) as b:
            b.question_seconds = 0.2
            await b.open("health", says(ok(b"fine")))
            assert await b.get("health") == (200, b"fine")
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
                strangers = [asyncio.create_task(makes_up(b, session, number)) for number in range(200)]
                await asyncio.sleep(0.5)
                for _ in range(3):
                    began = time.monotonic()
                    assert await b.get("health") == (200, b"fine")
                    assert time.monotonic() - began < 1
                    await asyncio.sleep(0.2)
                assert not all(task.done() for task in strangers)  # the control: they still wait
                b.question_seconds = 0
                await asyncio.gather(*strangers)

    asyncio.run(story())
