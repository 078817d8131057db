"""The rows of a dataset that may have a rare combination of values in common with a table, found in one pass."""

from __future__ import annotations

import math

import polars as pl

from hub.gate.datasets import ROW, UNIT, DataFile
from hub.gate.hopes import spare
from hub.gate.shared import Alignment

MOST_NEAR = 1_000_000
MOST_ALIKE = 64
"""A combination of values that more rows of the dataset share points to none of them."""
_SLACK = 1e-6
"""What rounding may take from a sum of bits."""


def specified(alignments: tuple[Alignment, ...]) -> dict[str, tuple[str, int]]:
    """Return which column of the dataset each alignment is of, and at how many decimals."""
    return {a.name: (a.column, a.decimals) for a in alignments}


def least_bits(file: DataFile) -> float:
    """Bits that a combination tells at least, so that few rows of the dataset share it."""
    return spare(file) - math.log2(MOST_ALIKE)


def near_rows(keyed: pl.DataFrame, alignments: list[Alignment], file: DataFile) -> pl.DataFrame | None:
    """The rows of the file that may have a rare combination in common with the table; None: all of them.

    A row's hope is what its values could tell at most, each by itself, if the table has them at all.
    """
    hopes, weights = [], []
    for a in alignments:
        told = keyed.filter(pl.col(f"bits {a.name}") > 0).group_by(a.name).agg(pl.col(f"bits {a.name}").max())
        hopes.append((a.name, told.drop_nulls().rename({f"bits {a.name}": f"hope {a.name}"})))
        weights.append(pl.col(f"hope {a.name}").fill_null(0.0))
    needed = _needed(hopes, least_bits(file))
    found: list[pl.DataFrame] = []
    for part in file.keyed_parts(specified(tuple(alignments))):
        part = part.filter(needed)
        for name, hope in hopes:
            part = part.join(hope.lazy(), on=name, how="left")
        hoped = part.filter(pl.sum_horizontal(weights) >= least_bits(file)).select(
            *(a.name for a in alignments), UNIT, ROW
        )
        found.append(hoped.collect(engine=file.engine))
        if sum(frame.height for frame in found) > MOST_NEAR:
            return None
    return pl.concat(found)


def _needed(hopes: list[tuple[str, pl.DataFrame]], enough: float) -> pl.Expr:
    """Whether a row has a value without which it cannot tell enough: a look at the values spares the sum.

    Columns are put in the order of what they can tell at most. The last one that tells something in a row tells what
    is missing to enough, even where all before it tell their most.
    """
    told = [
        (name, hope, float(hope.select(pl.col(f"hope {name}").max().fill_null(0.0)).item())) for name, hope in hopes
    ]
    before, needed = 0.0, []
    for name, hope, most in sorted(told, key=lambda known: (known[2], known[0])):
        keys = hope.filter(pl.col(f"hope {name}") >= enough - before - _SLACK)[name]
        needed.append(pl.col(name).is_in(keys.implode()))
        before += most
    return pl.any_horizontal(pl.lit(value=False), *needed)
