"""Program of the checker's container: whether a synthetic twin says anything of a row of its dataset.

It reads ``/in/request.json`` (``CheckTwinRequest``), the twin's files below ``/in/fragments`` and the dataset below
``/data``; it writes ``/out/result.json`` (``CheckTwinResult``). Invariants:

* the gate's own checks of leaks look at every row of the twin, as if it were to leave;
* a check that fails blocks, and so do files or columns that are not the dataset's own, in name, order and type;
* what is answered of a file is of the very bytes that were checked.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import polars as pl
from polars.exceptions import PanicException, PolarsError
from pydantic import ValidationError

from hub.domain.errors import InvalidError
from hub.domain.exports import Severity
from hub.domain.sandbox_exit import SandboxExit
from hub.domain.table_context import TableContext
from hub.gate.column_forms import text_of
from hub.gate.context import Context
from hub.gate.cut_cells import MOST_CELLS, cells_of_several
from hub.gate.engine import leaks
from hub.gate.exchange import MOST_REQUEST_BYTES
from hub.gate.fragments import TableFragment
from hub.gate.kinds import Kind
from hub.gate.mounted import MountedDataset, mount
from hub.gate.views import tables
from hub.policy.model import Policy
from hub.sandbox.exchange import SnapshotEntry
from hub.sandbox.program import SandboxError, read_bounded, run_program, write_atomically
from hub.sandbox.twin import schema_of
from hub.sandbox.twin_exchange import FOLDER, CheckTwinRequest, CheckTwinResult

MOST_TWIN_BYTES = 256 * 2**20
CELLS_AT_ONCE = 1_000_000
COLUMNS = "columns"
"""Stands for the check where a twin has not the files, columns and types of its dataset."""


def check_twin(root: Path) -> SandboxExit:
    """Judge a twin's files, and write the answer."""
    request = _request(root / "in" / "request.json")
    folder, real = root / "in" / FOLDER, root / request.dataset.folder.lstrip("/")
    described = request.dataset.model_copy(update={"folder": str(real)})
    try:
        dataset = mount(described)
    except (InvalidError, OSError, PolarsError):
        raise SandboxError(SandboxExit.BROKEN_FILE) from None
    blocked: set[str] = set()
    files = []
    for name in request.files:
        body = read_bounded(folder / name, MOST_TWIN_BYTES)
        table = _table(body)
        files.append(_entry(name, body, table))
        if not (real / name).is_file() or list(table.schema.items()) != list(schema_of(real / name).items()):
            blocked.add(COLUMNS)
        blocked |= blocking(table, dataset, request.policy)
    if {file.name for file in real.glob("*.parquet")} != set(request.files):
        blocked.add(COLUMNS)
    result = CheckTwinResult(blocked_by=tuple(sorted(blocked)), files=tuple(files))
    write_atomically(root / "out", "result.json", result.model_dump_json().encode())
    return SandboxExit.OK


def blocking(table: pl.DataFrame, dataset: MountedDataset, policy: Policy) -> set[str]:
    """Return the checks of leaks that block a table, which is looked at in pieces that the gate takes."""
    found: set[str] = set()
    for part in _pieces(table, policy.limits.table_rows):
        context = Context("twin.parquet", Kind.PARQUET, TableContext(), policy, (dataset,))
        found |= {f.check for f in leaks(part, context) if f.severity is Severity.BLOCK}
    return found


def _pieces(table: pl.DataFrame, most: int) -> Iterator[TableFragment]:
    """Yield a table in pieces of which the checks of leaks look at every row and every cell.

    Where a piece has more cells of several values than the checks cut, its columns with such cells follow one by one,
    but for those of times: a moment is one value, with however many numbers it is written.
    """
    rows = max(1, min(most, MOST_CELLS, CELLS_AT_ONCE // table.width))
    texts = table.select(text_of(name, kind).fill_null("") for name, kind in table.schema.items())
    for start in range(0, table.height, rows):
        part = texts.slice(start, rows)
        yield (whole := _fragment(part))
        if _cells_to_cut(whole) > MOST_CELLS:
            others = (name for name, kind in table.schema.items() if not kind.is_temporal())
            columns = (_fragment(part.select(name)) for name in others)
            yield from (column for column in columns if _cells_to_cut(column))


def _fragment(part: pl.DataFrame) -> TableFragment:
    return TableFragment(columns=tuple(part.columns), data=tuple(tuple(column) for column in part.get_columns()))


def _cells_to_cut(fragment: TableFragment) -> int:
    return sum(len(cells_of_several(fragment, view)) for view in tables(fragment))


def _request(path: Path) -> CheckTwinRequest:
    try:
        return CheckTwinRequest.model_validate_json(read_bounded(path, MOST_REQUEST_BYTES))
    except (OSError, ValidationError):
        raise SandboxError(SandboxExit.BAD_REQUEST) from None


def _table(body: bytes) -> pl.DataFrame:
    try:
        return pl.read_parquet(io.BytesIO(body), hive_partitioning=False)
    except (PolarsError, PanicException):
        raise SandboxError(SandboxExit.BROKEN_FILE) from None


def _entry(name: str, body: bytes, table: pl.DataFrame) -> SnapshotEntry:
    digest = hashlib.sha256(body).hexdigest()
    return SnapshotEntry(path=name, rows=table.height, columns=tuple(table.columns), sha256=digest, size=len(body))


def main(root: Path = Path("/")) -> NoReturn:
    """Check a twin, and end with a code of ``SandboxExit``."""
    run_program(check_twin, root)


if __name__ == "__main__":
    main()
