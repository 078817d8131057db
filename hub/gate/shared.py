"""Values that a table shares with a file of a dataset, and which columns they align."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from hub.gate.cells import ValueClass, decimals_by, keys_in, number_keys, written_in
from hub.gate.datasets import ROW, DataFile
from hub.gate.marks import is_missing
from hub.gate.views import TableView

_SAMPLE = 32
_BEST_EACH = 4
_ALIKE_EACH = 65
"""Rows of the dataset that are kept for each row: as many as show that it is like too many of them."""
TELLING_BITS = 8.0
"""Values that more rows of a large dataset share than this says do not vote for a candidate."""
_MOST_VOTES = 250_000
_TRULY = 0.8
_NO_HITS = {"key": pl.String, "column": pl.String, "row": pl.Int64, "bits": pl.Float64}


@dataclass(frozen=True, slots=True)
class Alignment:
    """A column of the table that shows a column of the dataset.

    ``penalty`` is what choosing it among the columns of its class takes from the evidence; none where it is named.
    """

    key: str
    column: str
    decimals: int
    penalty: float = 0.0

    @property
    def name(self) -> str:
        """A column's name for the pair."""
        return f"{self.key}~{self.column}"


class Cells:
    """A table's different rows, with ``row`` numbers, and how many decimals each column shows."""

    def __init__(self, table: pl.DataFrame) -> None:
        self.table = table
        texts = table.unpivot(index="row", variable_name="key", value_name="text")
        self._texts = texts.with_columns(written_in(texts["text"]).alias("number"))
        self.decimals = decimals_by(self._texts, [key for key in table.columns if key != "row"])
        self._values: dict[tuple[tuple[str, ...], ValueClass, int], pl.DataFrame] = {}

    def values(self, keys: list[str], value_class: ValueClass, decimals: int) -> pl.DataFrame:
        """The cells of several columns below each other, as values of one class."""
        asked = (tuple(keys), value_class, decimals)
        if asked not in self._values:
            texts = self._texts if len(keys) == len(self.decimals) else self._texts.filter(pl.col("key").is_in(keys))
            is_number = value_class is ValueClass.NUMBER
            value = (
                number_keys(texts["number"], decimals) if is_number else keys_in(texts["text"], value_class, decimals)
            )
            self._values[asked] = texts.select("key", "row", value.alias("value")).drop_nulls("value")
        return self._values[asked]

    def classes(self, file: DataFile) -> list[tuple[ValueClass, int, list[str], list[str]]]:
        """What can be compared: a class, decimals, the table's columns that show as many, and the dataset's columns."""
        found = []
        for value_class in ValueClass:
            columns = [column for column in file.schema if file.value_class(column) is value_class]
            is_number = value_class is ValueClass.NUMBER
            for places in sorted(set(self.decimals.values())) if is_number else [0]:
                keys = [key for key, own in self.decimals.items() if own == places or not is_number]
                if columns:
                    found.append((value_class, places, keys, columns))
        return found


def cells_of(view: TableView, most: int) -> Cells:
    """Return the different rows of a table, at most so many."""
    numbered = view.frame.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row"))
    table = numbered.unique(subset=list(view.keys), keep="first", maintain_order=True).head(most)
    return Cells(table)


def shared_values(view: TableView, cells: Cells, file: DataFile) -> pl.DataFrame:
    """Return a line for each cell and each column of the dataset that has its value, with the bits that it carries."""
    found = [pl.DataFrame(schema=_NO_HITS)]
    for value_class, places, keys, _ in cells.classes(file):
        found.append(file.met(cells.values(keys, value_class, places), value_class, places))
    hits = pl.concat(found, how="vertical")
    named = _named(view, cells, file, hits)
    if not named:
        return hits
    return hits.filter(pl.col("column") == pl.col("key").replace_strict(named, default=pl.col("column")))


def _named(view: TableView, cells: Cells, file: DataFile, hits: pl.DataFrame) -> dict[str, str]:
    """Columns that carry a name of the dataset and hold that column's values; they are nothing else."""
    named = {}
    for key, title in zip(view.keys, view.columns, strict=True):
        column = file.names.get(title.strip().casefold())
        if column is not None:
            filled = cells.table.height - int(cells.table.select(is_missing(pl.col(key)).sum()).item())
            met = hits.filter((pl.col("key") == key) & (pl.col("column") == column))["row"].n_unique()
            if met >= _TRULY * filled:
                named[key] = column
    return named


def align(
    view: TableView, cells: Cells, hopeful: pl.DataFrame, hits: pl.DataFrame, file: DataFile
) -> tuple[list[Alignment], pl.DataFrame]:
    """Return for each column of the table the column of the dataset that it shows in the rows that fit best, and these.

    The most telling rows vote: every row of the dataset that shares a rare value with one of them is a candidate, and
    the best candidates say which columns belong together.
    """
    sample = hopeful.sort("hope", "row", descending=[True, False]).head(_SAMPLE).select("row")
    told = hits.join(sample, on="row", how="semi")
    best = best_candidates(cells, sample, told, file)
    titles = dict(zip(view.keys, (title.strip().casefold() for title in view.columns), strict=True))
    chosen: dict[str, Alignment] = {}
    for key, column in _agreements(cells, told, best, file):
        if key not in chosen and column not in {a.column for a in chosen.values()}:
            alike = sum(file.value_class(c) is file.value_class(column) for c in file.schema)
            penalty = 0.0 if titles[key] == column.strip().casefold() else math.log2(alike)
            chosen[key] = Alignment(key, column, cells.decimals[key], penalty)
    return list(chosen.values()), best


def best_candidates(cells: Cells, sample: pl.DataFrame, told: pl.DataFrame, file: DataFile) -> pl.DataFrame:
    """The rows of the dataset with the most information in common with each row of the sample."""
    size = math.log2(max(file.height, 2))
    telling = told.filter(pl.col("bits") >= min(TELLING_BITS, size / 2)).sort("bits", "row", descending=[True, False])
    # A value brings as many votes as rows of the dataset have it; the most telling ones vote first.
    votes_of = (pl.lit(2.0) ** (size - pl.col("bits"))).cum_sum()
    telling = telling.filter(votes_of.shift(1, fill_value=0.0) < _MOST_VOTES)
    votes = [pl.DataFrame(schema={"row": pl.Int64, ROW: pl.UInt32, "key": pl.String, "bits": pl.Float64})]
    asked = set(telling["column"])
    for value_class, places, keys, columns in cells.classes(file):
        values = cells.values(keys, value_class, places).join(sample, on="row", how="semi")
        for column in asked.intersection(columns) if values.height else ():
            own = telling.filter(pl.col("column") == column).drop("column")
            wanted = values.join(own, on=["key", "row"], how="inner")
            if wanted.height:
                data = file.rows_having(column, places, wanted["value"]).rename({"key": "value"})
                votes.append(wanted.join(data, on="value", how="inner").select("row", ROW, "key", "bits"))
    # Most have one vote, and no use: they are told by one number, which takes little memory.
    pair = pl.col("row").cast(pl.UInt64) * 2**32 + pl.col(ROW)
    several = pl.concat(votes).filter(pair.is_duplicated())
    once = several.group_by("row", ROW, "key").agg(pl.col("bits").max())
    scores = once.group_by("row", ROW).agg(pl.col("bits").sum(), pl.len().alias("columns"))
    ranked = scores.filter(pl.col("columns") >= 2).sort("bits", ROW, descending=[True, False])
    return ranked.group_by("row", maintain_order=True).head(_ALIKE_EACH).select("row", ROW)


def _agreements(cells: Cells, told: pl.DataFrame, best: pl.DataFrame, file: DataFile) -> list[tuple[str, str]]:
    """Pairs of columns with the same value in the best candidates, those with the most information in common first."""
    found = []
    # All of them are read, since they are looked at once more for what they say.
    near = file.rows(best[ROW], *told["column"].unique())
    few = best.group_by("row", maintain_order=True).head(_BEST_EACH)
    known = set(near.columns)
    for value_class, places, keys, columns in cells.classes(file):
        values = cells.values(keys, value_class, places).join(few, on="row", how="inner")
        for column in known.intersection(columns) if values.height else ():
            data = near.select(ROW, file.key(column, places).alias("value"))
            own = told.filter(pl.col("column") == column).drop("column")
            found.append(
                values.join(data, on=[ROW, "value"], how="inner")
                .join(own, on=["key", "row"], how="inner")
                .select("key", pl.lit(column).alias("column"), pl.col("bits") + 1e-3)
            )
    if not found:
        return []
    sums = pl.concat(found).group_by("key", "column").agg(pl.col("bits").sum())
    return sums.sort("bits", "key", "column", descending=[True, False, False]).select("key", "column").rows()
