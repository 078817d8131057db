"""A workspace that is starting: claimed as soon as its program waits, and ready as soon as its server answers.

Both are asked of the gateway, which waits a little with its answer; between two questions it is looked at whether the
container still lives. A gateway that is busy, or starts again right now, is asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from hub.domain.errors import UnavailableError
from spawner_config.gateway_client import GatewayClient

PAUSE = 0.02
REFUSED = "refused"
Lives = Callable[[], Awaitable[bool]]


async def claimed(gateway: GatewayClient, server: str, environment: Mapping[str, str], lives: Lives) -> bool:
    """Tell the program in the container whose it is, or find that it was told; False when it does not take a claim."""

    async def ask() -> str:
        return await gateway.claim(server, environment)

    return await _until(ask, lives) != REFUSED


async def answering(gateway: GatewayClient, server: str, lives: Lives) -> None:
    """Wait until the server answers through the gateway."""

    async def ask() -> str:
        return "ready" if await gateway.is_ready(server) else ""

    await _until(ask, lives)


async def _until(ask: Callable[[], Awaitable[str]], lives: Lives) -> str:
    while True:
        try:
            if said := await ask():
                return said
        except UnavailableError:
            await asyncio.sleep(PAUSE)
        if not await lives():
            raise UnavailableError(
                "The workspace ended while it was starting; try again, and tell the administrator if it happens again.",
                reason="workspace-ended",
            )
        await asyncio.sleep(PAUSE)
