"""Tables of one dataset put together: every cell that they show or hide, and what is known of it.

Cells are groups of the dataset by some of its columns, whichever table they stand in, so that tables that share
dimensions are one problem. A group that a table leaves out is hidden as much as one that it suppresses.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import polars as pl

from hub.gate.cells import number
from hub.gate.datasets import UNIT, DataFile
from hub.gate.figures import COUNTS, Figure
from hub.gate.suppression import MOST_CELLS, TooLargeError
from hub.gate.tabulation import Tabulation
from hub.policy.model import Policy

MOST_PATTERNS = 32

Key = tuple[str, int]
Pattern = frozenset[Key]


@dataclass(slots=True, eq=False)
class Lattice:
    """Cells of tables that show the same figure of the same rows of a dataset."""

    file: DataFile
    figure: Figure
    policy: Policy
    shown: dict[Pattern, list[pl.DataFrame]] = field(default_factory=dict)
    cells: dict[Pattern, pl.DataFrame] = field(default_factory=dict)

    def add(self, table: int, tabulation: Tabulation, key: str, rounding: float = 0.0) -> None:
        """Take in a table's column of the figure, and how far that table was rounded, which says nothing of others."""
        view = tabulation.view
        if self._is_count:
            # A count that was rounded to whole numbers is exact.
            step = max(self.policy.rounding_base, rounding)
            half = step / 2 if step > 1 else 0.0
        else:
            half = max(0.5 * 10.0 ** -view.decimals(key), rounding / 2)
        value = pl.when(~view.suppressed(key)).then(number(pl.col(key)))
        numbered = view.frame.select(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row"), value.alias("shown"))
        for kept, rows in tabulation.groups:
            pattern = frozenset((d.column, d.decimals) for d in kept)
            named = rows.select("row", *(pl.col(d.key).alias(name_of((d.column, d.decimals))) for d in kept))
            part = named.join(numbered, on="row").with_columns(
                pl.lit(table).alias("table"),
                pl.lit(key).alias("key"),
                pl.lit(half).alias("half"),
            )
            self.shown.setdefault(pattern, []).append(part)

    @property
    def _is_count(self) -> bool:
        """Whether the figure is a count, as a sum of zeros and ones is, too."""
        figure = self.figure
        return figure.aggregate in COUNTS or (figure.aggregate == "sum" and self.file.is_indicator(figure.measure))

    def patterns(self) -> list[Pattern]:
        """The sets of dimensions that cells keep, with those that two of them have in common."""
        found = set(self.shown)
        found |= {one & other for one, other in combinations(self.shown, 2)}
        if len(found) > MOST_PATTERNS:
            raise TooLargeError
        return sorted(found, key=lambda p: (len(p), sorted(p)))

    @property
    def least(self) -> float:
        """What everybody knows a cell to have at least."""
        if self.figure.aggregate != "sum":
            return 0.0
        lowest = self.file.select(pl.col(self.figure.measure).cast(pl.Float64).min().alias("v")).select("v").head(1)
        value = lowest.collect().item()
        return 0.0 if value is None or value >= 0 else -math.inf


def lattices(tables: Sequence[Tabulation], rounding: Sequence[float], policy: Policy) -> Iterator[Lattice]:
    """Put tables together that show the same additive figure of the same rows."""
    found: dict[tuple[str, str, str, Figure], Lattice] = {}
    for at, tabulation in enumerate(tables):
        file = tabulation.file
        for key, figure in tabulation.agreeing.items():
            if figure.is_additive and not tabulation.weight:
                name = (file.dataset, file.name, file.filter, figure)
                lattice = found.setdefault(name, Lattice(file, figure, policy))
                lattice.add(at, tabulation, key, rounding[at])
    return (lattice for lattice in found.values() if len(lattice.shown) > 1)


def name_of(key: Key) -> str:
    """The column that holds a key."""
    return f"{key[0]} {key[1]}"


def names_of(pattern: Pattern) -> list[str]:
    """The columns that hold the keys of a pattern's cells."""
    return [name_of(key) for key in sorted(pattern)]


def fill(lattice: Lattice) -> bool:
    """Count every cell in the dataset; false where no sensitive cell is hidden, so that there is nothing to solve."""
    has_open = False
    for pattern in lattice.patterns():
        counted = _counted(lattice, pattern)
        shown = _shown_cells(lattice, pattern, counted)
        names = names_of(pattern)
        joined = counted.join(shown, on=names, how="left", nulls_equal=True) if names else counted.hstack(shown)
        lattice.cells[pattern] = joined
        is_open = joined["sensitive"] & joined["shown"].is_null()
        has_open = has_open or (pattern in lattice.shown and bool(is_open.any()))
    if has_open and sum(frame.height for frame in lattice.cells.values()) > MOST_CELLS:
        raise TooLargeError
    return has_open


def _counted(lattice: Lattice, pattern: Pattern) -> pl.DataFrame:
    """The groups of a pattern with their true value, and whether few units stand behind it or make it up."""
    names = names_of(pattern)
    keys = [lattice.file.key(*key).alias(name_of(key)) for key in sorted(pattern)]
    figure, policy = lattice.figure, lattice.policy
    measure = [pl.col(figure.measure).cast(pl.Float64).alias("v")] if figure.measure else []
    source = lattice.file.select(*keys, *measure)
    units = pl.col(UNIT).drop_nulls().n_unique().cast(pl.Float64).alias("units")
    rows = pl.len().cast(pl.Float64).alias("rows")
    total = [pl.col("v").sum().alias("sum")] if measure else []
    few = pl.col("units").is_between(1, policy.minimum_units - 1)
    frame = (source.group_by(names).agg(rows, units, *total) if names else source.select(rows, units, *total)).collect()
    frame = frame.with_columns(few.alias("sensitive"))
    if measure:
        frame = _dominated(source, frame, names, policy)
    return frame.select(*names, pl.col(figure.aggregate).alias("value"), "sensitive")


def _dominated(source: pl.LazyFrame, frame: pl.DataFrame, names: list[str], policy: Policy) -> pl.DataFrame:
    """Cells that few units dominate are sensitive, too."""
    counts = sorted({1, 2, *(rule.n for rule in policy.dominance)})
    by_unit = source.group_by([*names, UNIT]).agg(pl.col("v").abs().sum())
    tops = [pl.col("v").sum().alias("all"), *(pl.col("v").top_k(n).sum().alias(f"top {n}") for n in counts)]
    held = (by_unit.group_by(names).agg(tops) if names else by_unit.select(tops)).collect()
    rules = [pl.col(f"top {rule.n}") * 100 >= rule.k * pl.col("all") for rule in policy.dominance]
    left = (pl.col("all") - pl.col("top 2")) * policy.prior_percent
    rules += [left < policy.p_percent * pl.col("top 1")] if policy.p_percent else []
    joined = frame.join(held, on=names, how="left", nulls_equal=True) if names else frame.join(held, how="cross")
    return joined.with_columns(pl.any_horizontal("sensitive", *rules).fill_null(value=False).alias("sensitive"))


def _shown_cells(lattice: Lattice, pattern: Pattern, counted: pl.DataFrame) -> pl.DataFrame:
    """What tables show of a pattern's cells: each once, where any table shows it."""
    names = names_of(pattern)
    figures = (pl.lit(None, pl.Float64).alias("shown"), pl.lit(None, pl.Float64).alias("half"))
    parts = lattice.shown.get(pattern)
    if not parts:
        return counted.select(*names, *figures).head(0 if names else 1)
    whole = pl.concat([part.select(*names, "shown", "half") for part in parts])
    once = [pl.col("shown").drop_nulls().first(), pl.col("half").min()]
    return whole.group_by(names).agg(once) if names else whole.select(once)
