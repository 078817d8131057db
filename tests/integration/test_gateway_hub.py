"""The gateway between a workspace and the hub."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import time
from dataclasses import replace
from pathlib import Path

from descriptors import none_left
from integration.gateway_bench import (
    QUICK,
    bench,
    hub_session,
    neighbour_answers_at_once,
    ok,
    says,
)
from spawner_config.server_folder import opened

REFUSED_CALLS = [
    ("GET", "users"),
    ("POST", "users/steward/activity"),
    ("DELETE", "users/scientist"),
    ("GET", "users/scientist/tokens"),
    ("POST", "shutdown"),
]


def test_a_workspace_reaches_the_hub_by_its_own_calls_alone(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.open("health")
            async with hub_session(folder) as inside:
                async with inside.get("http://x/hub/api") as answer:
                    assert answer.status == 200
                    assert answer.headers["X-JupyterHub-Version"] == "6.1.1"
                    assert "Set-Cookie" not in answer.headers
                headers = {"Authorization": "token abc"}
                async with inside.get("http://x/hub/api/user", headers=headers) as answer:
                    assert "secret-group" not in await answer.text()
                for method, path in REFUSED_CALLS:
                    async with inside.request(method, f"http://x/hub/api/{path}", headers=headers) as answer:
                        assert answer.status == 403
                async with inside.post("http://x/hub/api/oauth2/token", data=b"x" * 100_000) as answer:
                    assert answer.status == 400
                async with inside.get("http://x/hub/api/user", headers={"Authorization": "Basic x"}) as answer:
                    assert answer.status == 400
            assert [(method, path) for method, path, _ in b.asked] == [("GET", "/hub/api/"), ("GET", "/hub/api/user")]
            refused = [line for line in b.lines() if line["side"] == "hub" and line["reason"] == "hub-call"]
            assert [line["path"] for line in refused][:2] == ["/hub/api/users", "/hub/api/users/steward/activity"]
            assert {line["person"] for line in refused} == {"scientist"}

    asyncio.run(story())


def test_a_workspace_that_floods_the_hub_is_slowed_and_its_neighbour_is_not(tmp_path: Path) -> None:
    def attack(folder: Path, end: float) -> int:
        held = []
        with opened(folder / "hub") as place:
            while time.monotonic() < end:
                caller = socket.socket(socket.AF_UNIX)
                caller.setblocking(False)
                try:
                    caller.connect(f"/proc/self/fd/{place}/api.sock")
                    caller.send(b"GET /hub/api HTTP/1.1\r\nHost: x\r\n\r\n")
                except OSError:
                    time.sleep(0.001)
                held.append(caller)
                if len(held) > 500:
                    held.pop(0).close()
        for caller in held:
            caller.close()
        return len(held)

    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.open("health")
            neighbour = await b.open("neighbour", says(ok(b"fine")))
            attacking = asyncio.create_task(asyncio.to_thread(attack, folder, time.monotonic() + 2))
            await asyncio.sleep(0.5)
            descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
            await neighbour_answers_at_once(b)
            async with hub_session(neighbour) as inside, inside.get("http://x/hub/api") as answer:
                assert answer.status == 200
            await attacking
            assert len(b.asked) <= QUICK.hub_burst + 4 * QUICK.hub_rate + 1
            assert descriptors < 700

    asyncio.run(story())


def test_calls_to_the_hub_over_one_connection_are_counted_too(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path, replace(QUICK, hub_burst=5, hub_rate=0.1)) as b:
            folder = await b.open("health")
            statuses = []
            async with hub_session(folder) as inside:
                for _ in range(8):
                    async with inside.get("http://x/hub/api") as answer:
                        statuses.append(answer.status)
                        await answer.read()
            assert statuses == [200] * 5 + [429] * 3
            assert len(b.asked) == 5

    asyncio.run(story())


def test_a_long_body_is_refused_before_it_has_come(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.open("health")
            with opened(folder / "hub") as place:
                reader, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{place}/api.sock")
            writer.write(
                b"POST /hub/api/oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 20_000
            )
            async with asyncio.timeout(3):
                assert b" 400 " in await reader.readline()
            writer.close()
            assert b.asked == []

    asyncio.run(story())


def test_the_doors_answer_again_when_the_gateway_has_descriptors_again(tmp_path: Path) -> None:
    """What cannot be accepted for a while ends nobody's door to the hub."""

    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.open("health")
            early = socket.socket(socket.AF_UNIX)
            with opened(folder / "hub") as place, none_left():
                early.connect(f"/proc/self/fd/{place}/api.sock")
                early.setblocking(False)
                early.send(b"GET /hub/api HTTP/1.1\r\nHost: x\r\n\r\n")
                await asyncio.sleep(0.5)
                assert b.asked == []
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(3):
                assert b" 200 " in await loop.sock_recv(early, 2**16)
            early.close()
            async with hub_session(folder) as inside, inside.get("http://x/hub/api") as answer:
                assert answer.status == 200

    asyncio.run(story())


def test_a_packed_body_is_not_unpacked(tmp_path: Path) -> None:
    """Of a body that is refused nothing grows while it is read to its end, so it costs the neighbours no time."""
    packed = gzip.compress(bytes(300_000_000))
    head = b"POST /hub/api/oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"

    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.open("health")
            spent = time.process_time()
            with opened(folder / "hub") as place:
                reader, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{place}/api.sock")
            writer.write(head % len(packed) + packed)
            async with asyncio.timeout(5):
                assert b" 400 " in await reader.readline()
                writer.write_eof()
                await reader.read()
            assert time.process_time() - spent < 0.15
            writer.close()

    asyncio.run(story())
