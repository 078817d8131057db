"""A table of counts: checked by the gate against the dataset it came from, and made by Polars from the same file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from hub.adapters.local_gate import Asked, check_paths
from hub.bench.measuring import Pair, measure
from hub.bench.rows import Row
from hub.demo.data import write_demo_data
from hub.gate.exchange import Verdict

DESCRIPTION = """\
name = "transport"
files = ["flights.parquet"]
privacy_unit = "carrier"
profile = "fr-entreprises"

[tables."table.csv"]
dataset = "transport"
dimensions = ["origin", "month"]
"""


@dataclass(frozen=True, slots=True)
class GateCheck:
    """A table, the dataset that it came from, and the dataset's description."""

    folder: Path

    def by_the_gate(self) -> Verdict:
        """Check the table: reader and checker start as processes of their own."""
        return check_paths([self.folder / "table.csv"], Asked((self.folder / "transport.toml",))).result.verdict

    def by_polars(self) -> pl.DataFrame:
        """Make the table again."""
        flights = pl.scan_parquet(self.folder / "flights.parquet")
        return flights.group_by("origin", "month").agg(pl.len(), pl.col("carrier").n_unique()).collect()


def rows(folder: Path, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """A check beside the table's own making."""
    with ready(folder) as made:
        title = "gate check on 336,776 rows / a Polars group-by of them"
        yield measure(Pair(title, made.by_the_gate, made.by_polars), rounds, tell)


@contextmanager
def ready(folder: Path) -> Iterator[GateCheck]:
    """Write the flights of 2013 and a table made from them."""
    write_demo_data(folder)
    made = GateCheck(folder)
    source = next(folder.rglob("flights.*"))
    flights = pl.read_csv(source, null_values="NA") if source.suffix == ".csv" else pl.read_parquet(source)
    flights.write_parquet(folder / "flights.parquet")
    (folder / "transport.toml").write_text(DESCRIPTION)
    made.by_polars().select("origin", "month", pl.col("len").alias("n")).sort("origin", "month").write_csv(
        folder / "table.csv"
    )
    yield made
