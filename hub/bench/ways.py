"""Two ways to the same servers: through the lab's gateway, and through the proxy alone.

Proxy and gateway are processes as in a lab. A stand-in for the hub knows one token; ``far_end`` is a server that does
next to nothing, and JupyterLab's own server can be put at the end of both ways, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import socket as sockets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from datasets_mount.catalogue import Tier
from hub.adapters.processes.programs import find_proxy
from hub.adapters.secrets import Secret, make_secrets, read_secret
from hub.bench.jupyter_end import SOCKET, jupyter
from hub.bench.machine import free_ports
from hub.domain.errors import UnavailableError
from hub.settings import Login, Ports, Settings
from spawner_config.gateway_client import GatewayClient
from spawner_config.lab_files import SHARED
from spawner_config.server_folder import Server, make_folder, show_folder

PERSON, PROJECT, TOKEN = "scientist", "bench", "bench-token"
"""Who the stand-in for the hub knows, and the workspace that ``far_end`` stands in for."""
PATIENCE = 30.0
PORTS = ("public", "proxy_api", "portal", "gateway", "identity", "hub")


@dataclass(frozen=True, slots=True)
class Ways:
    """The proxy's address, and what leads from it to servers."""

    settings: Settings
    folder: Path
    proxy_token: str

    @property
    def root(self) -> str:
        """The proxy's address."""
        return f"http://127.0.0.1:{self.settings.ports.public}"

    @property
    def seal(self) -> str:
        """What seals the gateway's cookies."""
        return read_secret(self.settings.secret(Secret.GATEWAY_SEAL))

    def place(self, project: str) -> Path:
        """Make the folder of a workspace's socket, as the lab does but for its mount."""
        server = Server(person=PERSON, project=project, tier=Tier.OPEN, uid=os.getuid())
        folder = make_folder(self.settings.state, server, mount=lambda *_: None, unmount=lambda *_: None)
        show_folder(self.settings.state, server)
        return folder

    def open(self, project: str, place: Path) -> str:
        """Lead through the gateway to the workspace whose socket is there; returns its address."""
        asyncio.run(GatewayClient(self.settings.state).open(place.name))
        return self.lead(route_of(project), f"http://127.0.0.1:{self.settings.ports.gateway}")

    def lead(self, route: str, target: str) -> str:
        """Tell the proxy of a way; returns where it begins."""

        async def tell() -> None:
            async with aiohttp.ClientSession(headers={"Authorization": f"token {self.proxy_token}"}) as session:
                api = f"http://127.0.0.1:{self.settings.ports.proxy_api}/api/routes{route}"
                async with session.post(api, json={"target": target}) as answer:
                    answer.raise_for_status()

        asyncio.run(tell())
        return self.root + route

    @contextlib.contextmanager
    def jupyter(self, project: str) -> Iterator[tuple[str, str]]:
        """Put JupyterLab's server at the end of both ways; yields where each begins, the lab's first."""
        route, name = route_of(f"plain-{project}"), f"bench{secrets.token_hex(4)}"
        place, alone = self.place(project), self.folder / project / "nb"
        alone.mkdir(parents=True)
        try:
            with (
                jupyter(f"{name}-lab", place / "nb", route_of(project), plain=False),
                jupyter(f"{name}-plain", alone, route, plain=True),
            ):
                socket = quote(str(alone / SOCKET), safe="")
                yield self.open(project, place), self.lead(route, f"http+unix://{socket}")
        finally:
            shutil.rmtree(alone, ignore_errors=True)


def route_of(project: str) -> str:
    """Where a workspace is."""
    return f"/user/{PERSON}/{project}/"


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Ways]:
    """Start the far end, the gateway and the proxy, and end them afterwards."""
    folder.mkdir()
    far, *numbers = free_ports(1 + len(PORTS))
    ports = Ports(**dict(zip(PORTS, numbers, strict=True)))
    settings = Settings(name="bench", state=folder / "state", login=Login(demo=True), ports=ports)
    make_secrets(settings)
    config = folder / "lab.toml"
    lines = "\n".join(f"{name} = {number}" for name, number in zip(PORTS, numbers, strict=True))
    config.write_text(f'name = "bench"\nstate = "{settings.state}"\n[login]\ndemo = true\n[ports]\n{lines}\n')
    ways = Ways(settings, folder, secrets.token_hex(16))
    place = ways.place(PROJECT)
    environment = os.environ | {"CONFIGPROXY_AUTH_TOKEN": ways.proxy_token}
    with contextlib.ExitStack() as stack:
        for command in _commands(ways, config, far, place / "nb" / SOCKET):
            stack.callback(_end, subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=None))
        for port in (far, ports.hub, ports.gateway, ports.proxy_api, ports.public):
            _wait_for(port)
        ways.lead(SHARED, f"http://127.0.0.1:{ports.gateway}")
        ways.open(PROJECT, place)
        ways.lead(route_of(f"plain-{PROJECT}"), f"http://127.0.0.1:{far}")
        yield ways


def _commands(ways: Ways, config: Path, far: int, socket: Path) -> list[list[str]]:
    ports = ways.settings.ports
    return [
        [sys.executable, "-m", "hub.bench.far_end", str(far), str(socket), str(ports.hub)],
        [sys.executable, "-m", "spawner_config.gateway", "--config", str(config)],
        [
            find_proxy() or "configurable-http-proxy", "--ip", "127.0.0.1", "--port", str(ports.public),
            "--api-ip", "127.0.0.1", "--api-port", str(ports.proxy_api), "--log-level", "error",
        ],
    ]  # fmt: skip


def _wait_for(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError), sockets.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise UnavailableError("A process of the measurement does not start.", reason="bench")


def _end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    process.wait(20)
