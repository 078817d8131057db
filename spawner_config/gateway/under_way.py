"""What one server's websockets take of this process's memory: counted as it comes, until it has gone on.

A message is passed on when it is whole, and waits while its receiver is slow. So much of it is here at a time as one
server may take, over all of its websockets and both directions; the connection that brings more than that ends, and
with the websocket all that its ends did not take.
"""

from __future__ import annotations

import asyncio
from typing import cast


class UnderWay:
    """The bytes that came for one server's websockets and have not gone on."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.bytes = 0


class Held:
    """The part of it that one websocket brought, over its two connections."""

    def __init__(self, all_of_them: UnderWay) -> None:
        self._all = all_of_them
        self._bytes = 0
        self._transports: list[asyncio.Transport] = []

    def watch(self, transport: asyncio.BaseTransport | None) -> None:
        """Count what a connection brings from now on; one that is gone brings nothing."""
        if isinstance(transport, asyncio.Transport) and not transport.is_closing():
            transport.set_protocol(_Counting(transport, self))
            self._transports.append(transport)

    def comes(self, count: int) -> bool:
        """Count bytes that came; False where they are more than the server may take."""
        self._bytes += count
        self._all.bytes += count
        return self._all.bytes <= self._all.most

    def goes(self, count: int) -> None:
        """Count bytes that have gone on."""
        gone = min(count, self._bytes)
        self._bytes -= gone
        self._all.bytes -= gone

    def drop(self) -> None:
        """Drop the connections that are open still."""
        for transport in self._transports:
            if not transport.is_closing():
                transport.abort()

    def ends(self) -> None:
        """Forget what was not taken: a connection that were only closed would keep it until its other end reads."""
        for transport in self._transports:
            if transport.get_write_buffer_size():
                transport.abort()
        self.goes(self._bytes)


class _Counting(asyncio.Protocol):
    """A connection's protocol, and before it the count of what the connection brings."""

    def __init__(self, transport: asyncio.Transport, held: Held) -> None:
        self._transport = transport
        self._counted = cast(asyncio.Protocol, transport.get_protocol())
        self._held = held

    def data_received(self, data: bytes) -> None:
        """Pass bytes on, or end the connection where they are too many."""
        if self._held.comes(len(data)):
            self._counted.data_received(data)
        else:
            self._transport.abort()

    def eof_received(self) -> bool | None:
        """As ever."""
        return self._counted.eof_received()

    def pause_writing(self) -> None:
        """As ever."""
        self._counted.pause_writing()

    def resume_writing(self) -> None:
        """As ever."""
        self._counted.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """As ever; what came by it is counted until it has gone on all the same."""
        self._counted.connection_lost(exc)


def size_of_frame(payload: int, *, masked: bool) -> int:
    """Bytes of a message in one frame (RFC 6455, section 5.2); a browser masks what it sends."""
    length = 0 if payload < 126 else 2 if payload < 2**16 else 8
    return 2 + length + (4 if masked else 0) + payload
