"""From tables put together to a problem that can be solved: numbered cells, totals as equations, and places."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import polars as pl

from hub.gate.lattice import Lattice, Pattern, names_of
from hub.gate.suppression import Cell, Interval, Problem

_RELATIVE = 1e-9


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell stands: the number of its table, and its row and column there."""

    table: int
    row: int
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A problem with the places of its cells; a cell that no table has a row for has none."""

    problem: Problem
    places: dict[int, list[Place]]


def lay_out(lattice: Lattice) -> Laid:
    """Number the cells of a lattice and find its totals."""
    numbered: dict[Pattern, pl.DataFrame] = {}
    cells: list[Cell] = []
    places: dict[int, list[Place]] = {}
    least = lattice.least
    for pattern, frame in lattice.cells.items():
        numbers = pl.int_range(len(cells), len(cells) + pl.len(), dtype=pl.Int64).alias("cell")
        numbered[pattern] = frame.with_columns(numbers)
        is_real = pattern in lattice.shown
        columns = ("value", "sensitive", "shown", "half")
        cells += [_cell(lattice, least, is_real, *row) for row in frame.select(columns).iter_rows()]
        for cell, place in _places(lattice, pattern, numbered[pattern]):
            places.setdefault(cell, []).append(place)
    return Laid(Problem(tuple(cells), tuple(_equations(numbered)), least), places)


def _cell(
    lattice: Lattice,
    least: float,
    is_real: bool,
    value: float,
    sensitive: bool,
    shown: float | None,
    half: float | None,
) -> Cell:
    if shown is not None:
        half = half or 0.0
        return Cell(value, (max(shown - half, least), shown + half))
    return Cell(value, (least, math.inf), _reach(lattice, value) if sensitive and is_real else None, hidden=True)


def _reach(lattice: Lattice, value: float) -> Interval:
    """What the bounds of a sensitive cell have to reach: to both sides, and for a count to what is no longer small."""
    part = abs(value) * lattice.policy.protection_percent / 100
    high = value + part
    if lattice.figure.aggregate != "sum":
        high = max(high, float(lattice.policy.minimum_units))
    return value - part, high


def _places(lattice: Lattice, pattern: Pattern, numbered: pl.DataFrame) -> list[tuple[int, Place]]:
    names = names_of(pattern)
    found = []
    for part in lattice.shown.get(pattern, []):
        cells = numbered.select(*names, "cell")
        joined = part.join(cells, on=names, how="inner", nulls_equal=True) if names else part.join(cells, how="cross")
        found += [(c, Place(t, r, k)) for c, t, r, k in joined.select("cell", "table", "row", "key").iter_rows()]
    return found


def _equations(numbered: dict[Pattern, pl.DataFrame]) -> list[tuple[int, tuple[int, ...]]]:
    """Totals with their parts, where the true values add up; units that are in several parts do not."""
    found = []
    for coarse, totals in numbered.items():
        for fine, parts in numbered.items():
            if coarse < fine and not any(coarse < between < fine for between in numbered):
                found += _of_pair(coarse, totals, parts)
    return found


def _of_pair(coarse: Pattern, totals: pl.DataFrame, parts: pl.DataFrame) -> list[tuple[int, tuple[int, ...]]]:
    names = names_of(coarse)
    lines: dict[int, list[int]] = defaultdict(list)
    sums: dict[int, float] = defaultdict(float)
    true: dict[int, float] = {}
    whole = totals.select(*names, pl.col("cell").alias("total"), pl.col("value").alias("whole"))
    joined = parts.join(whole, on=names, how="inner", nulls_equal=True) if names else parts.join(whole, how="cross")
    for total, true_value, cell, value in joined.select("total", "whole", "cell", "value").iter_rows():
        lines[total].append(cell)
        sums[total] += value
        true[total] = true_value
    return [
        (total, tuple(cells))
        for total, cells in lines.items()
        if abs(sums[total] - true[total]) <= _RELATIVE * max(1.0, abs(true[total]))
    ]
