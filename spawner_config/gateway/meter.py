"""How many bytes went to the browser, for each person, project and UTC day, in a file that outlives a restart.

Invariants:

* counts that cannot be read are no allowance: what has a cap is refused until the administrator takes the
  broken file away;
* counts that cannot be written are none either: what has a cap is refused until they can, since a gateway that ends
  meanwhile forgets them;
* a clock that jumps ahead and comes back finds its day as it left it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from hub.domain.errors import UnavailableError
from hub.settings import Browser
from spawner_config.server_folder import Server

KEPT_DAYS = 31

T = TypeVar("T")


class _Counts(BaseModel):
    model_config = ConfigDict(extra="forbid")

    bytes: dict[date, dict[str, int]] = {}
    alarmed: dict[date, set[str]] = {}
    ended: dict[date, set[str]] = {}


class Meter:
    """Counts in memory and writes the counts as a whole, so that the file is never half a file.

    What is about to be sent is taken from the day's allowance first, so that many connections at once get no more.
    """

    def __init__(
        self, path: Path, today: Callable[[], date], caps: Browser, alarm: Callable[[Server, int], None]
    ) -> None:
        self._path = path
        self._today = today
        self._caps = caps
        self._alarm = alarm
        self._dirty = False
        self._unwritten = False
        self._broken = path.with_suffix(".broken")
        self._counts = _read(path, self._broken)
        self._lost = self._broken.exists()

    @property
    def is_lost(self) -> bool:
        """Whether counts were found broken, and lie there still."""
        return self._lost

    @property
    def _holds_up(self) -> bool:
        """Whether nobody would know tomorrow, or after a restart, what was sent today."""
        return self._lost or self._unwritten

    def take(self, server: Server, count: int) -> bool:
        """Count bytes that are about to be sent; False, and nothing counted, when the day's cap does not allow them.

        The first that do not fit end the day, so that a person reads why instead of meeting broken answers.
        """
        day, name = self._counts.bytes.setdefault(self._today(), {}), _name(server)
        total, hard = day.get(name, 0) + count, self._caps.hard(server.tier)
        if hard and self._holds_up:
            return False
        if hard and (total > hard or self._has_ended(name)):
            self._counts.ended.setdefault(self._today(), set()).add(name)
            self._dirty = True
            return False
        day[name] = total
        self._dirty = True
        soft = self._caps.soft(server.tier)
        if soft and total >= soft:
            self._raise_alarm(server, total)
        return True

    def would_take(self, server: Server, count: int) -> bool:
        """Whether the day's cap allows bytes that a workspace announces; if not, the day has ended."""
        hard = self._caps.hard(server.tier)
        fits = not hard or (not self._holds_up and self.total(server) + count <= hard)
        return fits or self.take(server, count)

    def _raise_alarm(self, server: Server, total: int) -> None:
        """Once a day for each person and project."""
        alarmed = self._counts.alarmed.setdefault(self._today(), set())
        if _name(server) not in alarmed:
            alarmed.add(_name(server))
            self._alarm(server, total)

    def check_has_left(self, server: Server) -> None:
        """A person whose day is used up opens nothing more."""
        if not self._caps.hard(server.tier):
            return
        if self._lost:
            raise count_is_lost()
        if self._unwritten:
            raise count_is_not_kept()
        if self._has_ended(_name(server)):
            raise day_is_over()

    def _has_ended(self, name: str) -> bool:
        return name in self._counts.ended.get(self._today(), set())

    def total(self, server: Server) -> int:
        """Bytes of today."""
        return self._counts.bytes.get(self._today(), {}).get(_name(server), 0)

    def write(self) -> None:
        """Write the counts if they changed, of the last days; look whether broken ones still lie there.

        Raises OSError where they cannot be written, and remembers that until they can.
        """
        self._lost = self._broken.exists()
        if not self._dirty:
            return
        kept, counts = {self._today(), *sorted(self._counts.bytes)[-KEPT_DAYS:]}, self._counts
        self._counts = _Counts(
            bytes=_of(kept, counts.bytes), alarmed=_of(kept, counts.alarmed), ended=_of(kept, counts.ended)
        )
        self._unwritten = True
        draft = self._path.with_suffix(".new")
        draft.write_text(self._counts.model_dump_json(), encoding="utf-8")
        draft.replace(self._path)
        self._dirty = self._unwritten = False


def day_is_over() -> UnavailableError:
    """The hard cap of a day is reached."""
    return UnavailableError(
        "The lab sends no more from this workspace to your browser today, since its data are confidential and much was "
        "sent already. Your work is kept; go on tomorrow (UTC), run it as a batch, or ask the administrator.",
        reason="day-cap",
    )


def count_is_lost() -> UnavailableError:
    """Nobody knows how much of the day is used up."""
    return UnavailableError(
        "The lab's count of what it has sent today is broken, and this workspace's data are confidential; nothing is "
        "sent from it until the administrator has mended that. Your work is kept.",
        reason="count-lost",
    )


def count_is_not_kept() -> UnavailableError:
    """What is sent now would not be known after a restart."""
    return UnavailableError(
        "The lab cannot write down what it has sent today, and this workspace's data are confidential; nothing is sent "
        "from it until there is room on its disk again. Tell the administrator. Your work is kept.",
        reason="count-unwritten",
    )


def _name(server: Server) -> str:
    return f"{server.person}/{server.project}"


def _of(days: set[date], found: dict[date, T]) -> dict[date, T]:
    return {day: value for day, value in found.items() if day in days}


def _read(path: Path, broken: Path) -> _Counts:
    """Read the counts; a file that is not one is put aside, where it holds up what has a cap."""
    try:
        return _Counts.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return _Counts()
    except (ValidationError, json.JSONDecodeError):
        path.replace(broken)
        return _Counts()
