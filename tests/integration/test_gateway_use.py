"""When a workspace is in use: what the gateway saw of its person, never what its server says of itself."""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from aiohttp import WSMsgType, web

from integration.gateway_bench import AUTHORIZED, Bench, bench, hub_session, ok, says
from spawner_config.gateway_client import GatewayClient
from spawner_config.server_folder import CARD

A_DAY = 24 * 3600


async def opened_long_ago(b: Bench, project: str = "health") -> str:
    """Open a workspace that was last used a day ago."""
    folder = await b.open(project, says(ok()))
    await forget(b, folder)
    return folder.name


async def forget(b: Bench, folder: Path) -> None:
    moment = time.time() - A_DAY
    os.utime(folder / CARD, (moment, moment))
    await GatewayClient(b.settings.state).open(folder.name)
    assert await is_idle(b, folder.name)


async def is_idle(b: Bench, identifier: str) -> bool:
    idle = await GatewayClient(b.settings.state).idle_seconds(identifier)
    assert idle is not None
    return idle > A_DAY - 60


def test_what_its_person_asks_for_is_use_and_outlives_the_gateway(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            name = await opened_long_ago(b)
            assert (await b.get("health"))[0] == 200
            assert not await is_idle(b, name)
            await b.gateway.stop()
            await b.start()
            assert not await is_idle(b, name)

    asyncio.run(story())


def test_what_strangers_ask_for_and_what_the_lab_asks_itself_is_no_use(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            name = await opened_long_ago(b)
            for token in ("strangers", "administrators", "weak", "unknown"):
                await b.get("health", headers={"Authorization": f"token {token}"})
            assert await GatewayClient(b.settings.state).is_ready(name)
            assert await is_idle(b, name)

    asyncio.run(story())


def test_what_a_server_says_of_itself_makes_it_neither_used_nor_idle(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            name = await opened_long_ago(b)
            folder = b.settings.state / "servers" / name
            await say(folder, "2099-01-01T00:00:00Z")
            assert await is_idle(b, name)
            told = datetime.fromisoformat(json.loads(b.asked[-1][2])["last_activity"])
            assert told < datetime.now(UTC) - timedelta(hours=23)
            await b.get("health")
            await say(folder, "1999-01-01T00:00:00Z")
            assert not await is_idle(b, name)

    asyncio.run(story())


async def say(folder: Path, moment: str) -> None:
    """The container reports that it was in use."""
    body = {"servers": {"health": {"last_activity": moment}}, "last_activity": moment}
    async with (
        hub_session(folder) as inside,
        inside.post("http://x/hub/api/users/scientist/activity", json=body, headers=AUTHORIZED) as answer,
    ):
        assert answer.status == 200


def test_messages_on_a_channel_that_the_person_holds_open_are_use(tmp_path: Path) -> None:
    async def echo(request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
        return socket

    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.serve("health", echo)
            async with b.session.ws_connect(b.url("health", "api/kernels/1/channels")) as outer:
                b.gateway._servers.find_by_id(folder.name).use._last -= A_DAY
                assert await is_idle(b, folder.name)
                await outer.send_str("x")
                assert await outer.receive_str() == "x"
                assert not await is_idle(b, folder.name)

    asyncio.run(story())


def test_a_server_that_goes_on_after_its_person_left_is_not_in_use(tmp_path: Path) -> None:
    ended: list[bool] = []

    async def flood(request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        try:
            while True:
                await socket.send_str("still here")
                await asyncio.sleep(0.01)
        except (ConnectionError, aiohttp.ClientError):
            ended.append(True)
        return socket

    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.serve("health", flood)
            async with b.session.ws_connect(b.url("health", "api/kernels/1/channels")) as outer:
                await outer.receive_str()
            while not ended:
                await asyncio.sleep(0.01)
            b.gateway._servers.find_by_id(folder.name).use._last -= A_DAY
            await asyncio.sleep(0.2)
            assert await is_idle(b, folder.name)

    asyncio.run(story())
