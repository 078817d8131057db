"""The way through the gateway, beside the proxy alone: small answers, a notebook of 50 MB, and a kernel's messages.

One server, in a process of its own, listens on a port and on a unix socket. The proxy leads to it on both ways, on one
of them with the gateway between, which is a process as in a lab. A stand-in for the hub knows one token.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from datasets_mount.catalogue import Tier
from hub.adapters.processes.programs import find_proxy
from hub.adapters.secrets import make_secrets
from hub.bench import far_end
from hub.bench.measuring import Pair, measure
from hub.bench.rows import Goal, Of, Row, each_of
from hub.domain.errors import UnavailableError
from hub.settings import Login, Ports, Settings
from spawner_config.gateway_client import GatewayClient
from spawner_config.server_folder import Server, make_folder

PERSON, PROJECT, TOKEN = "scientist", "bench", "bench-token"
SMALL, MESSAGES = 200, 200
PATIENCE = 30.0
MOST_ADDED = 2.0
"""Milliseconds that the gateway may add to an answer, at the median."""
ROUTES = {"lab": f"/user/{PERSON}/{PROJECT}/", "instead": f"/user/{PERSON}/plain/"}


@dataclass(frozen=True, slots=True)
class GatewayWay:
    """The two ways, each by the path below which the proxy leads there."""

    root: str

    def _through(self, way: str, act: Callable[[aiohttp.ClientSession, str], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with aiohttp.ClientSession(headers={"Authorization": f"token {TOKEN}"}) as session:
                await act(session, self.root + ROUTES[way])

        asyncio.run(whole())

    def small(self, way: str) -> None:
        """Ask for small answers, one after the other."""
        self._through(way, _small)

    def notebook(self, way: str) -> None:
        """Read one notebook of 50 MB."""
        self._through(way, _notebook)

    def messages(self, way: str) -> None:
        """Send a message and wait for its answer, many times."""
        self._through(way, _messages)


async def _small(session: aiohttp.ClientSession, prefix: str) -> None:
    for _ in range(SMALL):
        async with session.get(f"{prefix}api/status") as answer:
            if len(await answer.read()) != len(far_end.STATUS):
                raise _failed()


async def _notebook(session: aiohttp.ClientSession, prefix: str) -> None:
    async with session.get(f"{prefix}api/contents/large.ipynb") as answer:
        size = 0
        async for piece in answer.content.iter_any():
            size += len(piece)
    if size != far_end.NOTEBOOK:
        raise _failed()


async def _messages(session: aiohttp.ClientSession, prefix: str) -> None:
    async with session.ws_connect(f"{prefix}api/kernels/1/channels") as outer:
        for _ in range(MESSAGES):
            await outer.send_str("x" * 500)
            if len(await outer.receive_str()) != 500:
                raise _failed()


def _failed() -> UnavailableError:
    return UnavailableError("A way did not answer as it should, so there is nothing to measure.", reason="bench")


def rows(folder: Path, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """Small answers and kernel messages by their added time, the large one by its throughput."""
    added, throughput = Goal(Of.DIFFERENCE, MOST_ADDED), Goal(Of.RATIO, 1.25)
    with ready(folder) as way:
        for title, act, count, goal in (
            ("a small answer through the gateway / through the proxy alone", way.small, SMALL, added),
            ("a notebook of 50 MB through the gateway / through the proxy alone", way.notebook, 1, throughput),
            ("a kernel message through the gateway / through the proxy alone", way.messages, MESSAGES, added),
        ):
            row = measure(Pair(title, partial(act, "lab"), partial(act, "instead"), goal), rounds, tell)
            yield each_of(row, count)


@contextlib.contextmanager
def ready(folder: Path) -> Iterator[GatewayWay]:
    """Start the server, the gateway and the proxy, and end them afterwards."""
    folder.mkdir()
    ports = dict(zip(("public", "proxy_api", "portal", "gateway", "identity", "hub"), _free_ports(6), strict=True))
    far = _free_ports(1)[0]
    settings = Settings(name="bench", state=folder / "state", login=Login(demo=True), ports=Ports(**ports))
    make_secrets(settings)
    config = folder / "lab.toml"
    numbers = "\n".join(f"{name} = {port}" for name, port in ports.items())
    config.write_text(f'name = "bench"\nstate = "{settings.state}"\n[login]\ndemo = true\n[ports]\n{numbers}\n')
    server = Server(person=PERSON, project=PROJECT, tier=Tier.OPEN, uid=os.getuid())
    place = make_folder(settings.state, server, mount=lambda *_: None, unmount=lambda *_: None)
    token = secrets.token_hex(16)
    commands = {
        "far end": [sys.executable, "-m", "hub.bench.far_end", str(far), str(place / "nb/nb.sock"), str(ports["hub"])],
        "gateway": [sys.executable, "-m", "spawner_config.gateway", "--config", str(config)],
        "proxy": [
            find_proxy() or "configurable-http-proxy", "--ip", "127.0.0.1", "--port", str(ports["public"]),
            "--api-ip", "127.0.0.1", "--api-port", str(ports["proxy_api"]), "--log-level", "error",
        ],
    }  # fmt: skip
    environment = os.environ | {"CONFIGPROXY_AUTH_TOKEN": token}
    with contextlib.ExitStack() as stack:
        for command in commands.values():
            stack.callback(_end, subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=None))
        for port in (far, ports["hub"], ports["gateway"], ports["proxy_api"], ports["public"]):
            _wait_for(port)
        targets = {ROUTES["lab"]: ports["gateway"], ROUTES["instead"]: far}
        asyncio.run(_connect(settings, server.id, token, targets))
        yield GatewayWay(f"http://127.0.0.1:{ports['public']}")


async def _connect(settings: Settings, server: str, token: str, targets: dict[str, int]) -> None:
    """Open the server at the gateway, and tell the proxy both ways."""
    await GatewayClient(settings.state).open(server)
    async with aiohttp.ClientSession(headers={"Authorization": f"token {token}"}) as session:
        for route, port in targets.items():
            api = f"http://127.0.0.1:{settings.ports.proxy_api}/api/routes{route}"
            async with session.post(api, json={"target": f"http://127.0.0.1:{port}"}) as answer:
                answer.raise_for_status()


def _free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _wait_for(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise UnavailableError("A process of the measurement does not start.", reason="bench")


def _end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    process.wait(20)
