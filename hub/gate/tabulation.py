"""Tables recomputed from the datasets they come from: how many units stand behind each cell, and do the figures agree.

A row of a table is a cell of a tabulation: its dimension columns say which rows of the dataset it covers, and a
dimension that is empty or says “Total” covers all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import polars as pl

from hub.domain.exports import TableContext
from hub.gate.cells import ValueClass, decimals_of, is_margin, is_missing, is_suppressed, number, table_key
from hub.gate.datasets import UNIT, DataFile
from hub.gate.views import TableView
from hub.policy.model import Policy

MOST_DIMENSIONS = 20
MOST_PATTERNS = 32
_KNOWN_SHARE = 0.5
_AFFIX = re.compile(r"^(?:(?:mean|avg|average|sum|total|moyenne|somme)_)?(.+?)(?:_(?:mean|avg|average|sum|total))?$")


@dataclass(frozen=True, slots=True)
class Dimension:
    """A column of the table that is a column of the dataset; ``key`` names it in the table's frame."""

    key: str
    column: str
    decimals: int


@dataclass(frozen=True, slots=True, eq=False)
class Tabulation:
    """A table against one file of a dataset.

    ``cells`` has for each row of the table: ``row`` (from 1), ``shown``, ``rows`` and ``units`` of the dataset behind
    it (null where none match), and for each measure its sum and mean. ``agreeing`` says what the table's other
    columns turned out to be; ``differing`` holds those that could not be recomputed.
    """

    view: TableView
    file: DataFile
    dimensions: tuple[Dimension, ...]
    groups: tuple[tuple[tuple[Dimension, ...], pl.DataFrame], ...]
    cells: pl.DataFrame
    measures: tuple[str, ...]
    agreeing: dict[str, str] = field(default_factory=dict)
    differing: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The dimensions, by the dataset's names."""
        return tuple(d.column for d in self.dimensions)


def dimensions_of(view: TableView, file: DataFile, context: TableContext) -> tuple[Dimension, ...]:
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
        dimension = Dimension(key, column, _decimals(view, key, file, column))
        if name in declared or (file.is_grouping(column) and _is_known(view, file, dimension)):
            found.append(dimension)
    return tuple(found[:MOST_DIMENSIONS])


def tabulate(
    view: TableView, file: DataFile, dimensions: tuple[Dimension, ...], context: TableContext, policy: Policy
) -> Tabulation | None:
    """Recompute a table; None where its rows sum over too many different sets of dimensions."""
    own = {d.key for d in dimensions}
    others = [
        k for k, t in zip(view.keys, view.columns, strict=True) if k not in own and not is_index(view.frame[k], t)
    ]
    measures = _measures(view, file, others, context)
    keyed = _keyed(view, file, dimensions, others)
    flags = [f"margin_{d.key}" for d in dimensions]
    patterns = keyed.select(flags).unique(maintain_order=True) if flags else pl.DataFrame({"all": [True]})
    if patterns.height > MOST_PATTERNS:
        return None
    groups, parts = [], []
    for pattern in patterns.iter_rows(named=True):
        rows = keyed.filter(*(pl.col(flag) == pattern[flag] for flag in flags)) if flags else keyed
        kept = tuple(d for d in dimensions if not pattern[f"margin_{d.key}"])
        groups.append((kept, rows))
        parts.append(_count(file, kept, rows, measures))
    cells = pl.concat(parts, how="vertical").sort("row")
    agreeing, differing = _compare(view, cells, others, measures, policy)
    return Tabulation(view, file, dimensions, tuple(groups), cells, measures, agreeing, differing)


def contributions(tabulation: Tabulation, measure: str, counts: tuple[int, ...], wanted: pl.DataFrame) -> pl.DataFrame:
    """Return for each wanted row the units' absolute totals: their sum, and the sums of the n largest for each n."""
    parts = []
    for dimensions, group in tabulation.groups:
        rows = group.join(wanted, on="row", how="semi")
        if rows.height == 0:
            continue
        file, on = tabulation.file, [d.key for d in dimensions]
        value = pl.col(measure).cast(pl.Float64).abs().alias("value")
        by_unit = file.matching(_keys(file, dimensions), rows, value).group_by([*on, UNIT]).agg(pl.col("value").sum())
        top = [pl.col("value").top_k(n).sum().alias(f"top_{n}") for n in counts]
        whole = [pl.col("value").sum().alias("total"), *top]
        grouped = (by_unit.group_by(on).agg(whole) if on else by_unit.select(whole)).collect()
        parts.append(_join(rows.select("row", *on), grouped, on))
    figures = ["row", "total", *(f"top_{n}" for n in counts)]
    empty = pl.DataFrame(schema={"row": pl.Int64} | dict.fromkeys(figures[1:], pl.Float64))
    return pl.concat([empty, *(part.select(figures) for part in parts)], how="vertical")


def _keys(file: DataFile, dimensions: tuple[Dimension, ...]) -> dict[str, tuple[str, int]]:
    return {d.key: (d.column, d.decimals) for d in dimensions}


def is_index(cells: pl.Series, title: str) -> bool:
    """Whether it is a column without a name that counts the rows, as pandas prints it beside them."""
    if title.strip():
        return False
    numbers = cells.cast(pl.Int64, strict=False)
    steps = numbers - pl.int_range(cells.len(), eager=True)
    return numbers.null_count() == 0 and steps.n_unique() == 1 and steps[0] in (0, 1)


def _decimals(view: TableView, key: str, file: DataFile, column: str) -> int:
    return decimals_of(view.frame[key]) if file.value_class(column) is ValueClass.NUMBER else 0


def _table_key(file: DataFile, dimension: Dimension) -> pl.Expr:
    return table_key(pl.col(dimension.key), file.value_class(dimension.column), dimension.decimals)


def _is_known(view: TableView, file: DataFile, dimension: Dimension) -> bool:
    """At least half of the cells of the column are values that the dataset's column has."""
    cell = pl.col(dimension.key)
    keys = view.frame.filter(~is_margin(cell)).select(_table_key(file, dimension).alias("key"))
    known = keys.join(file.counts(dimension.column, dimension.decimals), on="key", how="semi").height
    return keys.height == 0 or known >= _KNOWN_SHARE * keys.height


def _measures(view: TableView, file: DataFile, others: list[str], context: TableContext) -> tuple[str, ...]:
    """The declared measure, and numeric columns of the dataset that the table's headers name."""
    titles = [context.measure] if context.measure else []
    titles += [title for key, title in zip(view.keys, view.columns, strict=True) if key in others]
    found: dict[str, None] = {}
    for title in titles:
        name = title.strip().casefold()
        bare = _AFFIX.match(name)
        for candidate in (name, bare[1] if bare else ""):
            column = file.names.get(candidate)
            if column is not None and file.value_class(column) is ValueClass.NUMBER:
                found[column] = None
    return tuple(found)


def _keyed(view: TableView, file: DataFile, dimensions: tuple[Dimension, ...], others: list[str]) -> pl.DataFrame:
    """The table's rows with number, keys, whether each dimension is summed over, and whether a figure is shown."""
    columns = [pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row")]
    for d in dimensions:
        cell = pl.col(d.key)
        margin = is_margin(cell)
        if file.has_missing(d.column):
            margin = margin & ~is_missing(cell)
        known = file.counts(d.column, d.decimals)["key"].implode()
        columns.append((margin & ~_table_key(file, d).is_in(known).fill_null(False)).alias(f"margin_{d.key}"))
        columns.append(_table_key(file, d).alias(d.key))
    shown = pl.any_horizontal(*(~is_suppressed(view.frame, k) for k in others)) if others else pl.lit(value=True)
    return view.frame.select(*columns, shown.alias("shown"))


def _count(
    file: DataFile, dimensions: tuple[Dimension, ...], rows: pl.DataFrame, measures: tuple[str, ...]
) -> pl.DataFrame:
    on = [d.key for d in dimensions]
    values = [pl.col(m).cast(pl.Float64).alias(f"value_{i}") for i, m in enumerate(measures)]
    units = pl.col(UNIT).drop_nulls().n_unique()
    figures = [pl.len().cast(pl.Int64).alias("rows"), units.cast(pl.Int64).alias("units")]
    for i, _ in enumerate(measures):
        value = pl.col(f"value_{i}").filter(pl.col(f"value_{i}").is_finite())
        figures += [value.sum().alias(f"sum_{i}"), value.mean().alias(f"mean_{i}")]
    source = file.matching(_keys(file, dimensions), rows, *values)
    grouped = (source.group_by(on).agg(figures) if on else source.select(figures)).collect()
    joined = _join(rows.select("row", "shown", *on), grouped, on)
    return joined.select("row", "shown", *(f for f in grouped.columns if f not in on))


def _join(rows: pl.DataFrame, grouped: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    if not on:
        return rows.join(grouped, how="cross")
    return rows.join(grouped, on=on, how="left", nulls_equal=True)


def _compare(
    view: TableView, cells: pl.DataFrame, others: list[str], measures: tuple[str, ...], policy: Policy
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Say of each other column which recomputed figure it shows, or that it shows none."""
    figures = {"rows": "rows", "units": "units"}
    for i, measure in enumerate(measures):
        figures |= {f"sum_{i}": f"sum of {measure}", f"mean_{i}": f"mean of {measure}"}
    agreeing: dict[str, str] = {}
    differing: list[str] = []
    table = view.frame.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row"))
    joined = table.join(cells.drop("shown"), on="row", how="left").filter(pl.col("rows").is_not_null())
    for key in others:
        is_shown = ~is_suppressed(view.frame, key)
        shown = joined.filter(is_shown)
        if table.filter(is_shown).height == 0:
            continue
        is_same = {name: _agrees(shown, key, name, policy) for name in figures}
        match = next((figures[name] for name, same in is_same.items() if same), None)
        if match is None:
            differing.append(key)
        else:
            agreeing[key] = match
    return agreeing, tuple(differing)


def _agrees(shown: pl.DataFrame, key: str, figure: str, policy: Policy) -> bool:
    """Every cell is the figure, to half of its last decimal or to the digits that a canonical file keeps."""
    if shown.height == 0:
        return False
    decimals = decimals_of(shown[key])
    tolerance = pl.max_horizontal(
        pl.lit(0.5 * 10.0**-decimals), pl.col(figure).abs() * 0.5 * 10.0 ** (1 - policy.significant_digits)
    )
    if figure in ("rows", "units"):
        tolerance = pl.lit(1e-9)
    near = (number(pl.col(key)) - pl.col(figure)).abs() <= tolerance * 1.001
    return bool(shown.select(near.fill_null(value=False).all()).item())
