"""How many bytes went to the browser, for each server and day, in a file that outlives a restart."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

KEPT_DAYS = 31
_FORM = TypeAdapter(dict[date, dict[str, int]])


class Meter:
    """Counts in memory and writes the counts as a whole, so that the file is never half a file."""

    def __init__(self, path: Path, today: Callable[[], date]) -> None:
        self._path = path
        self._today = today
        self._dirty = False
        self._counts = _read(path)

    def add(self, server: str, count: int) -> None:
        """Count bytes that a server's browser was sent."""
        day = self._counts.setdefault(self._today(), {})
        day[server] = day.get(server, 0) + count
        self._dirty = True

    def total(self, server: str) -> int:
        """Bytes of today."""
        return self._counts.get(self._today(), {}).get(server, 0)

    def write(self) -> None:
        """Write the counts if they changed; days of more than a month ago are let go."""
        if not self._dirty:
            return
        oldest = self._today() - timedelta(days=KEPT_DAYS)
        self._counts = {day: counts for day, counts in self._counts.items() if day >= oldest}
        draft = self._path.with_suffix(".new")
        draft.write_bytes(_FORM.dump_json(self._counts))
        draft.replace(self._path)
        self._dirty = False


def _read(path: Path) -> dict[date, dict[str, int]]:
    """Read the counts; a file that is not one is put aside, since a count must not keep people from their work."""
    try:
        return _FORM.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (ValidationError, json.JSONDecodeError):
        path.replace(path.with_suffix(".broken"))
        return {}
