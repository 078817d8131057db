"""Tables recomputed from the datasets they come from: how many units stand behind each cell, and do the figures agree.

A row of a table is a cell of a tabulation: its dimension columns say which rows of the dataset it covers, and a
dimension that is empty or says “Total” covers all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import polars as pl

from hub.domain.table_context import TableContext
from hub.gate.cells import ValueClass, keys_in
from hub.gate.column_names import is_area
from hub.gate.datasets import UNIT, DataFile
from hub.gate.figures import (
    MISSING,
    PLAIN,
    WEIGHT,
    Figure,
    column_of,
    statistics,
    units_with_value,
    value_columns,
)
from hub.gate.marks import is_missing
from hub.gate.tallies import tallied
from hub.gate.views import TableView

MOST_DIMENSIONS = 20
MEASURES = (ValueClass.NUMBER, ValueClass.TRUTH)
"""Columns that are summed up; the sum of truths is the count of what is true."""
MOST_PATTERNS = 32
KNOWN_SHARE = 0.5
"""Part of a column's values that a dataset's column has, so that it is taken for that column at once."""
_WORDS = (
    r"mean|avg|average|sum|total|moyenne|somme|min(?:imum)?|max(?:imum)?|median|mediane|std|sd|share|part|[pq]\d\d?"
)
_AFFIX = re.compile(rf"^(?:(?:{_WORDS})_)?(.+?)(?:_(?:{_WORDS}))?$")


@dataclass(frozen=True, slots=True)
class Dimension:
    """A column of the table that is a column of the dataset; ``key`` names it in the table's frame."""

    key: str
    column: str
    decimals: int


Groups = tuple[tuple[tuple[Dimension, ...], pl.DataFrame], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Tabulation:
    """A table against one file of a dataset.

    ``cells`` has for each row of the table: ``row`` (from 1), ``shown``, ``rows`` and ``units`` of the dataset behind
    it (null where none match), and for each measure its statistics and the units that have a value of it; a column is
    named by ``figures.column_of`` and the measure's place in ``measures``. ``agreeing`` says what the table's other
    columns turned out to be; ``differing`` holds those that could not be recomputed.
    """

    view: TableView
    file: DataFile
    dimensions: tuple[Dimension, ...]
    groups: Groups
    cells: pl.DataFrame
    measures: tuple[str, ...]
    agreeing: dict[str, Figure] = field(default_factory=dict)
    differing: tuple[str, ...] = ()
    weight: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The dimensions, by the dataset's names."""
        return tuple(d.column for d in self.dimensions)


def dimensions_of(
    view: TableView, file: DataFile, context: TableContext, known_share: float = KNOWN_SHARE
) -> tuple[Dimension, ...]:
    """Return the declared dimensions, and every other column that is a group column of the dataset by name and values.

    A declaration that leaves a group column out would count too many units, so it cannot leave one out.
    """
    declared = {name.strip().casefold() for name in context.dimensions}
    measure = context.measure.strip().casefold()
    found: list[Dimension] = []
    for key, title in zip(view.keys, view.columns, strict=True):
        name = title.strip().casefold()
        column = file.names.get(name)
        if column is None or column in (d.column for d in found) or (name == measure and name not in declared):
            continue
        if name in declared or file.is_grouping(column) or is_area(title, view.frame[key]):
            dimension = Dimension(key, column, _decimals(view, key, file, column))
            if name in declared or _is_known(view, file, dimension, known_share):
                found.append(dimension)
    return tuple(found[:MOST_DIMENSIONS])


def tabulate(
    view: TableView,
    file: DataFile,
    dimensions: tuple[Dimension, ...],
    context: TableContext,
    also: tuple[str, ...] = (),
) -> Tabulation | None:
    """Recompute a table; None where it has no rows, or these sum over too many different sets of dimensions.

    ``also`` names measures beyond those that the declaration and the table's headers name.
    """
    own = {d.key for d in dimensions}
    others = [
        k for k, t in zip(view.keys, view.columns, strict=True) if k not in own and not is_index(view.frame[k], t)
    ]
    measures = tuple(dict.fromkeys((*_measures(view, file, others, context), *also)))
    weight = file.names.get(context.weight.strip().casefold(), "") if context.weight else ""
    groups = _groups(_keyed(view, file, dimensions, others), dimensions)
    if not 0 < len(groups) <= MOST_PATTERNS:
        return None
    cells = figures_of(file, groups, Asked(measures, PLAIN, weight))
    return Tabulation(view, file, dimensions, groups, cells, measures, differing=tuple(others), weight=weight)


def _groups(keyed: pl.DataFrame, dimensions: tuple[Dimension, ...]) -> Groups:
    """The table's rows by the dimensions that they do not sum over."""
    flags = [f"margin_{d.key}" for d in dimensions]
    if keyed.height and not any(keyed[flag].any() for flag in flags):
        return ((dimensions, keyed),)
    patterns = keyed.select(flags).unique(maintain_order=True) if flags else pl.DataFrame({"all": [True]})
    found = []
    for pattern in patterns.iter_rows(named=True):
        rows = keyed.filter(*(pl.col(flag) == pattern[flag] for flag in flags)) if flags else keyed
        found.append((tuple(d for d in dimensions if not pattern[f"margin_{d.key}"]), rows))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Asked:
    """Statistics that are computed for each cell: of which measures, and by which weight."""

    measures: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    weight: str = ""
    quantile: float = 0.5


def figures_of(file: DataFile, groups: Groups, asked: Asked) -> pl.DataFrame:
    """Return for each row of the table its counts and statistics, in the order of the rows."""
    parts = [_count(file, kept, rows, asked) for kept, rows in groups]
    return pl.concat(parts, how="vertical").sort("row")


def keys_of(dimensions: tuple[Dimension, ...]) -> dict[str, tuple[str, int]]:
    """Which column of the dataset each dimension is, and at how many decimals."""
    return {d.key: (d.column, d.decimals) for d in dimensions}


def is_index(cells: pl.Series, title: str) -> bool:
    """Whether it is a column without a name that counts the rows, as pandas prints it beside them."""
    if title.strip():
        return False
    numbers = cells.cast(pl.Int64, strict=False)
    steps = numbers - pl.int_range(cells.len(), eager=True)
    return numbers.null_count() == 0 and steps.n_unique() == 1 and steps[0] in (0, 1)


def _decimals(view: TableView, key: str, file: DataFile, column: str) -> int:
    return view.decimals(key) if file.value_class(column) is ValueClass.NUMBER else 0


def _table_keys(cells: pl.Series, file: DataFile, dimension: Dimension) -> pl.Series:
    return keys_in(cells, file.value_class(dimension.column), dimension.decimals).alias("key")


def _is_known(view: TableView, file: DataFile, dimension: Dimension, share: float) -> bool:
    """That part of the column's cells, and one at least, are values that the dataset's column has."""
    keys = _table_keys(view.frame[dimension.key].filter(~view.margins(dimension.key)), file, dimension)
    known = int(file.knows(dimension.column, dimension.decimals, keys).sum())
    return keys.len() == 0 or known >= max(share * keys.len(), 1)


def bare_name(title: str) -> str:
    """A column's name without the word for what was computed of it, as in “mean_income”."""
    bare = _AFFIX.match(title)
    return bare[1] if bare else ""


def _measures(view: TableView, file: DataFile, others: list[str], context: TableContext) -> tuple[str, ...]:
    """The declared measure, and columns of numbers or truths of the dataset that the table's headers name."""
    titles = [context.measure] if context.measure else []
    titles += [title for key, title in zip(view.keys, view.columns, strict=True) if key in others]
    found: dict[str, None] = {}
    for title in titles:
        name = title.strip().casefold()
        for candidate in (name, bare_name(name)):
            column = file.names.get(candidate)
            if column is not None and file.value_class(column) in MEASURES:
                found[column] = None
    return tuple(found)


def _keyed(view: TableView, file: DataFile, dimensions: tuple[Dimension, ...], others: list[str]) -> pl.DataFrame:
    """The table's rows with number, keys, whether each dimension is summed over, and whether a figure is shown."""
    columns = [pl.Series("row", range(1, view.frame.height + 1), dtype=pl.Int64)]
    for d in dimensions:
        margin = view.margins(d.key)
        if margin.any() and file.has_missing(d.column):
            margin = margin & view.frame.select(~is_missing(pl.col(d.key))).to_series()
        asked = _table_keys(view.frame[d.key], file, d)
        if margin.any():
            margin = margin & ~file.knows(d.column, d.decimals, asked)
        columns += [margin.alias(f"margin_{d.key}"), asked.alias(d.key)]
    return pl.DataFrame([*columns, _shown(view, others).alias("shown")])


def _shown(view: TableView, others: list[str]) -> pl.Series:
    """Which rows show a figure; where one column shows all of its cells, the others need not be looked at."""
    shown = pl.Series([not others] * view.frame.height, dtype=pl.Boolean)
    for key in others:
        shown = shown | ~view.suppressed(key)
        if shown.all():
            break
    return shown


def _count(file: DataFile, dimensions: tuple[Dimension, ...], rows: pl.DataFrame, asked: Asked) -> pl.DataFrame:
    on = [d.key for d in dimensions]
    is_plain = asked.names == PLAIN and not asked.weight
    tally = tallied(file, keys_of(dimensions), asked.measures) if is_plain else None
    grouped = _grouped(file, dimensions, rows, asked) if tally is None else tally
    joined = join_rows(rows.select("row", "shown", *on), grouped, on)
    return joined.select("row", "shown", *sorted(f for f in grouped.columns if f not in on))


def _grouped(file: DataFile, dimensions: tuple[Dimension, ...], rows: pl.DataFrame, asked: Asked) -> pl.DataFrame:
    """The figures of each cell, from the rows themselves."""
    units = pl.col(UNIT).drop_nulls().n_unique()
    figures = [pl.len().cast(pl.Int64).alias("rows"), units.cast(pl.Int64).alias("units")]
    figures += [pl.col(WEIGHT).sum()] if asked.weight else []
    figures += statistics(asked.measures, asked.names, asked.weight, asked.quantile)
    grouped = file.aggregated(keys_of(dimensions), rows, value_columns(asked.measures, asked.weight), figures)
    return _with_units(file, dimensions, rows, grouped, asked)


def _with_units(
    file: DataFile, dimensions: tuple[Dimension, ...], rows: pl.DataFrame, grouped: pl.DataFrame, asked: Asked
) -> pl.DataFrame:
    """Add how many units have a value of each measure: all of them do where it is missing nowhere, as was just told."""
    missing = {i: grouped[column_of(MISSING, i)] for i in range(len(asked.measures))}
    lacking = [i for i, counted in missing.items() if counted.sum()]
    same = [pl.col("units").alias(column_of("units", i)) for i in missing if i not in lacking]
    plain = grouped.drop(column.name for column in missing.values()).with_columns(same)
    if not lacking:
        return plain
    values = value_columns([asked.measures[i] for i in lacking], "")
    counts = [units_with_value(n).alias(column_of("units", i)) for n, i in enumerate(lacking)]
    return join_rows(plain, file.aggregated(keys_of(dimensions), rows, values, counts), [d.key for d in dimensions])


def join_rows(rows: pl.DataFrame, grouped: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """Give each row of the table what was counted for its keys; without keys, for all."""
    if not on:
        return rows.join(grouped, how="cross")
    return rows.join(grouped, on=on, how="left", nulls_equal=True)
