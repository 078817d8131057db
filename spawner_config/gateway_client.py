"""The hub's words to the gateway, over the gateway's control socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import aiohttp

from hub.domain.errors import UnavailableError
from spawner_config.server_folder import CONTROL_SOCKET, control_folder, opened

SECONDS = 10


class GatewayClient:
    """Opens, closes and asks after one server, and lets a person be forgotten; found by the lab's state folder."""

    def __init__(self, state: Path) -> None:
        self._folder = control_folder(state)

    async def open(self, server: str) -> None:
        """Let the gateway serve a server whose folder was made."""
        if (await self._say("PUT", f"servers/{server}"))[0] != 200:
            raise _no_gateway()

    async def close(self, server: str) -> None:
        """Let the gateway forget a server."""
        await self._say("DELETE", f"servers/{server}")

    async def is_ready(self, server: str) -> bool:
        """Whether the server in the container answers through the gateway, which waits for it a little."""
        return (await self._say("GET", f"servers/{server}"))[0] == 204

    async def claim(self, server: str, environment: Mapping[str, str]) -> str:
        """Tell the program that waits in the container whose it is; returns what came of it, "" while none waits."""
        status, answer = await self._say("POST", f"servers/{server}/claim", json.dumps(environment).encode())
        return str(json.loads(answer)["claim"]) if status == 200 else ""

    async def idle_seconds(self, server: str) -> float | None:
        """Seconds since the gateway saw the workspace in use; None of one that it does not know."""
        status, body = await self._say("GET", f"servers/{server}/use")
        return float(json.loads(body)["idle"]) if status == 200 else None

    async def forget(self, person: str) -> None:
        """Let the gateway believe nothing any more that the hub said of a person, who has just logged out."""
        if (await self._say("DELETE", f"people/{quote(person, safe='')}"))[0] != 200:
            raise _no_gateway()

    async def _say(self, method: str, target: str, body: bytes | None = None) -> tuple[int, bytes]:
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        try:
            with opened(self._folder) as place:
                connector = aiohttp.UnixConnector(path=f"/proc/self/fd/{place}/{CONTROL_SOCKET}")
                async with (
                    aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
                    session.request(method, f"http://gateway/{target}", data=body) as answer,
                ):
                    return answer.status, await answer.read()
        except (TimeoutError, aiohttp.ClientError, OSError):
            raise _no_gateway() from None


def _no_gateway() -> UnavailableError:
    return UnavailableError(
        "The lab's gateway does not answer; try again in a minute, or tell the administrator.", reason="no-gateway"
    )
