"""Differences of released cells: a cell without the cells of another table that lie in it, and what is left over.

Two families are compared at a time. What is left of a cell after all cells of the other family that lie wholly in it
is a group of its own: whoever has both tables can compute its figures. The same holds for the cells of both families
that hang together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from hub.gate.families import Atoms, Family, units_of

_SETS = {"set": pl.Int64, "atom": pl.UInt32}


@dataclass(frozen=True, slots=True)
class Difference:
    """A group of too few units that two families tell of; ``new`` is the number of a family of the new table."""

    new: int
    other: int
    units: int
    cells: tuple[int, ...]
    """Cells of the new family that the difference was found by."""


def differences(found: Atoms, among: Sequence[Family], new: set[int], needed: int) -> list[Difference]:
    """Return the groups of fewer than ``needed`` units that a new family and any other one leave over."""
    known: list[tuple[int, int, tuple[int, ...]]] = []
    sets: list[pl.DataFrame] = [pl.DataFrame(schema=_SETS)]
    for one in sorted(new):
        for other in range(len(among)):
            if other == one or (other in new and other < one) or not among[one].figures & among[other].figures:
                continue
            for cells, left in _left_over(found, one, other):
                sets.append(left.select(pl.lit(len(known), pl.Int64).alias("set"), "atom"))
                known.append((one, other, cells))
    counted = units_of(found, pl.concat(sets), needed)
    return [
        Difference(one, other, counted[number], cells)
        for number, (one, other, cells) in enumerate(known)
        if 0 < counted.get(number, 0) < needed
    ]


def _left_over(found: Atoms, one: int, other: int) -> Iterator[tuple[tuple[int, ...], pl.DataFrame]]:
    """Yield for two families the groups that are left over, as atoms, with the new family's cells they came from."""
    pairs = found.cells.select("atom", pl.col(f"family {one}").alias("a"), pl.col(f"family {other}").alias("b"))
    for cell, left in _remainders(pairs, "a", "b"):
        yield (cell,), left
    others = _remainders(pairs, "b", "a")
    if others:
        together = pairs.drop_nulls("b").group_by("b").agg(pl.col("a").drop_nulls().unique().sort())
        near = dict(together.rows())
        for cell, left in others:
            yield tuple(near[cell]), left
    yield from _whole(pairs)


def _remainders(pairs: pl.DataFrame, outer: str, inner: str) -> list[tuple[int, pl.DataFrame]]:
    """For each cell of ``outer`` that cells of ``inner`` lie in, the atoms that are in none of these, if any."""
    spread = pairs.drop_nulls(inner).group_by(inner).agg(pl.col(outer).n_unique().alias("n"), pl.col(outer).first())
    nested = spread.filter((pl.col("n") == 1) & pl.col(outer).is_not_null())
    if nested.height == 0:
        return []
    is_inside = pl.col(outer).is_in(nested[outer].unique().implode()).fill_null(value=False)
    is_nested = pl.col(inner).is_in(nested[inner].implode()).fill_null(value=False)
    left = pairs.filter(is_inside & ~is_nested)
    return [(int(cell[0]), part.select("atom")) for cell, part in left.group_by(outer, maintain_order=True)]


def _whole(pairs: pl.DataFrame) -> Iterator[tuple[tuple[int, ...], pl.DataFrame]]:
    """What the cells of one family that meet the other's have beyond them, where the other's lie wholly in them."""
    for outer, inner in (("a", "b"), ("b", "a")):
        alone = pairs.filter(pl.col(outer).is_null() & pl.col(inner).is_not_null())
        # A cell that meets none of the other's is told by itself.
        meeting = pairs.drop_nulls().select(outer).unique()
        left = pairs.filter(pl.col(inner).is_null()).join(meeting, on=outer, how="semi")
        if alone.height == 0 and left.height:
            yield tuple(pairs["a"].drop_nulls().unique().sort().to_list()), left.select("atom")
