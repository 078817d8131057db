"""Large datasets, drawn from the wage panel of the demonstration: the same rows each time, at any size."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from hub.demo.data import write_demo_data
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import MountedDataset, from_scans

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
        made = large(rows)
        made.write_parquet(path, compression="zstd")
        # What is compared with has no reader of Parquet files.
        made.select("educ", "occupation", "year", "wage").write_csv(path.with_suffix(".csv"))
    return path


def dataset_of(folder: Path, rows: int) -> MountedDataset:
    """Open the rows as a mounted dataset of persons."""
    described = DatasetDescription(
        name="wages", folder=str(folder), privacy_unit="person", direct_identifiers=("person",)
    )
    return from_scans(described, {"wages.parquet": pl.scan_parquet(written(folder, rows))})


def offered_of(folder: Path, rows: int, name: str) -> Path:
    """Write, once, a file that somebody offers: ``table``, ``rows``, ``results``, or ``earlier-0`` and so on."""
    path = folder / f"{name}-{rows}.csv"
    if not path.exists():
        data = pl.scan_parquet(written(folder, rows))
        _OFFERED[name.partition("-")[0]](data, name).collect(engine="streaming").write_csv(path)
    return path


def _counted(data: pl.LazyFrame, by: tuple[str, ...]) -> pl.LazyFrame:
    """Cells of at least ten persons, with persons, rows and mean wage."""
    figures = (pl.col("person").n_unique().alias("persons"), pl.len().alias("n"), pl.col("wage").mean().round(3))
    return data.group_by(by).agg(figures).filter(pl.col("persons") >= 10).sort(by)


def _table(data: pl.LazyFrame, _: str) -> pl.LazyFrame:
    return _counted(data, ("educ", "occupation", "year"))


def _results(data: pl.LazyFrame, _: str) -> pl.LazyFrame:
    renamed = dict(zip(("educ", "occupation", "year", "persons", "n", "wage"), "abcdef", strict=True))
    return _counted(data, ("educ", "occupation", "year")).head(1000).rename(renamed)


def _rows(data: pl.LazyFrame, _: str) -> pl.LazyFrame:
    every = data.with_row_index("at").filter(pl.col("at") % 97 == 5).head(1000)
    return every.select(a=pl.col("wage").round(2), b="hours", c="exper", d="year", e="educ", f="occupation")


def _earlier(data: pl.LazyFrame, name: str) -> pl.LazyFrame:
    return _counted(data, EARLIER[int(name.partition("-")[2])])


EARLIER = (
    ("educ",),
    ("union",),
    ("year",),
    ("occupation",),
    ("educ", "union"),
    ("educ", "year"),
    ("occupation", "year"),
)
"""Dimensions of tables that left before."""
_OFFERED = {"table": _table, "results": _results, "rows": _rows, "earlier": _earlier}

DESCRIPTION = """\
name = "wages"
files = ["wages-{rows}.parquet"]
privacy_unit = "person"
direct_identifiers = ["person"]
profile = "uk-sacro"
"""


def request_of(folder: Path, rows: int) -> tuple[Path, Path]:
    """Write, once, a request of 16 MB: tables, texts and a picture; and the dataset's description."""
    written(folder, rows)
    description = folder / f"wages-{rows}.toml"
    description.write_text(DESCRIPTION.format(rows=rows), encoding="utf-8")
    offered = folder / f"request-{rows}"
    if not offered.exists():
        offered.mkdir()
        draw = np.random.default_rng(SEED)
        results = pl.read_csv(offered_of(folder, rows, "table"))
        results.write_csv(offered / "table.csv")
        for number in range(12):
            figures = {f"model{n}": draw.normal(0, 1, 4_500).round(6) for n in range(25)}
            pl.DataFrame({"step": range(4_500)} | figures).write_csv(offered / f"curves{number}.csv")
        noise = draw.integers(0, 256, (900, 1200, 3), dtype=np.uint8)
        Image.fromarray(noise).save(offered / "picture.png")
        (offered / "notes.md").write_text("What was done, and why it was done.\n" * 3_000, encoding="utf-8")
    return offered, description
