"""Lines of answers that showed nothing of a workspace: so many are written one by one, and then they are counted.

Strangers make such lines, and whoever is refused, and a container by its calls to the hub. The log is a promise for
what was shown, and a full one stops the gateway, so these must not fill it. Nothing that a stranger chooses is a key
here: who asks is whom the hub knows, or nobody, and a reason is the gateway's own word.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from aiohttp.http_exceptions import HttpProcessingError

from spawner_config.gateway.bounds import Bucket

if TYPE_CHECKING:
    from spawner_config.gateway.access_log import Seen

ONE_BY_ONE, ONE_BY_ONE_A_SECOND = 500, 0.2
"""Lines of one source: 18,000 in a day, which are less than 30 MB, whatever their paths."""
TOLD_SECONDS = 60.0
"""So often a line says how many more there were; a gateway that is killed forgets those of so long."""

Source = tuple[str, str, str, bool]
Kind = tuple[str, str, str, int, str]


class Unshown:
    """The share of each source, and what was beyond it."""

    def __init__(self) -> None:
        self._shares: dict[Source, Bucket] = {}
        self._counted: dict[Kind, Seen] = {}
        self._told = time.monotonic()

    def is_written(self, seen: Seen) -> bool:
        """Whether an answer leaves a line by itself; it is counted if not."""
        if seen.asked or seen.side == "alarm":
            return True
        server = seen.server.id if seen.server else ""
        source = (seen.side, seen.asker, server, seen.reason == "lab-file")
        if source not in self._shares:
            self._shares[source] = Bucket(ONE_BY_ONE, ONE_BY_ONE_A_SECOND)
        if self._shares[source].take():
            return True
        kind = (seen.side, seen.asker, server, seen.status, seen.reason)
        counted = self._counted.setdefault(kind, seen.like())
        counted.times += 1
        counted.bytes += seen.bytes
        counted.received += seen.received
        return False

    def take(self, *, at_once: bool = False) -> list[Seen]:
        """Return how many there were of each kind, if that is due, and begin anew."""
        if not at_once and time.monotonic() - self._told < TOLD_SECONDS:
            return []
        counted, self._counted, self._told = list(self._counted.values()), {}, time.monotonic()
        return counted


class _NoBadRequests(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        return not isinstance(error, HttpProcessingError)


def server_log() -> logging.Logger:
    """Return the log of a listener that strangers or containers reach: what is no HTTP is refused, and leaves no line.

    The library's own would hold a traceback of each, with a piece of what was sent.
    """
    log = logging.getLogger("gateway.http")
    if not log.filters:
        log.addFilter(_NoBadRequests())
    return log
