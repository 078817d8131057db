"""Columns of a file that is too large to be held: what a few rows say of them, and how their few values combine."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import polars as pl

COUNT = "__count"
GROUPING = 100
"""A column with more different values than this is not taken for a group column."""
ROWS_AT_ONCE = 2**19
"""Whole groups of rows, as files are mostly written, so that none is read for two pieces."""
MOST_COMBINED = 200_000
"""Combinations of columns of few values that are kept of a large file."""
_ROWS_EACH = 2_000


class LargeColumns:
    """The columns of a scan, read piece by piece."""

    def __init__(self, source: pl.LazyFrame, height: int) -> None:
        self._source = source
        self._height = height
        self._different: dict[str, int] = {}

    @cached_property
    def sample(self) -> pl.DataFrame:
        """Rows from five places of the file, without columns of lists."""
        return self._some(name for name, kind in self._source.collect_schema().items() if not kind.is_nested())

    def _some(self, columns: Iterable[str]) -> pl.DataFrame:
        asked = self._source.select(columns)
        starts = sorted({self._height * part // 5 for part in range(5)})
        return pl.concat([asked.slice(start, _ROWS_EACH).collect(engine="streaming") for start in starts])

    def sampled(self, column: str) -> int:
        """How many different values rows from five places of the file have."""
        if column not in self._different:
            rows = self.sample if column in self.sample else self._some([column])
            self._different[column] = rows[column].drop_nulls().n_unique()
        return self._different[column]

    def seen(self, is_asked: pl.Expr) -> int:
        """About how many rows of the file are such, as far as the sample tells."""
        return int(self.sample.select(is_asked.sum()).item() or 0) * self._height // max(self.sample.height, 1)

    @cached_property
    def cube(self) -> pl.DataFrame | None:
        """The combinations of all columns of few values, with their rows; None where there are none, or too many."""
        few = [name for name in self._source.collect_schema() if self.sampled(name) <= GROUPING]
        return self.grouped(few, MOST_COMBINED) if few else None

    def cube_of(self, columns: list[str], most: int) -> pl.DataFrame | None:
        """Combinations that tell those of some columns apart; None where there are more than so many."""
        if self.cube is not None and set(columns) <= set(self.cube.columns):
            return self.cube
        return self.grouped(columns, most)

    def plain_texts(self, names: list[str], *, with_cube: bool) -> set[str]:
        """Columns whose texts are in one form already: ASCII without spaces around; the cube tells it of its own."""
        cube = self.cube if with_cube else None
        few = [name for name in names if cube is not None and name in cube.columns]
        odd = _odd(cube.lazy() if cube is not None else None, few)
        odd |= _odd(self._source, [name for name in names if name not in few])
        return {name for name in names if not odd[name]}

    def grouped(self, columns: list[str], most: int) -> pl.DataFrame | None:
        """The columns' combinations, as they are, with their rows; piece by piece, and None beyond so many."""
        grouped = self._source.select(*columns, pl.lit(0, pl.Int64).alias(COUNT)).head(0).collect()
        for start in range(0, self._height, ROWS_AT_ONCE):
            part = self._source.select(columns).slice(start, ROWS_AT_ONCE).group_by(columns)
            counted = part.agg(pl.len().cast(pl.Int64).alias(COUNT)).collect(engine="streaming")
            grouped = pl.concat([grouped, counted]).group_by(columns).agg(pl.col(COUNT).sum())
            if grouped.height > most:
                return None
        return grouped


def _odd(rows: pl.LazyFrame | None, names: list[str]) -> dict[str, bool]:
    """Whether a column has a text that is not ASCII, or has spaces around it."""
    if rows is None or not names:
        return {}
    size = {name: pl.col(name).str.len_bytes() for name in names}
    seen = [
        ((pl.col(n).str.len_chars() != size[n]) | (pl.col(n).str.strip_chars().str.len_bytes() != size[n]))
        .any()
        .alias(n)
        for n in names
    ]
    return rows.select(seen).collect(engine="streaming").row(0, named=True)
