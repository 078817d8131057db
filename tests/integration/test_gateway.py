"""The gateway between real sockets: a plain workspace, hostile ones, and a hub that writes down what it is asked."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from datasets_mount.catalogue import Tier
from hub.settings import Login, Ports, Settings
from integration.lab_harness import free_ports
from spawner_config.gateway.app import Gateway
from spawner_config.gateway.bounds import Bounds
from spawner_config.gateway_client import GatewayClient
from spawner_config.server_folder import Server, make_folder, opened, remove_folder

UID = 200_778
QUICK = replace(
    Bounds(),
    header_seconds=0.7,
    chunk_seconds=0.7,
    answer=200_000,
    message=100_000,
    upload=300_000,
    requests=8,
    hub_seconds=2,
)
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Bench:
    """A gateway in this process, with workspaces that the test makes."""

    def __init__(self, state: Path, bounds: Bounds = QUICK) -> None:
        ports = free_ports(6)
        names = ("public", "proxy_api", "portal", "gateway", "identity", "hub")
        self.settings = Settings(
            state=state, login=Login(demo=True), ports=Ports(**dict(zip(names, ports, strict=True)))
        )
        self.bounds = bounds
        self.asked: list[tuple[str, str, str]] = []
        self.stack = AsyncExitStack()
        self.servers: list[str] = []

    async def __aenter__(self) -> Bench:
        self.session = await self.stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        runner = web.ServerRunner(web.Server(self._hub))
        await runner.setup()
        self.stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", self.settings.ports.hub).start()
        await self.start()
        return self

    async def start(self) -> None:
        self.gateway = Gateway(self.settings, self.bounds)
        await self.gateway.start()

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.stop()
        await self.stack.aclose()
        for identifier in self.servers:
            remove_folder(self.settings.state, identifier)

    async def _hub(self, request: web.BaseRequest) -> web.Response:
        self.asked.append((request.method, request.raw_path, (await request.read()).decode()))
        if request.raw_path == "/hub/api/user":
            body = {"kind": "user", "name": "scientist", "scopes": ["s"], "groups": ["secret-group"]}
            return web.json_response(body)
        return web.json_response({"version": "6.1.1"}, headers={"X-JupyterHub-Version": "6.1.1", "Set-Cookie": "a=b"})

    def folder(self, project: str, tier: Tier = Tier.SENSITIVE, person: str = "scientist") -> Path:
        server = Server(person=person, project=project, tier=tier, uid=UID, oauth_client=f"jupyterhub-user-{project}")
        self.servers.append(server.id)
        return make_folder(self.settings.state, server)

    async def open(self, project: str, workspace: Raw | None = None, tier: Tier = Tier.SENSITIVE) -> Path:
        """Open a workspace whose socket speaks as the test says."""
        folder = self.folder(project, tier)
        if workspace is not None:
            await self.listen(folder / "nb", workspace)
        await GatewayClient(self.settings.state).open(folder.name)
        return folder

    async def listen(self, place: Path, workspace: Raw, name: str = "nb.sock", owner: int = UID) -> None:
        with opened(place) as descriptor:
            server = await asyncio.start_unix_server(_quiet(workspace), f"/proc/self/fd/{descriptor}/{name}")
        os.chown(place / name, owner, owner)
        self.stack.push_async_callback(_close, server)

    def url(self, project: str, rest: str = "api", person: str = "scientist") -> URL:
        return URL(f"http://127.0.0.1:{self.settings.ports.gateway}/user/{person}/{project}/{rest}", encoded=True)

    async def get(self, project: str, rest: str = "api", **kwargs: object) -> tuple[int, bytes]:
        async with self.session.get(self.url(project, rest), allow_redirects=False, **kwargs) as answer:  # type: ignore[arg-type]
            return answer.status, await answer.read()

    def lines(self) -> list[dict[str, object]]:
        texts = [f.read_text() for f in sorted((self.settings.state / "logs").glob("gateway-access-*.jsonl"))]
        return [json.loads(line) for line in "".join(texts).splitlines()]


async def _close(server: asyncio.Server) -> None:
    server.close()


def _quiet(workspace: Raw) -> Raw:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await workspace(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    return serve


@asynccontextmanager
async def bench(tmp_path: Path, bounds: Bounds = QUICK) -> AsyncIterator[Bench]:
    async with Bench(tmp_path / f"A State {'y' * 90}", bounds) as made:
        yield made


async def read_head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def says(answer: bytes, *, hold: bool = False) -> Raw:
    """A workspace that says the same to everybody."""

    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(answer)
        await writer.drain()
        if hold:
            await reader.read()

    return workspace


def ok(body: bytes = b"{}", *headers: bytes) -> bytes:
    head = b"".join(h + b"\r\n" for h in headers)
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b" % (
        head,
        len(body),
        body,
    )


async def plain_neighbour(b: Bench) -> None:
    await b.open("neighbour", says(ok(b"fine")))


async def neighbour_answers_at_once(b: Bench) -> None:
    started = time.monotonic()
    assert await b.get("neighbour") == (200, b"fine")
    assert time.monotonic() - started < 0.5


def test_a_request_reaches_the_workspace_byte_for_byte_and_its_answer_the_browser(tmp_path: Path) -> None:
    heads: list[bytes] = []

    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await read_head(reader))
        writer.write(ok(b'{"a": 1}', b"X-Evil: 1", b"Set-Cookie: jupyterhub-hub-login=x; Path=/", b"Refresh: 0; url=/"))

    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", workspace)
            target = "api/contents/%C3%A9(1)%20!~*'.ipynb?content=1&type=notebook&x=%5B%7B"
            headers = {"Cookie": "jupyterhub-hub-login=secret; _xsrf=1", "X-Forwarded-For": "198.51.100.1"}
            async with b.session.get(b.url("health", target), headers=headers) as answer:
                assert answer.status == 200
                assert await answer.read() == b'{"a": 1}'
                names = {n.lower() for n in answer.headers}
                assert not names & {"x-evil", "set-cookie", "refresh"}
                assert answer.headers["Cache-Control"] == "no-store"
                assert "/user/scientist/health/ 'unsafe-eval'" in answer.headers["Content-Security-Policy"]
            head = heads[0].decode()
            assert head.startswith(f"GET /user/scientist/health/{target} HTTP/1.1\r\n")
            assert "secret" not in head
            assert "198.51.100.1" not in head
            assert "_xsrf=1" in head

    asyncio.run(story())


def test_bodies_are_passed_on_as_they_come_in_both_directions(tmp_path: Path) -> None:
    async def workspace(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await read_head(reader)
        assert b"content-length: 7" in head.lower()
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(7):
            writer.write(b"1\r\n%b\r\n" % await reader.readexactly(1))  # each byte is answered before the next is read
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def slowly() -> AsyncIterator[bytes]:
        for letter in b"streams":
            yield bytes([letter])
            await asyncio.sleep(0.02)

    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", workspace)
            url, headers = b.url("health", "api/contents/a"), {"Content-Length": "7"}
            async with b.session.put(url, data=slowly(), headers=headers) as answer:
                assert await answer.read() == b"streams"

    asyncio.run(story())


def test_websockets_carry_text_bytes_protocol_and_closing_code(tmp_path: Path) -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        inner = web.WebSocketResponse(protocols=["v1.kernel.websocket.jupyter.org"])
        await inner.prepare(request)
        async for message in inner:
            if message.data == "bye":
                await inner.close(code=4321)
            elif message.type is aiohttp.WSMsgType.TEXT:
                await inner.send_str(message.data.upper())
            else:
                await inner.send_bytes(message.data[::-1])
        return inner

    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = b.folder("health")
            runner = web.ServerRunner(web.Server(handler))
            await runner.setup()
            b.stack.push_async_callback(runner.cleanup)
            with opened(folder / "nb") as place:
                await web.UnixSite(runner, f"/proc/self/fd/{place}/nb.sock").start()
            os.chown(folder / "nb/nb.sock", UID, UID)
            await GatewayClient(b.settings.state).open(folder.name)
            url = b.url("health", "api/kernels/1/channels?session_id=2")
            protocols = ("other", "v1.kernel.websocket.jupyter.org")
            async with b.session.ws_connect(url, protocols=protocols) as outer:
                assert outer.protocol == "v1.kernel.websocket.jupyter.org"
                await outer.send_str("été")
                assert await outer.receive_str() == "ÉTÉ"
                await outer.send_bytes(b"\x00\x01\xff")
                assert await outer.receive_bytes() == b"\xff\x01\x00"
                await outer.send_str("bye")
                assert (await outer.receive()).type is aiohttp.WSMsgType.CLOSE
                assert outer.close_code == 4321
            async with b.session.ws_connect(url) as outer:
                await outer.send_str("x" * 90_000)
                assert len(await outer.receive_str()) == 90_000
                await outer.send_bytes(b"x" * 150_000)
                assert (await outer.receive()).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
            await asyncio.sleep(0.1)
            lines = [line for line in b.lines() if line["side"] == "websocket"]
            assert {line["status"] for line in lines} == {101}
            assert [(line["reason"], line["bytes"]) for line in lines] == [
                ("", 0), ("closed", 8), ("", 0), ("closed", 90_000),
            ]  # fmt: skip
            assert b.gateway._meter.total(folder.name) == 90_008

    asyncio.run(story())


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


def test_the_open_tier_has_no_cap_and_downloads_pass_there(tmp_path: Path) -> None:
    body = b"x" * (QUICK.answer + 1)
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)

    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.open("open", says(answer), Tier.OPEN)
            assert await b.get("open", "files/a.csv") == (200, body)
            assert b.gateway._meter.total(folder.name) == len(body)
            await b.open("held", says(answer), Tier.SECRET)
            assert (await b.get("held", "files/a.csv"))[0] == 403
            assert (await b.get("held", "api"))[0] == 403

    asyncio.run(story())


@pytest.mark.parametrize("rest", ["../neighbour/api", "%2e%2e/neighbour/api", "..%2fneighbour/api", "a//b", "a%00"])
def test_an_ambiguous_address_reaches_no_workspace(tmp_path: Path, rest: str) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await plain_neighbour(b)
            await b.open("health", says(ok(b"own")))
            reader, writer = await asyncio.open_connection("127.0.0.1", b.settings.ports.gateway)
            writer.write(f"GET /user/scientist/health/{rest} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            assert answer.startswith(b"HTTP/1.1 400")
            assert b"ambiguous-address" in answer

    asyncio.run(story())


def test_a_service_worker_an_odd_method_and_a_long_upload_are_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", says(ok()))
            assert (await b.get("health", "static/sw.js", headers={"Service-Worker": "script"}))[0] == 403
            async with b.session.request("TRACE", b.url("health")) as answer:
                assert answer.status == 400
            async with b.session.put(b.url("health", "api/contents/a"), data=b"x" * 400_000) as answer:
                assert answer.status == 413

    asyncio.run(story())


def test_a_workspace_that_is_not_open_is_said_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            status, body = await b.get("nowhere")
            assert (status, json.loads(body)["reason"]) == (503, "server-not-ready")
            async with b.session.get(b.url("nowhere", "lab"), headers={"Sec-Fetch-Mode": "navigate"}) as page:
                assert page.content_type == "text/html"

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


async def refuses(b: Bench) -> bool:
    status, body = await b.get("health")
    return status == 503 and json.loads(body)["reason"] == "server-not-ready"


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


REFUSED_CALLS = [
    ("GET", "users"),
    ("POST", "users/steward/activity"),
    ("DELETE", "users/scientist"),
    ("GET", "users/scientist/tokens"),
    ("POST", "shutdown"),
]


def hub_session(folder: Path) -> aiohttp.ClientSession:
    descriptor = os.open(folder / "hub", os.O_PATH)
    connector = aiohttp.UnixConnector(f"/proc/self/fd/{descriptor}/api.sock")
    return aiohttp.ClientSession(connector=connector)


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


def test_a_gateway_that_comes_back_opens_what_stands_on_disk_and_goes_on_counting(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.open("health", says(ok(b"12345")))
            await b.get("health")
            (folder.parent / "0123456789abcdef").mkdir()
            (folder.parent / "not-a-server").write_text("x")
            await b.gateway.stop()
            with pytest.raises(aiohttp.ClientError):
                await b.get("health")
            await b.start()
            assert await b.get("health") == (200, b"12345")
            assert b.gateway._meter.total(folder.name) == 10
            async with hub_session(folder) as inside, inside.get("http://x/hub/api") as answer:
                assert answer.status == 200

    asyncio.run(story())


def test_a_closed_server_answers_no_more_and_its_connections_are_dropped(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            folder = await b.open("health", says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", hold=True))
            async with b.session.get(b.url("health")) as answer:
                await GatewayClient(b.settings.state).close(folder.name)
                with pytest.raises(aiohttp.ClientError):
                    await answer.read()
            assert await refuses(b)
            with opened(folder / "hub") as place, socket.socket(socket.AF_UNIX) as caller, pytest.raises(OSError):  # noqa: PT011
                caller.connect(f"/proc/self/fd/{place}/api.sock")

    asyncio.run(story())


def test_only_the_lab_reaches_the_control_socket(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            place = b.settings.state / "run"
            assert stat.S_IMODE(place.stat().st_mode) == 0o700
            assert stat.S_IMODE((place / "gateway.sock").stat().st_mode) == 0o600
            folder = await b.open("health", says(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
            client = GatewayClient(b.settings.state)
            assert await client.is_ready(folder.name)
            assert not await client.is_ready("0" * 16)
            assert not await client.is_ready("..%2f..")
            remaining = {line["side"] for line in b.lines()}
            assert remaining == set()  # asking whether it is ready leaves no line

    asyncio.run(story())


def test_every_response_leaves_a_line_without_query_or_body(tmp_path: Path) -> None:
    async def story() -> None:
        async with bench(tmp_path) as b:
            await b.open("health", says(ok(b"confidential")))
            await b.get("health", "api/status?token=hush")
            await b.get("health", "files/a.csv")
            shown, refused = b.lines()
            assert (shown["method"], shown["path"], shown["status"], shown["bytes"]) == (
                "GET", "/user/scientist/health/api/status", 200, 12,
            )  # fmt: skip
            assert (refused["status"], refused["reason"], refused["bytes"]) == (403, "download", 0)
            text = json.dumps(b.lines())
            assert "hush" not in text
            assert "confidential" not in text

    asyncio.run(story())
