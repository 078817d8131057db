"""One line for each response, whatever it was; no body, no query, no header.

What shows nothing of a workspace has a share of the log, and is counted beyond it: a line each minute says how many.

An act, such as reading a file's contents, has a line before its first byte goes out, too: the worker makes audit events
of these lines, and seals the log into the audit log's chain, so that what is shown is recorded even when the gateway is
killed while it shows it.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hub.domain.errors import UnavailableError
from spawner_config.gateway.acts import Act
from spawner_config.gateway.meter import Meter
from spawner_config.gateway.unshown import Unshown
from spawner_config.server_folder import Server

LONGEST_PATH = 1000
NAME = "gateway-access-"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Seen:
    """What the log will say of one request; ``side`` is ``browser``, ``websocket`` or ``hub``."""

    side: str
    method: str
    path: str
    server: Server | None = None
    status: int = 500
    bytes: int = 0
    reason: str = ""
    asker: str = ""
    act: Act | None = None
    received: int = 0
    begins: bool = False
    asked: bool = False
    """Whether the workspace was asked, so that something of it may have been shown."""
    times: int = 0
    """How many answers a line stands for; 0 where it is one's own."""
    started: float = field(default_factory=time.monotonic)

    def takes(self, count: int, meter: Meter, beside: int = 0) -> bool:
        """Count bytes of a body as they go, since a websocket may stay open for days; False at the day's cap.

        ``beside`` is what says how long they are, and of which kind: the cap counts it, too.
        """
        if self.server is None or not meter.take(self.server, count + beside):
            self.reason = "day-cap"
            return False
        self.bytes += count
        return True

    def brings(self, count: int) -> None:
        """Count bytes that a browser sends."""
        self.received += count

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.started

    def like(self) -> Seen:
        """Return what counts answers like this one."""
        return Seen(self.side, "", "", self.server, self.status, reason=self.reason, asker=self.asker)

    def entry(self, at: datetime) -> dict[str, str | int]:
        """Return the line's fields."""
        plain: dict[str, str | int] = {
            "at": at.isoformat(timespec="milliseconds"),
            "side": self.side,
            "server": self.server.id if self.server else "",
            "person": self.server.person if self.server else "",
            "project": self.server.project if self.server else "",
            "asker": self.asker,
            "method": self.method[:20],
            "path": self.path.partition("?")[0][:LONGEST_PATH],
            "status": self.status,
            "bytes": self.bytes,
            "received": self.received,
            "milliseconds": round(self.seconds * 1000),
            "reason": self.reason,
        }
        return plain | self._acted() | ({"times": self.times} if self.times else {})

    def _acted(self) -> dict[str, str | int]:
        """Return what the audit log will tell of an act."""
        if self.act is None:
            return {}
        phase = "begin" if self.begins else "end"
        return {"act": self.act.kind, "name": self.act.name, "phase": phase}


class AccessLog:
    """A file for each day, of one JSON object a line; JSON escapes every control character."""

    def __init__(
        self, folder: Path, now: Callable[[], datetime], note: Callable[[Seen], None] = lambda _: None
    ) -> None:
        self._folder = folder
        self._note = note
        self._now = now
        self._failing = False
        self._unshown = Unshown()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._latest = max(now(), _newest(folder))

    def write(self, seen: Seen) -> None:
        """Leave an answer's line, or count it."""
        if not seen.begins:
            self._note(seen)
        if self._unshown.is_written(seen):
            self._append(seen)

    def tell_counted(self, *, at_once: bool = False) -> None:
        """Leave the lines of what was counted, if they are due."""
        for seen in self._unshown.take(at_once=at_once):
            self._append(seen)

    def _append(self, seen: Seen) -> None:
        """Append one line, as one write; a full disk is remembered until a line fits again."""
        now = max(self._now(), self._latest)  # a clock that goes back leads into no file that was sealed
        self._latest = now
        line = f"{json.dumps(seen.entry(now), ensure_ascii=True)}\n".encode()
        path = self._folder / f"{NAME}{now.date().isoformat()}.jsonl"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                written = os.write(descriptor, line)
                self._failing = written < len(line)
                if self._failing:  # half a line would spoil the next one
                    os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._failing = True
            log.warning("The access log cannot be written: %s", error.strerror)

    def begin(self, seen: Seen) -> None:
        """Leave the line of an act before anything of it is shown; where that fails, nothing is."""
        seen.asked = True
        if seen.act is not None:
            seen.begins = True
            self.write(seen)
            seen.begins = False
            self.check_writable()

    def check_writable(self) -> None:
        """Nothing is shown that would leave no line."""
        if self._failing:
            raise UnavailableError(
                "The gateway cannot write its log, so it shows nothing; tell the administrator that a disk is full.",
                reason="log-full",
            )


def _newest(folder: Path) -> datetime:
    """Return the first moment of the newest file's day: after a clock that went back, a restart goes on there."""
    days = sorted(path.stem.removeprefix(NAME) for path in folder.glob(f"{NAME}*.jsonl"))
    return datetime.fromisoformat(days[-1]).replace(tzinfo=UTC) if days else datetime.min.replace(tzinfo=UTC)
