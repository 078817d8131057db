"""When a workspace was last in use, as the gateway saw it: what its person asked for, and messages of its kernels.

Invariants:

* what a server says of itself changes nothing: neither is it in use since it says so, nor idle;
* a message counts on a websocket alone that the person's browser holds open;
* the moment outlives the gateway: it is the time of the server's card, in a folder that no container sees.
"""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

KEPT_EVERY = timedelta(seconds=10)
"""How much of a use a killed gateway may forget."""

log = logging.getLogger(__name__)


class Use:
    """One server's; it begins with the writing of its card, which is its opening."""

    def __init__(self, card: Path) -> None:
        self._card = card
        self.last = self._kept = datetime.fromtimestamp(card.stat().st_mtime, UTC)

    def note(self) -> None:
        """It is in use now."""
        self.last = max(datetime.now(UTC), self.last)
        if self.last - self._kept >= KEPT_EVERY:
            self._kept = self.last
            try:
                os.utime(self._card, (self.last.timestamp(), self.last.timestamp()))
            except OSError as error:
                log.warning("The last use of a workspace cannot be kept: %s", error.strerror)
