"""A gateway in this process, with a hub that writes down what it is asked, and workspaces as a test wants them."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
from aiohttp import web
from yarl import URL

from datasets_mount.catalogue import Tier
from hub.bench.machine import free_ports
from hub.settings import Browser, Login, Ports, Settings
from spawner_config.gateway.app import Gateway, Keys
from spawner_config.gateway.bounds import Bounds
from spawner_config.gateway_client import GatewayClient
from spawner_config.server_folder import (
    Server,
    access_log_folder,
    make_folder,
    opened,
    read_card,
    remove_folder,
    show_folder,
)

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


TOKEN = "scientists-own"
AUTHORIZED = {"Authorization": f"token {TOKEN}"}
TOKENS = {
    TOKEN: {"kind": "user", "name": "scientist", "scopes": ["access:servers!user=scientist"]},
    "strangers": {"kind": "user", "name": "stranger", "scopes": ["access:servers!user=stranger"]},
    "administrators": {"kind": "user", "name": "administrator", "scopes": ["access:servers"]},
    "services": {"kind": "service", "name": "scientist", "scopes": ["access:servers"]},
    "weak": {"kind": "user", "name": "scientist", "scopes": ["access:services!service=portal"]},
    "other-server": {"kind": "user", "name": "scientist", "scopes": ["access:servers!server=scientist/other"]},
}
"""What the stand-in for the hub knows."""

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Raw = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Bench:
    """A gateway in this process, with workspaces that the test makes."""

    def __init__(self, state: Path, bounds: Bounds = QUICK, browser: Browser | None = None) -> None:
        ports = free_ports(6)
        names = ("public", "proxy_api", "portal", "gateway", "identity", "hub")
        self.settings = Settings(
            state=state,
            login=Login(demo=True),
            browser=browser or Browser(),
            ports=Ports(**dict(zip(names, ports, strict=True))),
        )
        self.bounds = bounds
        self.lab_files = state / "lab-files"
        self.asked: list[tuple[str, str, str]] = []
        self.looked_up: list[str] = []
        self.question_seconds = 0.0
        self.token_answer = web.json_response({"error": "invalid_grant"}, status=400)
        self.stack = AsyncExitStack()
        self.servers: list[str] = []

    async def __aenter__(self) -> Bench:
        self.session = await self.stack.enter_async_context(
            aiohttp.ClientSession(auto_decompress=False, headers=AUTHORIZED)
        )
        runner = web.ServerRunner(web.Server(self._hub))
        await runner.setup()
        self.stack.push_async_callback(runner.cleanup)
        self.hub_goes = runner.cleanup
        await web.TCPSite(runner, "127.0.0.1", self.settings.ports.hub).start()
        await self.start()
        return self

    async def start(self) -> None:
        self.gateway = Gateway(self.settings, Keys("gateway-secret", "5e" * 32), self.bounds, self.lab_files)
        await self.gateway.start()

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.stop()
        await self.stack.aclose()
        for identifier in self.servers:
            remove_folder(self.settings.state, identifier)

    async def _hub(self, request: web.BaseRequest) -> web.Response:
        token = request.headers.get("Authorization", "").partition(" ")[2]
        if request.raw_path == "/hub/api/user":
            await asyncio.sleep(self.question_seconds)
        if request.raw_path == "/hub/api/user" and token in TOKENS:
            self.looked_up.append(token)
            return web.json_response(TOKENS[token])
        self.asked.append((request.method, request.raw_path, (await request.read()).decode()))
        if request.raw_path == "/hub/api/user":
            if token != "abc":
                return web.json_response({"status": 403}, status=403)
            body = {"kind": "user", "name": "scientist", "scopes": ["s"], "groups": ["secret-group"]}
            return web.json_response(body)
        if request.raw_path == "/hub/api/oauth2/token":
            return self.token_answer
        if request.raw_path.startswith("/user/"):
            headers = {"Location": f"/hub{request.raw_path}", "X-Said-By": "hub", "Set-Cookie": "hubs=1; Path=/hub/"}
            return web.Response(status=302, text="over there", headers=headers)
        return web.json_response({"version": "6.1.1"}, headers={"X-JupyterHub-Version": "6.1.1", "Set-Cookie": "a=b"})

    def folder(self, project: str, tier: Tier = Tier.SENSITIVE, person: str = "scientist") -> Path:
        server = Server(person=person, project=project, tier=tier, uid=UID)
        self.servers.append(server.id)
        folder = make_folder(self.settings.state, server)
        show_folder(self.settings.state, server)
        return folder

    async def open(self, project: str, workspace: Raw | None = None, tier: Tier = Tier.SENSITIVE) -> Path:
        """Open a workspace whose socket speaks as the test says."""
        folder = self.folder(project, tier)
        if workspace is not None:
            await self.listen(folder / "nb", workspace)
        await GatewayClient(self.settings.state).open(folder.name)
        return folder

    async def serve(
        self, project: str, handler: Handler, tier: Tier = Tier.SENSITIVE, person: str = "scientist"
    ) -> Path:
        """Open a workspace whose server is one of aiohttp's, for websockets."""
        folder = self.folder(project, tier, person)
        runner = web.ServerRunner(web.Server(handler))
        await runner.setup()
        self.stack.push_async_callback(runner.cleanup)
        with opened(folder / "nb") as place:
            await web.UnixSite(runner, f"/proc/self/fd/{place}/nb.sock").start()
        os.chown(folder / "nb/nb.sock", UID, UID)
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

    def total(self, identifier: str) -> int:
        """Bytes that today's meter counts for a server."""
        return self.gateway._meter.total(read_card(self.settings.state, identifier))

    def lines(self) -> list[dict[str, object]]:
        texts = [f.read_text() for f in sorted(access_log_folder(self.settings.state).glob("gateway-access-*.jsonl"))]
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
async def bench(tmp_path: Path, bounds: Bounds = QUICK, browser: Browser | None = None) -> AsyncIterator[Bench]:
    async with Bench(tmp_path / f"A State {'y' * 90}", bounds, browser) as made:
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
    assert time.monotonic() - started < 1.0  # as a neighbour has to, whatever another one does


HUBS = (302, b"over there")
"""What the stand-in for the hub says of a workspace that does not run."""


async def refuses(b: Bench) -> bool:
    status, body = await b.get("health")
    return (status == 503 and json.loads(body)["reason"] == "server-not-ready") or (status, body) == HUBS


def hub_session(folder: Path) -> aiohttp.ClientSession:
    descriptor = os.open(folder / "hub", os.O_PATH)
    connector = aiohttp.UnixConnector(f"/proc/self/fd/{descriptor}/api.sock")
    return aiohttp.ClientSession(connector=connector)
