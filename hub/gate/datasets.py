"""Datasets as the checks see them: read by Polars, with counts of values that are made once and kept."""

from __future__ import annotations

import math
from functools import cached_property
from pathlib import Path

import polars as pl

from hub.domain.errors import InvalidError
from hub.gate.cells import ValueClass, classify, dataset_key
from hub.gate.exchange import DatasetDescription
from hub.gate.words import plain

UNIT = "__unit"
ROW = "__row"
MOST_KEPT = 20_000_000
"""Cells of a file that is kept in memory while a request is checked."""
GROUPING = 100
"""A column with more different values than this is not taken for a group column."""


class DataFile:
    """One Parquet file of a dataset, with the column that names its privacy units."""

    def __init__(self, dataset: str, name: str, scan: pl.LazyFrame, unit: str) -> None:
        self.dataset = dataset
        self.name = name
        self.schema = scan.collect_schema()
        self.unit = unit if unit in self.schema else ""
        self._source = scan
        self.filter = ""
        self._missing: dict[str, bool] = {}
        self._counts: dict[tuple[str, int], pl.DataFrame] = {}

    @cached_property
    def height(self) -> int:
        """Number of rows."""
        return int(self._scan.select(pl.len()).collect().item())

    @cached_property
    def names(self) -> dict[str, str]:
        """Columns by their name without regard to case."""
        return {name.strip().casefold(): name for name in self.schema}

    @cached_property
    def _scan(self) -> pl.LazyFrame:
        """The rows with their texts in one form, kept in memory where they are few enough."""
        texts = [name for name in self.schema if self.value_class(name) is ValueClass.TEXT]
        plain = self._source.with_columns(
            pl.col(name).cast(pl.String, strict=False).str.normalize("NFC").str.strip_chars() for name in texts
        )
        cells = int(self._source.select(pl.len()).collect().item()) * len(self.schema)
        return plain.collect().lazy() if cells <= MOST_KEPT else plain

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
        return part

    def select(self, *columns: pl.Expr) -> pl.LazyFrame:
        """Rows with the given columns, their number, and the unit that they belong to."""
        unit = pl.col(self.unit) if self.unit else pl.int_range(pl.len(), dtype=pl.UInt32)
        return self._scan.select(*columns, unit.alias(UNIT), pl.int_range(pl.len(), dtype=pl.UInt32).alias(ROW))

    def rows(self, numbers: pl.Series) -> pl.DataFrame:
        """The rows of the given numbers, with all columns as they are."""
        wanted = numbers.unique()
        numbered = self._scan.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias(ROW))
        return numbered.filter(pl.col(ROW).is_in(wanted.implode())).collect()

    def matching(
        self, keys: dict[str, tuple[str, int]], rows: pl.DataFrame, *columns: pl.Expr, first: int | None = None
    ) -> pl.LazyFrame:
        """Rows whose keys stand together in a row of a table, with the given columns; without keys, all rows.

        ``keys`` says for each column of ``rows`` which column it is here, and at how many decimals. The column with
        the most different values goes first, so that what many columns are compared on is little. ``first`` looks at so
        many of the dataset's rows alone.
        """
        found = self.select(*(self.key(c, d).alias(name) for name, (c, d) in keys.items()), *columns)
        found = found if first is None else found.head(first)
        if not keys:
            return found
        widest = max(keys, key=lambda name: self.distinct(keys[name][0]))
        for on in ([widest], list(keys)):
            found = found.join(rows.lazy().select(on).unique(), on=on, how="semi", nulls_equal=True)
        return found

    def combinations(self, keys: dict[str, tuple[str, int]], most: int) -> pl.DataFrame | None:
        """Return the different combinations of keys with the number of rows that have each; None where there are more.

        Rows are grouped by the columns as they are, so that keys are made of what is different alone.
        """
        if not keys:
            return pl.DataFrame({"rows": [self.height]})
        raw = sorted({column for column, _ in keys.values()})
        grouped = self._scan.group_by(raw).len("rows").head(most + 1).collect(engine="streaming")
        if grouped.height > most:
            return None
        made = grouped.select(*(self.key(c, d).alias(name) for name, (c, d) in keys.items()), "rows")
        return made.group_by(list(keys)).agg(pl.col("rows").cast(pl.Int64).sum())

    def counts(self, column: str, decimals: int = 0) -> pl.DataFrame:
        """How often each key stands in the column, with the information in bits that meeting it carries."""
        if self.schema[column].is_integer() or self.value_class(column) is not ValueClass.NUMBER:
            scale, decimals = 10**decimals if self.value_class(column) is ValueClass.NUMBER else 1, 0
        else:
            scale = 1
        known = (column, decimals)
        if known not in self._counts:
            keys = self._scan.select(self.key(column, decimals).alias("key")).drop_nulls()
            self._counts[known] = keys.group_by("key").len("count").collect()
        counts = self._counts[known]
        bits = (math.log2(max(self.height, 1)) - pl.col("count").cast(pl.Float64).log(2)).alias("bits")
        scaled = counts.filter(pl.col("key").abs() <= 2**62 // scale) if scale > 1 else counts
        return scaled.select((pl.col("key") * scale).alias("key") if scale > 1 else pl.col("key"), "count", bits)

    def texts(self, column: str) -> pl.Series:
        """The column's different values as text."""
        text = pl.col(column).cast(pl.String, strict=False).alias(column)
        values = self._scan.select(text).unique().drop_nulls().collect()[column]
        return values.filter(values != "").sort()

    def distinct(self, column: str) -> int:
        """Number of different values."""
        return self.counts(column, 9 if self.schema[column].is_float() else 0).height

    def has_missing(self, column: str) -> bool:
        """Whether a value is missing somewhere."""
        if column not in self._missing:
            self._missing[column] = bool(self._scan.select(self.key(column).is_null().any()).collect().item())
        return self._missing[column]

    def is_grouping(self, column: str) -> bool:
        """Whether the column can make groups: few different values, or the privacy unit itself."""
        few = self.distinct(column) <= min(GROUPING, max(self.height // 20, 2))
        return few or column == self.unit


class MountedDataset:
    """A dataset with what its owner declared."""

    def __init__(self, description: DatasetDescription, files: tuple[DataFile, ...]) -> None:
        self.name = description.name
        self.privacy_unit = description.privacy_unit
        self.direct_identifiers = description.direct_identifiers
        self.group_columns = description.group_columns
        self.structural_zeros = description.structural_zeros
        self.files = files

    @cached_property
    def identifiers(self) -> tuple[pl.Series, ...]:
        """The different values of each column that names its units directly, as text."""
        found = []
        for file in self.files:
            for column in self.direct_identifiers:
                if column in file.schema:
                    found.append(file.texts(column))
        return tuple(found)

    @cached_property
    def identifier_keys(self) -> tuple[tuple[str, pl.DataFrame], ...]:
        """The identifiers by column, as a table of their values."""
        return tuple((series.name, pl.DataFrame({"value": series})) for series in self.identifiers)

    @cached_property
    def plain_identifiers(self) -> tuple[pl.DataFrame, ...]:
        """The identifiers as words without accents, case and marks, as they would stand in a text."""
        words = [sorted({plain(value) for value in known.to_list()} - {""}) for known in self.identifiers]
        return tuple(pl.DataFrame({"plain": part}, schema={"plain": pl.String}) for part in words)


def mount(description: DatasetDescription) -> MountedDataset:
    """Open the Parquet files below a dataset's folder; a folder without any is refused."""
    folder = Path(description.folder)
    paths = sorted(folder.rglob("*.parquet"))
    if not paths:
        raise InvalidError(
            "The dataset {name} has no Parquet file where it should be mounted; tell the administrator.",
            reason="dataset-missing",
            name=description.name,
        )
    return from_scans(
        description, {path.relative_to(folder).as_posix(): pl.scan_parquet(path, glob=False) for path in paths}
    )


def from_scans(description: DatasetDescription, scans: dict[str, pl.LazyFrame]) -> MountedDataset:
    """Make a dataset of tables that are at hand already."""
    columns = {name for scan in scans.values() for name in scan.collect_schema()}
    zeros = (column for zero in description.structural_zeros for column in zero)
    declared = (description.privacy_unit, *description.direct_identifiers, *description.group_columns, *zeros)
    if any(column and column not in columns for column in declared):
        raise InvalidError(
            "The dataset {name} has no column of the name that is declared as its privacy unit, identifier or group, "
            "or in its structural zeros; ask its steward to register it again.",
            reason="dataset-columns",
            name=description.name,
        )
    files = tuple(
        DataFile(description.name, name, scan, description.privacy_unit) for name, scan in sorted(scans.items())
    )
    return MountedDataset(description, files)
