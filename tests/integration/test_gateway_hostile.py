"""The gateway and workspaces that hang, flood, dribble, lie and put other things in their socket's place."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from integration.gateway_bench import (
    QUICK,
    UID,
    Raw,
    bench,
    neighbour_answers_at_once,
    ok,
    plain_neighbour,
    read_head,
    refuses,
    says,
)
from spawner_config.server_folder import checked_socket, opened


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


def test_only_a_socket_of_the_projects_own_number_is_reached(tmp_path: Path) -> None:
    reached: list[str] = []

    def bait(name: str) -> Raw:
        async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            reached.append(name)
            await says(ok())(reader, writer)

        return workspace

    async def story() -> None:
        async with bench(tmp_path) as b:
            nb = (await b.open("health")) / "nb"
            other = (await b.open("other", bait("other"))) / "nb/nb.sock"
            place = nb / "nb.sock"
            assert await refuses(b)
            for replacement in (
                lambda: place.symlink_to(other),
                lambda: place.symlink_to(b.settings.state / "run/gateway.sock"),
                lambda: place.symlink_to("/var/run/docker.sock"),
                lambda: place.symlink_to("nb.sock"),
                lambda: place.write_bytes(b""),
                lambda: os.mkfifo(place),
                lambda: place.mkdir(),
            ):
                replacement()
                assert await refuses(b)
                place.rmdir() if place.is_dir() else place.unlink()
            await b.listen(nb, bait("root's"), owner=0)
            assert await refuses(b)
            os.chown(place, UID, UID)
            assert (await b.get("health"))[0] == 200
            assert reached == ["root's"]

    asyncio.run(story())


def test_a_socket_that_is_swapped_for_a_link_all_the_time_leads_nowhere_else(tmp_path: Path) -> None:
    reached: list[str] = []

    async def bait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append("bait")

    def swap(nb: Path, bait_socket: Path, end: list[bool]) -> int:
        own = socket.socket(socket.AF_UNIX)
        with opened(nb) as place:
            own.bind(f"/proc/self/fd/{place}/own")
        own.listen()
        os.chown(nb / "own", UID, UID)
        (nb / "link").symlink_to(bait_socket)
        turns = 0
        while not end:
            for name in ("own", "link"):
                os.link(nb / name, nb / "next", follow_symlinks=False)
                (nb / "next").rename(nb / "nb.sock")
            turns += 1
        own.close()
        return turns

    async def story() -> None:
        async with bench(tmp_path) as b:
            nb = (await b.open("health")) / "nb"
            other = (await b.open("other", bait)) / "nb/nb.sock"
            end: list[bool] = []
            swapping = asyncio.create_task(asyncio.to_thread(swap, nb, other, end))
            for _ in range(100):
                await asyncio.wait([asyncio.create_task(b.get("health"))], timeout=0.02)
            end.append(True)
            assert await swapping > 100
            assert reached == []

    asyncio.run(story())


def test_the_folder_of_a_socket_holds_a_few_bytes_and_follows_no_link(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            nb = (await b.open("health")) / "nb"
            with (nb / "flood").open("wb", buffering=0) as file:
                assert file.write(b"x" * 100_000) <= 65_536
                with pytest.raises(OSError, match="No space left"):
                    file.write(b"x")
            for number in range(6):
                (nb / str(number)).touch()
            with pytest.raises(OSError, match="No space left"):
                (nb / "one more").touch()
            (nb / "flood").unlink()
            (nb / "link").symlink_to("/etc/hostname")
            with pytest.raises(OSError, match="Too many levels"):
                (nb / "link").read_bytes()
            options = os.statvfs(nb).f_flag
            assert options & os.ST_NOSUID
            assert options & os.ST_NOEXEC
            assert options & os.ST_NODEV

    asyncio.run(story())


def test_a_link_is_not_followed_where_the_file_system_would_let_it_be(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other, opened(tmp_path) as place:
        other.bind(f"/proc/self/fd/{place}/other.sock")
        other.listen()
        os.chown(tmp_path / "other.sock", UID, UID)
        with checked_socket(tmp_path, "other.sock", UID) as address, socket.socket(socket.AF_UNIX) as caller:
            caller.connect(address)
        (tmp_path / "nb.sock").symlink_to(tmp_path / "other.sock")
        os.lchown(tmp_path / "nb.sock", UID, UID)
        with pytest.raises(ConnectionRefusedError), checked_socket(tmp_path, "nb.sock", UID):
            pass


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
            assert b.total(folder.name) == 0

    asyncio.run(story())
