"""What the hub does again and again is counted by a clock that nobody can set.

Tornado counts it by the machine's clock: set that back by an hour, and for an hour the hub looks at no workspace, so
that none ends whose person may no longer work there, and at no route of the proxy.
"""

from __future__ import annotations

import time

from tornado.ioloop import IOLoop


def seconds(_loop: IOLoop) -> float:
    """Seconds that go on evenly, by which asyncio, on which Tornado stands, counts already."""
    return time.monotonic()


def count_evenly() -> None:
    """Let every loop of this process count so; to be called before anything is begun that comes again and again."""
    IOLoop.time = seconds  # type: ignore[method-assign, assignment]
