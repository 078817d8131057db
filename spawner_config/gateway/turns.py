"""How much of what a workspace says is taken from its connection before others have their turn.

What comes at a time is read to its end. A large answer takes fewer turns where much is taken; but of an answer in
pieces of one byte each, 256 kB take a fifth of a second. So a connection begins with little, more is taken while it is
read quickly, and of one that once took long, never more than the least again.
"""

from __future__ import annotations

import time
from asyncio import BaseTransport

from aiohttp.client_proto import ResponseHandler

FIRST, LEAST, MOST = 2**15, 2**13, 2**18
"""Bytes."""
SLOW = 16e-9
"""Seconds of the processor for each byte: eight times those of a plain answer, a third of those of one-byte pieces."""


class InTurns(ResponseHandler):
    """A connection to a workspace."""

    _size = FIRST

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin with little."""
        super().connection_made(transport)
        _take(transport, self._size)

    def data_received(self, data: bytes) -> None:
        """Read what came, and say how much may come next time."""
        began = time.thread_time()
        super().data_received(data)
        if len(data) >= LEAST and time.thread_time() - began > len(data) * SLOW:
            self._size = LEAST
        elif len(data) == self._size > LEAST:
            self._size = min(2 * self._size, MOST)
        if self.transport is not None:
            _take(self.transport, self._size)


def _take(transport: BaseTransport, size: int) -> None:
    setattr(transport, "max_size", size)  # noqa: B010 asyncio's types do not know it
