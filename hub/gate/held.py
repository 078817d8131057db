"""Large files that are kept in memory once they were read again and again, as for the tables of a notebook."""

from __future__ import annotations

import polars as pl

MOST_HELD = 16_000_000
"""Cells of all large files of a dataset that are held."""
_TIMES_READ = 5
"""Times that a file is read in pieces before it is held: more often than one table asks for."""


class Room:
    """How many cells the files of a dataset may still hold."""

    def __init__(self, cells: int = 0) -> None:
        self._cells = cells

    def take(self, cells: int) -> bool:
        """Take room for so many cells, if it is there."""
        has_room = cells <= self._cells
        self._cells -= cells if has_room else 0
        return has_room


class Held:
    """The rows of one file, as soon as they are held."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._times = 0
        self.rows: pl.LazyFrame | None = None

    def read_again(self, rows: pl.LazyFrame, cells: int) -> None:
        """Count one more time that all rows are read; hold them where that has been often enough."""
        self._times += 1
        if self._times == _TIMES_READ and self._room.take(cells):
            self.rows = rows.collect(engine="streaming").lazy()
