"""The columns of a file, which may be too large to be held: what a few rows say of them, and how few values combine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import polars as pl

from hub.gate.coded_columns import CodedColumn, Engine, can_be_coded, coded, combinations_of, rows_in

COUNT = "__count"
GROUPING = 100
"""A column with more different values than this is not taken for a group column."""
ROWS_AT_ONCE = 2**19
"""Whole groups of rows, as files are mostly written, so that none is read for two pieces."""
MOST_COMBINED = 200_000
"""Combinations of columns of few values that are kept of a large file."""
MOST_CODED = 4_000_000
"""Rows of a file whose columns of few values are kept as codes."""
MOST_CODES = 16_000_000
"""Codes that are kept of all columns together."""
_COLUMNS_AT_ONCE = 2
_LONG_PIECE = 2 * ROWS_AT_ONCE
"""Rows of so few columns that are read together to pick some of them."""
_LONGER = 8
"""So many times the usual piece is grouped at once where few combinations were found as yet."""
_MOST_TOGETHER = 50
"""Columns whose first rows are kept together."""
_MOST_READ = 8_000_000
_PLACES = 5
_ROWS_EACH = 2_000
_GROUP_OF_ROWS = 2**18
"""As files are mostly written: the first rows of a group are read without those before them."""


class LargeColumns:
    """The columns of a scan, read piece by piece; ``at_hand`` where they lie in memory."""

    def __init__(self, source: pl.LazyFrame, height: int, *, at_hand: bool = False) -> None:
        self._source = source
        self._height = height
        self._at_hand = at_hand
        self._engine: Engine = "in-memory" if at_hand else "streaming"
        self._different: dict[str, int] = {}
        self._coded: dict[str, CodedColumn | None] = {}

    @cached_property
    def _schema(self) -> pl.Schema:
        return self._source.collect_schema()

    @cached_property
    def sample(self) -> pl.DataFrame:
        """Rows from five places of the file."""
        each = _GROUP_OF_ROWS if self._height > _PLACES * _GROUP_OF_ROWS // 2 else 1
        starts = sorted({self._height * part // _PLACES // each * each for part in range(_PLACES)})
        return pl.concat([self._source.slice(start, _ROWS_EACH).collect(engine=self._engine) for start in starts])

    def sampled(self, column: str) -> int:
        """How many different values a few rows of the file have."""
        if column not in self._different:
            self._different[column] = self._few(column).drop_nulls().n_unique()
        return self._different[column]

    @cached_property
    def _first(self) -> pl.DataFrame:
        """As many rows from the beginning."""
        return self._beginning().collect(engine=self._engine)

    def _beginning(self) -> pl.LazyFrame:
        return self._source.head(_PLACES * _ROWS_EACH)

    def _few(self, column: str) -> pl.Series:
        """Some of a column's values: from the first rows where all may be read soon, else from five places.

        The first rows are kept, unless there are so many columns that each is better read alone.
        """
        if self._height > MOST_CODED:
            return self.sample[column]
        if len(self._schema) > _MOST_TOGETHER and not self._at_hand:
            return self._beginning().select(column).collect(engine=self._engine)[column]
        return self._first[column]

    def seen(self, is_asked: pl.Expr) -> int:
        """About how many rows of the file are such, as far as the sample tells."""
        return int(self.sample.select(is_asked.sum()).item() or 0) * self._height // max(self.sample.height, 1)

    def coded(self, column: str) -> CodedColumn | None:
        """The column's codes, where it has few values and there is room for them."""
        if column not in self._coded:
            others = sum(other is not None for other in self._coded.values())
            has_room = self._height <= min(MOST_CODED, MOST_CODES // (others + 1))
            self._coded[column] = self._code(column) if has_room and self.sampled(column) <= GROUPING else None
        return self._coded[column]

    def _code(self, column: str) -> CodedColumn | None:
        few = self._few(column) if can_be_coded(self._schema[column]) else None
        return coded(self._source.select(column), few, self._engine) if few is not None else None

    def columns(self, names: Sequence[str]) -> Iterator[pl.Series]:
        """All values of some columns, of which as many are read together as may be held for a moment."""
        each = max(_MOST_READ // max(self._height, 1), 1)
        for start in range(0, len(names), each):
            asked = [pl.col(name).alias(str(at)) for at, name in enumerate(names[start : start + each])]
            yield from self._source.select(asked).collect(engine=self._engine)

    @cached_property
    def _cube(self) -> pl.DataFrame | None:
        """The combinations of all columns of few values, with their rows; None where there are none, or too many."""
        few = [name for name in self._schema if self.sampled(name) <= GROUPING]
        return self.grouped(few, MOST_COMBINED) if few else None

    def _cube_with(self, columns: Iterable[str]) -> pl.DataFrame | None:
        asked = set(columns)
        is_hopeful = not self._at_hand and all(self.sampled(name) <= GROUPING for name in asked)
        return self._cube if is_hopeful and self._cube is not None and asked <= set(self._cube.columns) else None

    def have_few_combinations(self, columns: Iterable[str]) -> bool:
        """Whether the columns' combinations are at hand, and few."""
        found = [self.coded(name) for name in columns]
        codes = [column.values.len() for column in found if column is not None]
        if len(codes) == len(found):
            return math.prod(codes) <= MOST_COMBINED
        return self._cube_with(columns) is not None

    def combined(self, columns: list[str], most: int) -> pl.DataFrame | None:
        """Combinations that tell those of some columns apart, with their rows; None beyond so many.

        Rows at hand have few enough in any case.
        """
        found = self._counted(columns)
        if self._at_hand:
            counted = self._source.group_by(columns).agg(pl.len().cast(pl.Int64).alias(COUNT))
            return counted.collect() if found is None else found
        if found is not None:
            return found if found.height <= most else None
        found = self._cube_with(columns)
        return self.grouped(columns, most) if found is None else found

    def _counted(self, columns: list[str]) -> pl.DataFrame | None:
        """The columns' combinations with their rows, told by codes alone."""
        found = [(name, column) for name in columns if (column := self.coded(name)) is not None]
        is_coded = len(found) == len(columns)
        combinations = combinations_of([(name, column, column.values) for name, column in found]) if is_coded else None
        if combinations is None:
            return None
        rows = rows_in(combinations)
        (taken,) = rows.nonzero()
        return pl.DataFrame({**combinations.named(taken), COUNT: rows[taken].tolist()})

    def plain_texts(self, names: list[str]) -> set[str]:
        """Columns whose texts are in one form already: ASCII without spaces around; few values tell it of all."""
        odd: dict[str, bool] = {}
        for name in names:
            column = self.coded(name)
            few = column.values.to_frame(name) if column is not None else self._cube_with([name])
            odd |= _odd(few.lazy() if few is not None else None, [name])
        odd |= _odd(self._source, [name for name in names if name not in odd])
        return {name for name in names if not odd[name]}

    def grouped(self, columns: list[str], most: int) -> pl.DataFrame | None:
        """The columns' combinations, as they are, with their rows; piece by piece, and None beyond so many.

        What is held grows with the combinations: where there are few as yet, the next piece is a longer one.
        """
        grouped = self._source.select(*columns, pl.lit(0, pl.Int64).alias(COUNT)).head(0).collect()
        start = 0
        while start < self._height and grouped.height <= most:
            each = _LONGER * ROWS_AT_ONCE if 0 < grouped.height * _LONGER <= most else ROWS_AT_ONCE
            part = self._source.select(columns).slice(start, each).group_by(columns)
            counted = part.agg(pl.len().cast(pl.Int64).alias(COUNT)).collect(engine="streaming")
            grouped = pl.concat([grouped, counted]).group_by(columns).agg(pl.col(COUNT).sum())
            start += each
        return grouped if grouped.height <= most else None


def picked_rows(source: pl.LazyFrame, columns: Sequence[str], numbers: pl.Series) -> pl.DataFrame:
    """The rows of some numbers, which are sorted; few columns are read together, in pieces that are longer for it."""
    found = []
    for at in range(0, len(columns), _COLUMNS_AT_ONCE):
        few = source.select(columns[at : at + _COLUMNS_AT_ONCE])
        parts = [few.head(0).collect()]
        for piece, near in numbers.to_frame("number").group_by(pl.col("number") // _LONG_PIECE, maintain_order=True):
            (start,) = (int(number) * _LONG_PIECE for number in piece)
            rows = few.slice(start, _LONG_PIECE).collect(engine="streaming")
            parts.append(rows[near["number"] - start])
        found.append(pl.concat(parts))
    return pl.concat(found, how="horizontal")


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
