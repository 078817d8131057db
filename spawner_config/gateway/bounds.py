"""How much of the gateway one server may take: bytes, seconds, connections and calls."""

from __future__ import annotations

import time
from dataclasses import dataclass

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bytes and seconds; ``answer`` holds for the tiers above open."""

    answer: int = 16 * MEGABYTE  # one response; the largest file of JupyterLab itself has 5 MB
    message: int = 16 * MEGABYTE  # one message of a websocket, in each tier: the gateway holds a message as a whole
    under_way: int = 64 * MEGABYTE  # of all websockets' messages that have come and not gone on
    upload: int = 64 * MEGABYTE  # one request's body
    requests: int = 128  # at the same time, websockets included
    connect_seconds: float = 5
    header_seconds: float = 120  # a kernel may take long to start
    chunk_seconds: float = 60  # between two pieces of a body
    heartbeat_seconds: float = 30  # a websocket whose other end is gone
    look_seconds: float = 20  # until an open websocket's person is asked after again
    believed_seconds: float = 20  # for how long the hub's word about a token is believed
    hub_connections: int = 16
    hub_calls: int = 4  # at the same time
    hub_burst: int = 60
    hub_rate: float = 5  # calls a second, for long
    hub_seconds: float = 30


class Bucket:
    """Lets a burst through, and then so many a second."""

    def __init__(self, burst: int, rate: float) -> None:
        self._burst = burst
        self._rate = rate
        self._left = float(burst)
        self._at = time.monotonic()

    def take(self) -> bool:
        """Take one; False when there is none left."""
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
