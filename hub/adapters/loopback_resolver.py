"""Websockets that find this machine under its own names; apart from the names, since it takes a while to load."""

from __future__ import annotations

import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from hub.adapters.loopback_names import LOOPBACK, is_loopback_name


class LoopbackResolver(AbstractResolver):
    """The same for websockets."""

    def __init__(self) -> None:
        self._others = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name."""
        return await self._others.resolve(LOOPBACK if is_loopback_name(host) else host, port, family)

    async def close(self) -> None:
        """Nothing is held."""
        await self._others.close()
