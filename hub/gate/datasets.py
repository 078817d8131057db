"""The files of datasets as the checks see them: read by Polars, with counts of values that are made once and kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import polars as pl

from hub.gate.cells import ValueClass, classify, dataset_key, in_one_form
from hub.gate.coded_columns import Engine
from hub.gate.coded_keys import CodedKeys
from hub.gate.column_forms import formed, text_of
from hub.gate.held import Held, Room
from hub.gate.large_columns import COUNT, GROUPING, MOST_COMBINED, ROWS_AT_ONCE, LargeColumns, picked_rows
from hub.gate.value_counts import ValueCounts

UNIT = "__unit"
ROW = "__row"
MOST_KEPT = 2_000_000
"""Cells of a file that is kept in memory while a request is checked."""
_FEW_ROWS = 4_096


class DataFile:
    """One Parquet file of a dataset, with the column that names its privacy units.

    A file of few cells is kept in memory. Of a large one, columns are read one after another and never all at once,
    and what is kept grows with the table that is looked for and not with the dataset.
    """

    def __init__(self, dataset: str, name: str, scan: pl.LazyFrame, unit: str, room: Room | None = None) -> None:
        self.dataset = dataset
        self.name = name
        self._source = formed(scan)
        self.schema = self._source.collect_schema()
        self.unit = unit if unit in self.schema else ""
        self.filter = ""
        self.base: DataFile = self
        """The whole file, of which this one may be a part."""
        self._counts = ValueCounts(self)
        self._missing: dict[str, bool] = {}
        self._near: pl.DataFrame | None = None
        self._held = Held(room or Room())

    @cached_property
    def height(self) -> int:
        """Number of rows."""
        return int(self._source.select(pl.len()).collect().item())

    @cached_property
    def units(self) -> int:
        """Number of different units."""
        return int(self.select().select(pl.col(UNIT).drop_nulls().n_unique()).collect().item())

    @cached_property
    def most_rows_of_a_unit(self) -> int:
        """Number of rows of the unit that has the most of them."""
        if not self.unit:
            return 1
        counted = self._read.select(self.unit).drop_nulls().group_by(self.unit).len()
        return int(counted.select(pl.col("len").max().fill_null(0)).collect(engine="streaming").item() or 0)

    @cached_property
    def names(self) -> dict[str, str]:
        """Columns by their name without regard to case."""
        return {name.strip().casefold(): name for name in self.schema}

    @cached_property
    def is_kept(self) -> bool:
        """Whether the file is small enough to be kept in memory."""
        return self.height * len(self.schema) <= MOST_KEPT

    @cached_property
    def _read(self) -> pl.LazyFrame:
        """The rows as they lie in the file; what is kept is read once."""
        return self._source.collect(engine="streaming").lazy() if self.is_kept else self._source

    @property
    def _scan(self) -> pl.LazyFrame:
        return self._plain if self._held.rows is None else self._held.rows

    @cached_property
    def _plain(self) -> pl.LazyFrame:
        """The rows with their texts in one form."""
        strings = [name for name in self._texts if isinstance(self.schema[name], pl.String)]
        is_plain = self.large.plain_texts(strings)
        odd = [name for name in self._texts if name not in is_plain]
        plain = self._read.with_columns(in_one_form(pl.col(name).cast(pl.String, strict=False)) for name in odd)
        return plain.collect().lazy() if self.is_kept and odd else plain

    @cached_property
    def _texts(self) -> list[str]:
        return [name for name in self.schema if self.value_class(name) is ValueClass.TEXT]

    @cached_property
    def large(self) -> LargeColumns:
        """The columns as they lie in the file."""
        return LargeColumns(self._read, self.height, at_hand=self.is_kept)

    @cached_property
    def keys_by_code(self) -> CodedKeys:
        """The keys of its columns of few values."""
        return CodedKeys(self.large, self.schema)

    def value_class(self, column: str) -> ValueClass:
        """How the column's values are compared."""
        return classify(self.schema[column])

    def key(self, column: str, decimals: int = 0) -> pl.Expr:
        """The column's key at a number of decimals."""
        return dataset_key(column, self.schema[column], decimals)

    def where(self, condition: pl.Expr, said: str) -> DataFile:
        """The rows that a condition takes, as a file of their own; ``said`` is the filter as its author wrote it."""
        part = DataFile(self.dataset, self.name, self._scan.filter(condition), self.unit)
        part.filter = said
        part.base = self.base
        return part

    def with_columns(self, columns: Sequence[pl.Expr]) -> DataFile:
        """The same rows with further columns, as a file of its own."""
        return DataFile(self.dataset, self.name, self._scan.with_columns(columns), self.unit)

    def select(self, *columns: pl.Expr, first: int | None = None) -> pl.LazyFrame:
        """Rows with the given columns, their number, and the unit that they belong to; the first ones, or all."""
        numbered = self._scan.with_row_index(ROW)
        numbered = numbered if first is None else numbered.head(first)
        return numbered.select(*columns, pl.col(self.unit or ROW).alias(UNIT), ROW)

    def rows(self, numbers: pl.Series, *columns: str) -> pl.DataFrame:
        """The rows of the given numbers, with the given columns as they are; without names, with all."""
        wanted = numbers.cast(pl.Int64).unique().sort()
        if self._near is not None and self._near[ROW].equals(wanted.cast(pl.UInt32).alias(ROW)):
            return self._near
        names = list(self.schema) if wanted.len() <= _FEW_ROWS else list(dict.fromkeys(columns or self.schema))
        if self.is_kept:
            found = self._scan.select(names).collect()[wanted.to_list()]
        else:
            self._held.read_again(self._plain, self.height * len(self.schema))
            found = picked_rows(self._scan.select(names), names, wanted)
        near_rows = found.with_columns(wanted.cast(pl.UInt32).alias(ROW))
        self._near = near_rows if wanted.len() <= _FEW_ROWS else None
        return near_rows

    @property
    def engine(self) -> Engine:
        """How queries run."""
        return "in-memory" if self.is_kept else "streaming"

    def matching(
        self, keys: dict[str, tuple[str, int]], rows: pl.DataFrame, *columns: pl.Expr, first: int | None = None
    ) -> pl.LazyFrame:
        """Rows whose keys stand together in a row of a table, with the given columns; without keys, all rows.

        ``keys`` says for each column of ``rows`` which column it is here, and at how many decimals. Where several
        columns are compared, one that has many different values goes first, so that what is compared on all is little.
        ``first`` looks at so many of the dataset's rows alone.
        """
        found = self.select(*(self.key(c, d).alias(name) for name, (c, d) in keys.items()), *columns, first=first)
        if not keys:
            return found
        telling = [name for name in keys if not self.has_few(keys[name][0], GROUPING)]
        for on in ([telling[0]], list(keys)) if telling and len(keys) > 1 else (list(keys),):
            found = found.join(rows.lazy().select(on).unique(), on=on, how="semi", nulls_equal=True)
        return found

    def aggregated(
        self,
        keys: dict[str, tuple[str, int]],
        rows: pl.DataFrame,
        values: Sequence[pl.Expr],
        aggregates: Sequence[pl.Expr],
    ) -> pl.DataFrame:
        """Aggregate the rows that ``matching`` returns by their keys; groups that are not asked for may come along.

        Where the columns have few combinations, all of them are aggregated sooner than the others are left out.
        """
        columns = {column for column, _ in keys.values()}
        few = (self.has_few(column, GROUPING) for column in columns)
        if all(few) if self.is_kept else self.large.have_few_combinations(columns):
            named = (self.key(c, d).alias(name) for name, (c, d) in keys.items())
            source = self.select(*named, *values)
        else:
            source = self.matching(keys, rows, *values)
        grouped = source.group_by(list(keys)).agg(aggregates) if keys else source.select(aggregates)
        return grouped.collect(engine=self.engine)

    def combinations(self, keys: dict[str, tuple[str, int]], most: int) -> pl.DataFrame | None:
        """Return the different combinations of keys with the number of rows that have each; None where there are more.

        Rows are grouped by the columns as they are, so that keys are made of what is different alone.
        """
        if not keys:
            return pl.DataFrame({"rows": [self.height]})
        raw = sorted({column for column, _ in keys.values()})
        cube = self.large.combined(raw, most)
        if cube is None:
            return None
        texts = [in_one_form(pl.col(n).cast(pl.String)) for n in raw if n in self._texts]
        made = cube.group_by(raw).agg(pl.col(COUNT).sum()).with_columns(texts)
        keyed = made.select(*(self.key(c, d).alias(name) for name, (c, d) in keys.items()), COUNT)
        found = keyed.group_by(list(keys)).agg(pl.col(COUNT).sum().alias("rows"))
        return found if found.height <= most else None

    def _parts(self, *columns: str) -> Iterator[tuple[int, pl.LazyFrame]]:
        """The rows in pieces of bounded size, each with the number of its first: one piece at a time is held."""
        if not self.is_kept:
            self._held.read_again(self._plain, self.height * len(self.schema))
        asked = self._scan.select(columns)
        each = max(self.height, 1) if self.is_kept else ROWS_AT_ONCE
        yield from ((start, asked.slice(start, each)) for start in range(0, max(self.height, 1), each))

    def keyed_parts(self, keys: dict[str, tuple[str, int]]) -> Iterator[pl.LazyFrame]:
        """The same with keys in the columns' places, the rows' numbers and their units."""
        asked = {column for column, _ in keys.values()} | ({self.unit} if self.unit else set())
        for start, part in self._parts(*sorted(asked)):
            numbered = part.with_row_index(ROW, offset=start)
            unit = pl.col(self.unit or ROW).alias(UNIT)
            yield numbered.select(*(self.key(c, d).alias(name) for name, (c, d) in keys.items()), unit, ROW)

    def keys(self, column: str, decimals: int = 0) -> pl.LazyFrame:
        """The keys of all rows, as ``key``."""
        return self._scan.select(self.key(column, decimals).alias("key"))

    def counts(self, column: str, decimals: int = 0, wanted: pl.Series | None = None) -> pl.DataFrame:
        """How often each key stands in the column, with the information in bits that meeting it carries.

        ``wanted`` names the keys that are asked for.
        """
        return self._counts.counts(column, decimals, wanted)

    def knows(self, column: str, decimals: int, keys: pl.Series) -> pl.Series:
        """Which of these keys the column has."""
        coded = self.keys_by_code.known(column, decimals)
        known = set(self.counts(column, decimals, keys)["key"] if coded is None else coded) - {None}
        return pl.Series([key in known for key in keys.to_list()], dtype=pl.Boolean)

    def met(self, values: pl.DataFrame, value_class: ValueClass, decimals: int) -> pl.DataFrame:
        """Where values stand in columns of their class, as ``ValueCounts.met`` tells it."""
        return self._counts.met(values, value_class, decimals)

    def rows_having(self, column: str, decimals: int, wanted: pl.Series) -> pl.DataFrame:
        """Return the numbers of the rows that have each wanted key of a column: ``key`` and its rows."""
        return self._counts.rows_having(column, decimals, wanted).rename({"at": ROW})

    def density(self, column: str, decimals: int, low: int, high: int) -> float:
        """How much of the grid of keys from ``low`` to ``high`` the column's values fill, from 0 to 1."""
        inside = self.keys(column, decimals).filter(pl.col("key").is_between(low, high))
        different = inside.select(pl.col("key").n_unique()).collect(engine=self.engine).item()
        return float(different) / max(high - low + 1, 1)

    def texts(self, column: str) -> pl.Series:
        """The column's different values as text."""
        text = text_of(column, self.schema[column]).alias(column)
        values = self._scan.select(text).unique().drop_nulls().collect(engine=self.engine)[column]
        return values.filter(values != "").sort()

    def distinct(self, column: str) -> int:
        """Number of different values."""
        return self.counts(column, self.finest(column)).height

    def has_few(self, column: str, most: int) -> bool:
        """Whether the column has at most so many different values."""
        return self._counts.has_few(column, most)

    def finest(self, column: str) -> int:
        """Decimals at which the column's values differ."""
        return 9 if self.schema[column].is_float() else 0

    def has_missing(self, column: str) -> bool:
        """Whether a value is missing somewhere."""
        coded = self.keys_by_code.has_missing(column)
        if coded is not None:
            return coded
        if column not in self._missing:
            is_few = self.large.have_few_combinations([column])
            known = self.combinations({"key": (column, 0)}, MOST_COMBINED) if is_few else None
            keys = self.keys(column) if known is None else known.lazy()
            self._missing[column] = bool(keys.select(pl.col("key").is_null().any()).collect(engine=self.engine).item())
        return self._missing[column]

    def is_indicator(self, column: str) -> bool:
        """Whether the column is of zeros and ones, or of truths, so that its sum is a count."""
        return self.two_values(column) == (0.0, 1.0)

    def two_values(self, column: str) -> tuple[float, float] | None:
        """The two values of a column that has no others, the lower first; None for any other column."""
        return self._counts.two_values(column)

    def is_grouping(self, column: str) -> bool:
        """Whether the column can make groups: few different values, or the privacy unit itself."""
        return column == self.unit or self.has_few(column, min(GROUPING, max(self.height // 20, 2)))
