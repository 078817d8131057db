"""Facts about rows that are near: what spares the sum of hopes leaves out none that has enough."""

from __future__ import annotations

import random
from itertools import product

import polars as pl
import pytest

from hub.gate.near_rows import _needed


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
