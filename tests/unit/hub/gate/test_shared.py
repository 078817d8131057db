"""Facts about values that a table shares with a dataset: which of its rows are looked for, and by how many values."""

from __future__ import annotations

import polars as pl
import pytest

from hub.gate import shared
from hub.gate.datasets import ROW, DataFile
from hub.gate.shared import best_candidates, cells_of, shared_values
from hub.gate.views import TableView

HEIGHT = 4_096


@pytest.fixture
def file() -> DataFile:
    """Each value of the first two columns stands in 64 rows, and each pair of them in one."""
    numbers = pl.int_range(HEIGHT, eager=True)
    columns = {"x": "x" + (numbers % 64).cast(pl.String), "y": "y" + (numbers // 64).cast(pl.String)}
    return DataFile("d", "d.parquet", pl.DataFrame(columns).lazy(), "")


def candidates(file: DataFile, *rows: tuple[str, str]) -> list[tuple[int, int]]:
    view = TableView("", ("", ""), pl.DataFrame(rows, schema=["c0", "c1"], orient="row"))
    cells = cells_of(view, 1_000)
    hits = shared_values(view, cells, file)
    found = best_candidates(cells, cells.table.select("row"), hits, file)
    return sorted((row, number) for row, number in found.select("row", ROW).rows())


def test_a_row_is_found_by_two_values_that_meet_there(file: DataFile) -> None:
    assert candidates(file, ("x5", "y2"), ("x9", "y7")) == [(1, 2 * 64 + 5), (2, 7 * 64 + 9)]


@pytest.mark.parametrize(("most", "known"), [(1, 0), (65, 1), (129, 1), (193, 2), (257, 2)])
def test_values_vote_as_long_as_the_rows_that_have_them_are_few(
    file: DataFile, monkeypatch: pytest.MonkeyPatch, most: int, known: int
) -> None:
    """Each of the four values brings 64 votes; two of a row are needed to find its own, and none votes beyond."""
    monkeypatch.setattr(shared, "_MOST_VOTES", most)
    assert len(candidates(file, ("x5", "y2"), ("x9", "y7"))) == known
