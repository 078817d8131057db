"""Program of the reader's container: offered dataset files become Parquet files, the same bytes from the same input.

It reads ``/in/request.json`` (``SnapshotRequest``) and ``/in/0001`` …, and writes ``/out/<stem>.parquet`` and
``/out/result.json`` (``SnapshotResult``). Invariants:

* all files are accepted or none: a result that lists files exists only where every file is good;
* a file's kind is what its content says, and its name must say the same;
* columns have plain names and hold plain values; nothing of a Parquet file's own metadata is carried along.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import polars as pl
from polars.exceptions import PanicException, PolarsError

from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.csv_table import read_csv
from hub.sandbox.exchange import (
    LONGEST_COLUMN,
    MOST_COLUMNS,
    STEM_PATTERN,
    OfferedEntry,
    SnapshotEntry,
    SnapshotRequest,
    SnapshotResult,
)
from hub.sandbox.program import SandboxError, read_request, run_program, write_atomically

CSV_SUFFIXES = frozenset({".csv", ".tsv"})
PARQUET_SUFFIX = ".parquet"
MAGIC = b"PAR1"
ROWS_IN_A_GROUP = 2**17
_KINDS = (
    pl.Boolean, pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float32,
    pl.Float64, pl.Decimal, pl.String, pl.Date, pl.Datetime, pl.Time, pl.Duration, pl.Categorical, pl.Enum, pl.Null,
)  # fmt: skip


def snapshot(root: Path) -> SandboxExit:
    """Turn the files below ``root`` into Parquet and write the result; a refusal names the file at fault."""
    request = read_request(root / "in" / "request.json", SnapshotRequest)
    try:
        result = SnapshotResult(files=convert_all(root / "in", root / "out", request))
    except SandboxError as error:
        _answer(root, SnapshotResult(fault=error.file or None))
        raise
    _answer(root, result)
    return SandboxExit.OK


def _answer(root: Path, result: SnapshotResult) -> None:
    write_atomically(root / "out", "result.json", result.model_dump_json().encode())


def convert_all(inside: Path, out: Path, request: SnapshotRequest) -> tuple[SnapshotEntry, ...]:
    """Turn the offered files into Parquet files below ``out``; SandboxError where one of them is refused."""
    stems = _stems(request.files)
    entries = []
    for file, stem in zip(request.files, stems, strict=True):
        with _at(file):
            table = read_table(inside / f"{file.index:04d}", Path(file.name).suffix.lower())
            entries.append(write_table(out, stem, table))
    columns = {column for entry in entries for column in entry.columns}
    wanted = {request.privacy_unit, *request.direct_identifiers, *request.other_columns} - {""}
    if not wanted <= columns:
        raise SandboxError(SandboxExit.MISSING_COLUMN)
    return tuple(entries)


@contextlib.contextmanager
def _at(file: OfferedEntry) -> Iterator[None]:
    """Refusals inside name this file."""
    try:
        yield
    except SandboxError as error:
        raise SandboxError(error.code, file=file.index) from None


def _stems(files: tuple[OfferedEntry, ...]) -> list[str]:
    """Return what each file will be called, without its ending; two that differ by capitals alone are refused."""
    stems: list[str] = []
    for file in files:
        with _at(file):
            name = Path(file.name)
            if name.suffix.lower() not in {*CSV_SUFFIXES, PARQUET_SUFFIX}:
                raise SandboxError(SandboxExit.UNKNOWN_KIND)
            taken = name.stem.casefold() in {stem.casefold() for stem in stems}
            if taken or name.name != file.name or not re.fullmatch(STEM_PATTERN, name.stem):
                raise SandboxError(SandboxExit.FILE_NAME)
            stems.append(name.stem)
    return stems


def read_table(path: Path, suffix: str) -> pl.DataFrame:
    """Return the table of a CSV or Parquet file, with plain names and plain values, or refuse it."""
    with path.open("rb") as file:
        is_parquet = file.read(len(MAGIC)) == MAGIC
    if is_parquet != (suffix == PARQUET_SUFFIX):
        raise SandboxError(SandboxExit.BROKEN_FILE)
    try:
        table = pl.read_parquet(path, glob=False, hive_partitioning=False) if is_parquet else read_csv(path)
    except (PolarsError, PanicException, UnicodeDecodeError, csv.Error):
        raise SandboxError(SandboxExit.BROKEN_FILE) from None
    return _check_plain(table)


def _check_plain(table: pl.DataFrame) -> pl.DataFrame:
    if not table.height or not table.width:
        raise SandboxError(SandboxExit.EMPTY_TABLE)
    if table.width > MOST_COLUMNS:
        raise SandboxError(SandboxExit.TOO_LARGE)
    if not all(_is_plain(name) for name in table.columns):
        raise SandboxError(SandboxExit.COLUMN_NAME)
    if any(kind not in _KINDS for kind in table.dtypes):
        raise SandboxError(SandboxExit.COLUMN_KIND)
    return table.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))


def _is_plain(name: str) -> bool:
    """A column's name can be printed, and is the same with the spaces around it taken away."""
    return 0 < len(name) <= LONGEST_COLUMN and name.isprintable() and name == name.strip()


def write_table(out: Path, stem: str, table: pl.DataFrame) -> SnapshotEntry:
    """Write a table as Parquet, the same bytes for the same table, and return what stands in the manifest."""
    buffer = io.BytesIO()  # Written through memory, since Polars tells a full disk and a broken file by one error.
    table.write_parquet(
        buffer, compression="zstd", compression_level=3, statistics=True, row_group_size=ROWS_IN_A_GROUP
    )
    body = buffer.getvalue()
    entry = SnapshotEntry(
        path=f"{stem}{PARQUET_SUFFIX}",
        rows=table.height,
        columns=tuple(table.columns),
        sha256=hashlib.sha256(body).hexdigest(),
        size=len(body),
    )
    write_atomically(out, entry.path, body)
    return entry


def main(root: Path = Path("/")) -> NoReturn:
    """Make a snapshot, and end with a code of ``SandboxExit``."""
    run_program(snapshot, root)


if __name__ == "__main__":
    main()
