"""Tables whose cells are not exactly known, compared by what they show: near counts betray a hidden difference.

A table of an undeclared part of a dataset shows counts that are a little below those of another table; one with other
names and another order shows the same numbers. Tables on another snapshot have the same cells and nearly as many units.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import polars as pl

from hub.gate.exchange import TablePart

_SAME_SHARE = 0.5


def near_cells(one: TablePart, other: TablePart, needed: int) -> tuple[list[int], int]:
    """Return the cells of ``one`` whose counts differ a little from the same cells of ``other``, and the least step.

    Only where at least half of the common cells are that near: otherwise the numbers are of another kind.
    """
    places, theirs = _common(one, other)
    best: tuple[list[int], int] = ([], 0)
    for mine in _numbers(one):
        for their in _numbers(other):
            steps = [
                (at, abs(mine[at] - their[place]))
                for at, place in zip(places, theirs, strict=True)
                if mine[at] >= 0 and their[place] >= 0
            ]
            near = [(at, step) for at, step in steps if step < needed]
            differing = [(at, step) for at, step in near if step]
            if differing and len(near) > _SAME_SHARE * len(steps) and len(differing) > len(best[0]):
                best = [at for at, _ in differing], min(step for _, step in differing)
    return best


def _common(one: TablePart, other: TablePart) -> tuple[list[int], list[int]]:
    """The places of the cells that both tables show, whatever the order of their dimensions."""
    order = {name: at for at, name in enumerate(other.dimensions)}
    if not one.cells or set(order) != set(one.dimensions) or len(order) != len(one.dimensions):
        return [], []
    turned = [order[name] for name in one.dimensions]
    if any(one.decimals[at] != other.decimals[place] for at, place in enumerate(turned)):
        return [], []
    known = {tuple(cell[place] for place in turned): at for at, cell in enumerate(other.cells)}
    pairs = [(at, known[cell]) for at, cell in enumerate(one.cells) if cell in known]
    return [at for at, _ in pairs], [place for _, place in pairs]


def _numbers(table: TablePart) -> Iterator[tuple[int, ...]]:
    """The counts that a table shows, or that stand behind the cells that it shows."""
    yield from (numbers for numbers in (table.counts, table.rows, table.units) if numbers)


def disguised(one: TablePart, other: TablePart, needed: int, bits: int) -> int:
    """Return the least step between two tables that have the same numbers but for a little, or 0.

    Their cells are not compared, so that other names and another order hide nothing. Numbers that are as near by chance
    say little: each cell counts for what its number tells, less the choice of the order.
    """
    for mine in _numbers(one):
        for their in _numbers(other):
            if mine == their:
                continue
            shown, known = sorted(n for n in mine if n >= 0), sorted(n for n in their if n >= 0)
            if len(shown) != len(known) or len(shown) < 2 or shown == known:
                continue
            steps = [abs(a - b) for a, b in zip(shown, known, strict=True)]
            spread = max(known[-1] - known[0], 1)
            told = len(steps) * math.log2(max(spread / (2 * needed), 1.0)) - math.lgamma(len(steps) + 1) / math.log(2)
            if max(steps) < needed and any(steps) and told >= bits:
                return min(step for step in steps if step)
    return 0


def nested_cells(one: TablePart, other: TablePart, needed: int) -> tuple[list[int], int]:
    """Return the cells of ``one`` that leave few units to the same cells of ``other``, and the fewest.

    Only where one of the tables is of a declared part of what the other is of, so that its cells lie in the other's.
    """
    if bool(one.filter) == bool(other.filter) or not set(one.figures) & set(other.figures):
        return [], 0
    places, theirs = _common(one, other)
    steps = {at: abs(one.units[at] - other.units[place]) for at, place in zip(places, theirs, strict=True)}
    few = {at: step for at, step in steps.items() if 0 < step < needed}
    return list(few), min(few.values(), default=0)


def moved_cells(one: TablePart, other: TablePart, needed: int) -> tuple[list[int], int]:
    """Return the cells whose units or rows changed a little from one snapshot to another, and by how few."""
    places, theirs = _common(one, other)
    frame = pl.DataFrame(
        {
            "at": places,
            "units": [abs(one.units[at] - other.units[p]) for at, p in zip(places, theirs, strict=True)],
            "rows": [abs(one.rows[at] - other.rows[p]) for at, p in zip(places, theirs, strict=True)],
        },
        schema={"at": pl.Int64, "units": pl.Int64, "rows": pl.Int64},
    )
    few = frame.filter(((pl.col("units") > 0) | (pl.col("rows") > 0)) & (pl.col("units") < needed))
    steps = few.select(pl.max_horizontal("units", pl.lit(1)).min()).item() if few.height else 0
    return few["at"].to_list(), int(steps)
