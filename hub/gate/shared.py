"""Values that a table shares with a file of a dataset, and which columns they align."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl

from hub.gate.cells import ValueClass, decimals_of, table_key
from hub.gate.datasets import ROW, UNIT, DataFile
from hub.gate.views import TableView

_SAMPLE = 32
_BEST_EACH = 4
_TELLING_BITS = 8.0
"""Values that more rows of a large dataset share than this says do not vote for a candidate."""
HITS = {"key": pl.String, "column": pl.String, "row": pl.Int64, "bits": pl.Float64}


@dataclass(frozen=True, slots=True)
class Alignment:
    """A column of the table that shows a column of the dataset."""

    key: str
    column: str
    decimals: int

    @property
    def name(self) -> str:
        """A column's name for the pair."""
        return f"{self.key}~{self.column}"

    def table_key(self, file: DataFile) -> pl.Expr:
        """The key of the table's cells."""
        return table_key(pl.col(self.key), file.value_class(self.column), self.decimals)

    def data_key(self, file: DataFile) -> pl.Expr:
        """The key of the dataset's values."""
        return file.key(self.column, self.decimals)


def decimals_shown(table: pl.DataFrame, keys: tuple[str, ...]) -> dict[str, int]:
    """Return how many decimals each column shows."""
    return {key: decimals_of(table[key]) for key in keys}


def shared_values(view: TableView, table: pl.DataFrame, file: DataFile, decimals: dict[str, int]) -> pl.DataFrame:
    """Return a line for each cell and each column of the dataset that has its value, with the bits that this carries.

    A column that is not named alike was chosen among those of its class, which takes log2 of their number away.
    """
    found = [pl.DataFrame(schema=HITS)]
    classes = {column: file.value_class(column) for column in file.schema}
    for value_class in ValueClass:
        columns = [column for column, own in classes.items() if own is value_class]
        shown = sorted(set(decimals.values())) if value_class is ValueClass.NUMBER else [0]
        for places in shown if columns else ():
            keys = [k for k in view.keys if value_class is not ValueClass.NUMBER or decimals[k] == places]
            cells = _cells(table, keys, value_class, places)
            if cells.height:
                found += [_met(cells, file, column, places) for column in columns]
    hits = pl.concat(found, how="vertical")
    return _discounted(hits, view, classes)


def _cells(table: pl.DataFrame, keys: list[str], value_class: ValueClass, decimals: int) -> pl.DataFrame:
    """The cells of several columns below each other, as values of one class."""
    parts = [
        table.select(pl.lit(key).alias("key"), "row", table_key(pl.col(key), value_class, decimals).alias("value"))
        for key in keys
    ]
    return pl.concat(parts).drop_nulls("value")


def _met(cells: pl.DataFrame, file: DataFile, column: str, decimals: int) -> pl.DataFrame:
    counts = file.counts(column, decimals).select(pl.col("key").alias("value"), "bits")
    met = cells.join(counts, on="value", how="inner")
    return met.select("key", pl.lit(column).alias("column"), "row", "bits")


def _discounted(hits: pl.DataFrame, view: TableView, classes: dict[str, ValueClass]) -> pl.DataFrame:
    sizes = {own: math.log2(max(sum(c is own for c in classes.values()), 1)) for own in set(classes.values())}
    folded = {column: column.strip().casefold() for column in classes}
    titles = dict(zip(view.keys, (title.strip().casefold() for title in view.columns), strict=True))
    penalty = pl.col("column").replace_strict({c: sizes[own] for c, own in classes.items()}, return_dtype=pl.Float64)
    is_named = pl.col("column").replace_strict(folded, return_dtype=pl.String) == pl.col("key").replace_strict(
        titles, return_dtype=pl.String
    )
    left = pl.when(is_named).then(pl.col("bits")).otherwise(pl.col("bits") - penalty).clip(0.0)
    return hits.with_columns(pl.col("bits").alias("raw"), left.alias("bits"))


def align(
    table: pl.DataFrame, hopeful: pl.DataFrame, hits: pl.DataFrame, file: DataFile, decimals: dict[str, int]
) -> list[Alignment]:
    """Return for each column of the table the column of the dataset that it shows in the rows that fit best.

    The most telling rows vote: every row of the dataset that shares a rare value with one of them is a candidate, and
    the best candidates say which columns belong together.
    """
    sample = hopeful.sort("hope", "row", descending=[True, False]).head(_SAMPLE).select("row")
    told = hits.join(sample, on="row", how="semi")
    best = _best_candidates(table, told, file, decimals)
    if best.height == 0:
        return []
    chosen: dict[str, Alignment] = {}
    for (key, column), count in _agreements(table, told, best, file, decimals):
        alignment = Alignment(key, column, decimals[key])
        if count and key not in chosen and column not in {a.column for a in chosen.values()}:
            chosen[key] = alignment
    return list(chosen.values())


def _best_candidates(table: pl.DataFrame, told: pl.DataFrame, file: DataFile, decimals: dict[str, int]) -> pl.DataFrame:
    """The rows of the dataset with the most information in common with each row of the sample."""
    telling = told.filter(pl.col("raw") >= min(_TELLING_BITS, math.log2(max(file.height, 2)) / 2))
    votes = []
    for key, column in telling.select("key", "column").unique(maintain_order=True).iter_rows():
        alignment = Alignment(key, column, decimals[key])
        part = telling.filter((pl.col("key") == key) & (pl.col("column") == column)).select("row", "bits")
        cells = table.join(part, on="row", how="inner").select("row", "bits", alignment.table_key(file).alias("value"))
        data = file.select(alignment.data_key(file).alias("value")).drop(UNIT)
        met = data.join(cells.lazy(), on="value", how="inner").collect()
        votes.append(met.select("row", ROW, pl.lit(key).alias("key"), "bits"))
    if not votes:
        return pl.DataFrame(schema={"row": pl.Int64, ROW: pl.UInt32})
    once = pl.concat(votes).group_by("row", ROW, "key").agg(pl.col("bits").max())
    scores = once.group_by("row", ROW).agg(pl.col("bits").sum(), pl.len().alias("columns"))
    ranked = scores.filter(pl.col("columns") >= 2).sort("bits", ROW, descending=[True, False])
    return ranked.group_by("row", maintain_order=True).head(_BEST_EACH).select("row", ROW)


def _agreements(
    table: pl.DataFrame, told: pl.DataFrame, best: pl.DataFrame, file: DataFile, decimals: dict[str, int]
) -> list[tuple[tuple[str, str], float]]:
    """How much information each pair of columns has in common over the best candidates, the most first."""
    pairs = [
        Alignment(k, c, decimals[k]) for k, c in told.select("key", "column").unique().sort("key", "column").rows()
    ]
    data = file.select(*(a.data_key(file).alias(f"data {a.name}") for a in pairs)).drop(UNIT)
    near = data.join(best.select(ROW).unique().lazy(), on=ROW, how="semi").collect()
    cells = table.select("row", *(a.table_key(file).alias(a.name) for a in pairs))
    joined = best.join(cells, on="row").join(near, on=ROW)
    same = joined.select(((pl.col(a.name) == pl.col(f"data {a.name}")).sum() / pl.len()).alias(a.name) for a in pairs)
    mean = dict(
        told.group_by("key", "column")
        .agg(pl.col("bits").mean())
        .select(pl.concat_str("key", pl.lit("~"), "column"), "bits")
        .iter_rows()
    )
    found = [((a.key, a.column), same[a.name][0] * (mean[a.name] + 1e-3)) for a in pairs]
    return sorted(found, key=lambda f: (-f[1], f[0]))
