"""Groups that several releases together pin: their figures follow from a linear combination of released cells.

Each shown cell is a sum of atoms. An atom of too few units is pinned where its indicator lies in the row space of all
shown cells, and so is a pair of them where the sum of their indicators does. Source: Hundepool and others, Statistical
Disclosure Control, 4.4 and 5.5 (linked tables).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from hub.gate.families import Atoms, Family, units_of

MOST_ATOMS = 800
MOST_CELLS = 20_000
_TINY = 1e-7
Matrix = npt.NDArray[np.float64]


def pinned(found: Atoms, among: Sequence[Family], new: set[int], needed: int) -> int | None:
    """Return how many units the smallest group has that only the new tables pin, 0 for none; None where unknown."""
    smallest = 0
    figures = {figure for number in new for figure in among[number].figures}
    for figure in sorted(figures):
        chosen = [n for n, family in enumerate(among) if figure in family.figures]
        units = _pinned(found, chosen, new, needed)
        if units is None:
            return None
        smallest = min(filter(None, (smallest, units)), default=0)
    return smallest


def _pinned(found: Atoms, chosen: list[int], new: set[int], needed: int) -> int | None:
    flags = [f"family {n}" for n in chosen]
    merged = found.cells.group_by(flags, maintain_order=True).agg(pl.col("atom"), pl.col("rows").sum())
    merged = merged.filter(pl.any_horizontal(pl.col(flag).is_not_null() for flag in flags)).with_row_index("set")
    sets = merged.select(pl.col("set").cast(pl.Int64), "atom").explode("atom")
    counted = units_of(found, sets, needed)
    # A cell that is shown by itself and is too small is the minimum frequency's.
    shown = {at for flag in flags for at in merged.filter(pl.col(flag).is_not_null() & pl.col(flag).is_unique())["set"]}
    small = {number: units for number, units in counted.items() if 0 < units < needed and number not in shown}
    if not small:
        return 0
    if merged.height > MOST_ATOMS:
        return None
    with_new = _told(_incidence(merged, flags), small, needed)
    earlier = [flag for flag, n in zip(flags, chosen, strict=True) if n not in new]
    before = _told(_incidence(merged, earlier), small, needed) if earlier else {}
    return min((units for group, units in with_new.items() if group not in before), default=0)


def _incidence(merged: pl.DataFrame, flags: list[str]) -> Matrix:
    """A row for each cell, a column for each atom: one where the atom lies in the cell."""
    rows = []
    for flag in flags:
        cells = merged[flag].to_numpy()
        numbers = merged[flag].drop_nulls().unique().sort().to_numpy()
        rows.append((cells[None, :] == numbers[:, None]).astype(np.float64))
    return np.unique(np.concatenate(rows), axis=0)


def _told(incidence: Matrix, small: dict[int, int], needed: int) -> dict[tuple[int, ...], int]:
    """Small atoms, and pairs of them, whose indicator is a combination of the cells."""
    # The Gram matrix has as many rows as there are atoms, however many cells there are.
    values, vectors = np.linalg.eigh(incidence.T @ incidence)
    space = vectors[:, values > _TINY * max(values[-1], 1.0)]
    at = sorted(small)
    part = space[at]
    near = part @ part.T
    own = np.diag(near)
    found: dict[tuple[int, ...], int] = {(a,): small[a] for n, a in enumerate(at) if own[n] > 1 - _TINY}
    both = own[:, None] + own[None, :] + 2 * near > 2 - _TINY
    for i, j in zip(*np.nonzero(np.triu(both, 1)), strict=True):
        a, b = at[int(i)], at[int(j)]
        if small[a] + small[b] < needed and (a,) not in found and (b,) not in found:
            found[a, b] = small[a] + small[b]
    return found
