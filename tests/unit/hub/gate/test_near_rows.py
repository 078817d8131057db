"""Facts about rows that are near: what spares the sum of hopes leaves out none that has enough."""

from __future__ import annotations

import random
from itertools import product

import polars as pl
import pytest

from hub.gate.datasets import ROW, DataFile
from hub.gate.near_rows import _needed, least_bits, near_rows
from hub.gate.shared import Alignment


@pytest.mark.parametrize("seed", range(20))
def test_no_row_that_can_tell_enough_is_left_out(seed: int) -> None:
    draw = random.Random(seed)
    names = ("a", "b", "c")
    told = {name: {key: draw.uniform(0.1, 12.0) for key in range(draw.randrange(4))} for name in names}
    hopes = [
        (name, pl.DataFrame({name: list(known), f"hope {name}": list(known.values())}, schema=schema(name)))
        for name, known in told.items()
    ]
    rows = pl.DataFrame(list(product(range(5), repeat=3)), schema=dict.fromkeys(names, pl.Int64), orient="row")
    enough = draw.uniform(2.0, 20.0)
    sums = [sum(told[name].get(row[name], 0.0) for name in names) for row in rows.iter_rows(named=True)]
    kept = rows.select(_needed(hopes, enough)).to_series().to_list()
    assert all(is_kept for total, is_kept in zip(sums, kept, strict=True) if total >= enough)
    assert not any(is_kept for total, is_kept in zip(sums, kept, strict=True) if total == 0.0)


def schema(name: str) -> dict[str, type[pl.DataType]]:
    return {name: pl.Int64, f"hope {name}": pl.Float64}


def test_a_value_that_tells_little_counts_with_one_that_tells_much() -> None:
    """Together the two tell just enough, and in the first of these rows alone."""
    file = DataFile("d", "d.parquet", pl.LazyFrame({"x": range(1_024), "y": [n % 2 for n in range(1_024)]}), "")
    a, b = Alignment("c0", "x", 0), Alignment("c1", "y", 0)
    keyed = pl.DataFrame({"row": [1], a.name: [7], b.name: [1]})
    for enough, found in ((0.0, [7]), (-0.01, [])):
        bits = keyed.with_columns(
            pl.lit(least_bits(file) - 0.5 + enough).alias(f"bits {a.name}"), pl.lit(0.5).alias(f"bits {b.name}")
        )
        near = near_rows(bits, [a, b], file)
        assert near is not None
        assert near[ROW].to_list() == found
