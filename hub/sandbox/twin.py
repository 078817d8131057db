"""Program of the checker's container: twins of datasets, invented from the names and types of their columns alone.

It reads ``/in/request.json`` (``TwinRequest``) and, of each file below ``/data``, its schema; it writes
``/out/<dataset>/<file>.parquet`` and ``/out/result.json`` (``TwinResult``). Invariants:

* no value, no number of rows and no statistic of a dataset is read, so that none of them can be in its twin;
* the same columns give the same twin, byte for byte.

Such a twin shows whether a notebook runs, not whether its numbers make sense: no column goes with another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
from polars.exceptions import PanicException, PolarsError

from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.exchange import SnapshotEntry, TwinDataset, TwinEntry, TwinRequest, TwinResult
from hub.sandbox.program import SandboxError, read_request, run_program, write_atomically
from hub.sandbox.snapshot import write_table

ROWS = 420
"""Enough for groups of twenty in each of a column's few values."""
DAY = date(2001, 1, 1)
WORDS = ("a", "b", "c", "d", "e")
PERIODS = (7, 5, 3, 11, 2, 13)
"""Columns beside each other repeat after different numbers of rows, so that each value meets each of the other's."""

_INVENTED: tuple[tuple[Any, Callable[[int], object]], ...] = (
    (pl.Boolean, lambda n: n % 2 == 0),
    (pl.String, lambda n: WORDS[n % len(WORDS)]),
    (pl.Date, lambda n: DAY + timedelta(days=n)),
    (pl.Datetime, lambda n: datetime(2001, 1, 1) + timedelta(days=n)),  # the column has its own zone
    (pl.Time, lambda n: time(n % 24)),
    (pl.Duration, lambda n: timedelta(days=n)),
    (pl.Null, lambda n: None),
    (pl.Decimal, lambda n: n + 1),
)
"""The value of a kind that stands at a number; whole numbers and those with a point are made below."""


def twin(root: Path) -> SandboxExit:
    """Invent a twin of each dataset that is asked for, and write the result."""
    request = read_request(root / "in" / "request.json", TwinRequest)
    result = TwinResult(datasets=tuple(_twin_of(root, dataset) for dataset in request.datasets))
    write_atomically(root / "out", "result.json", result.model_dump_json().encode())
    return SandboxExit.OK


def _twin_of(root: Path, dataset: TwinDataset) -> TwinEntry:
    out = root / "out" / dataset.name
    out.mkdir()
    return TwinEntry(
        name=dataset.name, files=tuple(_write(root / "data" / dataset.name / name, out) for name in dataset.files)
    )


def _write(path: Path, out: Path) -> SnapshotEntry:
    return write_table(out, path.stem, invented(schema_of(path)))


def schema_of(path: Path) -> dict[str, Any]:
    """Return the columns of a Parquet file with their types; nothing else of it is read."""
    try:
        return dict(pl.read_parquet_schema(path))
    except (PolarsError, PanicException, OSError):
        raise SandboxError(SandboxExit.BROKEN_FILE) from None


def invented(schema: dict[str, Any]) -> pl.DataFrame:
    """Return rows that nobody ever had, with these columns."""
    return pl.DataFrame([invented_values(name, kind, number) for number, (name, kind) in enumerate(schema.items())])


def invented_values(name: str, kind: Any, number: int, rows: int = ROWS) -> pl.Series:
    """Return a column that follows from its type and its place alone."""
    period = PERIODS[number % len(PERIODS)]
    steps = [row % period for row in range(rows)]
    if kind.is_integer():
        return pl.Series(name, [step + 1 for step in steps], dtype=kind)
    if kind.is_float():
        return pl.Series(name, [step + 0.5 for step in steps], dtype=kind)
    make = next((make for known, make in _INVENTED if kind == known), None)
    if make is None:
        raise SandboxError(SandboxExit.COLUMN_KIND)
    # A value that the type has no room for is missing: a decimal may have no digit before its point.
    return pl.Series(name, [make(step) for step in steps]).cast(kind, strict=False)


def main(root: Path = Path("/")) -> NoReturn:
    """Make twins, and end with a code of ``SandboxExit``."""
    run_program(twin, root)


if __name__ == "__main__":
    main()
