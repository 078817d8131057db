"""Facts about files that are held: they are read as before, and there is an end to what is kept in memory."""

from __future__ import annotations

import polars as pl
import pytest

from hub.gate import datasets
from hub.gate.datasets import ROW, DataFile
from hub.gate.held import _TIMES_READ, Held, Room

READ_OFTEN = 8


@pytest.mark.parametrize(("room", "is_held"), [(6, True), (5, False)])
def test_rows_are_held_when_they_were_read_often_and_there_is_room(room: int, is_held: bool) -> None:
    data = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    held = Held(Room(room))
    held.read_again(data.lazy(), 6)
    assert held.rows is None
    for _ in range(READ_OFTEN):
        held.read_again(data.lazy(), 6)
    assert (held.rows is not None) is is_held
    if held.rows is not None:
        assert held.rows.collect().equals(data)


def test_rows_are_held_at_the_very_time_and_not_before() -> None:
    held = Held(Room(1))
    for time in range(1, _TIMES_READ + 1):
        assert held.rows is None, time
        held.read_again(pl.LazyFrame({"a": [1]}), 1)
    assert held.rows is not None


def test_there_is_no_room_where_none_was_given() -> None:
    assert not Room().take(1)
    assert Room().take(0)


def test_the_files_of_a_dataset_share_their_room() -> None:
    room = Room(10)
    assert room.take(6)
    assert not room.take(6)
    assert room.take(4)


def test_a_file_gives_the_same_rows_once_it_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "MOST_KEPT", 1)
    data = pl.DataFrame({"unit": range(100), "text": [f" é{n}" for n in range(100)]})
    file = DataFile("d", "d.parquet", data.lazy(), "unit", Room(1_000))
    plain = DataFile("d", "d.parquet", data.lazy(), "unit")
    for first in range(READ_OFTEN):
        wanted = pl.Series(ROW, [first, 50, 99])
        assert file.rows(wanted).equals(plain.rows(wanted))
    assert file._held.rows is not None
    assert plain._held.rows is None
