"""Facts about bounds: they spare work, and never a cell that is dominated."""

from __future__ import annotations

import random

import polars as pl
import pytest

from hub.domain.table_context import TableContext
from hub.gate.bounds import least_share, may_be_dominated
from hub.gate.contributions import contributions
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import from_scans
from hub.gate.tabulation import dimensions_of, tabulate
from hub.gate.views import TableView


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("share", "most"), [(0.85, 1), (0.9, 2), (0.5, 3)])
@pytest.mark.parametrize("signs", [(1,), (-1,), (-1, 1)])
def test_no_dominated_cell_is_left_out(seed: int, share: float, most: int, signs: tuple[int, ...]) -> None:
    draw = random.Random(seed)
    rows = [
        {"u": draw.randrange(40), "g": draw.randrange(12), "v": draw.choice(signs) * draw.lognormvariate(2, 2.5)}
        for _ in range(400)
    ]
    data = pl.DataFrame(rows)
    described = DatasetDescription(name="d", folder="/", privacy_unit="u")
    file = from_scans(described, {"d.parquet": data.lazy()}).files[0]
    frame = data.select(pl.col("g").cast(pl.String).alias("c0")).unique().sort("c0").with_columns(c1=pl.lit("9"))
    view = TableView("", ("g", "n"), frame, whole=True)
    declared = TableContext("d", ("g",), "v", "sum")
    made = tabulate(view, file, dimensions_of(view, file, declared), declared)
    assert made is not None
    wanted = made.cells.select("row")
    exact = contributions(made, "v", (most,), wanted).filter(pl.col(f"top_{most}") >= share * pl.col("total"))
    near = may_be_dominated(made, "v", wanted, share, most)
    assert set(exact["row"]) <= set(near["row"])


def test_bounds_spare_what_is_even() -> None:
    data = pl.DataFrame({"u": range(1000), "g": [1, 2] * 500, "v": [5.0] * 1000})
    file = from_scans(DatasetDescription(name="d", folder="/", privacy_unit="u"), {"d.parquet": data.lazy()}).files[0]
    view = TableView("", ("g", "n"), pl.DataFrame({"c0": ["1", "2"], "c1": ["500", "500"]}), whole=True)
    declared = TableContext("d", ("g",), "v", "sum")
    made = tabulate(view, file, dimensions_of(view, file, declared), declared)
    assert made is not None
    assert may_be_dominated(made, "v", made.cells.select("row"), 0.5, 2).height == 0


@pytest.mark.parametrize(
    ("values", "share", "most", "is_looked_at"),
    [
        ([30, 30, 10, 10, 10, 10], 0.6, 2, True),
        ([30, 30, 10, 10, 10, 10], 0.61, 2, False),
        ([60, 40, 0], 0.6, 1, True),
        ([60, 40, 0], 0.61, 1, False),
        ([-60, 40, 0], 0.6, 1, True),
        ([-60, 40, 0], 0.61, 1, False),
    ],
)
def test_a_cell_is_looked_at_from_the_share_on_and_once(
    values: list[int], share: float, most: int, is_looked_at: bool
) -> None:
    """Each value is another unit's, in a row of its own, so that the bound is the share itself."""
    data = pl.DataFrame({"u": range(len(values)), "g": 1, "v": [float(value) for value in values]})
    file = from_scans(DatasetDescription(name="d", folder="/", privacy_unit="u"), {"d.parquet": data.lazy()}).files[0]
    view = TableView("", ("g", "n"), pl.DataFrame({"c0": ["1"], "c1": ["9"]}), whole=True)
    declared = TableContext("d", ("g",), "v", "sum")
    made = tabulate(view, file, dimensions_of(view, file, declared), declared)
    assert made is not None
    found = may_be_dominated(made, "v", made.cells.select("row"), share, most)
    assert found["row"].to_list() == ([1] if is_looked_at else [])


def test_the_least_share_is_that_of_the_strictest_rule() -> None:
    assert least_share([(1, 85), (2, 90)], 0) == (0.85, 2)
    assert least_share([(1, 85)], 0) == (0.85, 1)
    assert least_share([(2, 90)], 10) == (0.9, 2)
    assert least_share([], 25) == (0.8, 2)
