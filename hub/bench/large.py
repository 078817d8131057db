"""Large datasets, drawn from the wage panel of the demonstration: the same rows each time, at any size."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from hub.demo.data import write_demo_data

SEED = 20_261_126
YEARS_EACH = 8
SIZES = (10**5, 10**6, 10**7)


def wage_panel() -> pl.DataFrame:
    """The real panel: 545 people over eight years."""
    with tempfile.TemporaryDirectory(prefix="datalab-bench-") as folder:
        write_demo_data(Path(folder))
        return pl.read_csv(Path(folder) / "jobs" / "wage_panel.csv")


def large(rows: int) -> pl.DataFrame:
    """Return so many rows of eight columns: people of eight years each, with hours and wages a little changed.

    People are drawn from the panel with replacement; each gets a number of their own.
    """
    draw = np.random.default_rng(SEED)
    panel = wage_panel().sort("nr", "year")
    people = panel["nr"].n_unique()
    count = -(-rows // YEARS_EACH)
    first = draw.integers(0, people, count).repeat(YEARS_EACH)[:rows] * YEARS_EACH
    drawn = panel[first + np.tile(np.arange(YEARS_EACH), count)[:rows]]
    return drawn.select(
        pl.Series("person", np.arange(count).repeat(YEARS_EACH)[:rows] + 10**8),
        "year",
        "educ",
        "union",
        ("o" + pl.col("occupation").cast(pl.String)).alias("occupation"),
        "exper",
        (pl.col("hours") + pl.Series(draw.integers(-200, 200, rows))).clip(0).alias("hours"),
        (pl.col("lwage").exp() + pl.Series(draw.normal(0, 0.5, rows))).round(4).alias("wage"),
    )


def written(folder: Path, rows: int) -> Path:
    """Write the rows as a dataset's one file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"wages-{rows}.parquet"
    if not path.exists():
        large(rows).write_parquet(path, compression="zstd")
    return path
