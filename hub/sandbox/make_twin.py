"""Program of the checker's container: a synthetic twin of a dataset, from noisy counts of each column by itself.

It reads ``/in/request.json`` (``MakeTwinRequest``) and the files below ``/data``; it writes
``/out/fragments/<file>.parquet`` and ``/out/result.json`` (``TwinFiles``). Invariants:

* no row is copied: a value is drawn from a class of its column's domain, and the domain is known beforehand;
* of the dataset, only its columns' types and the noisy counts reach the twin, at ``epsilon`` for one privacy unit, all
  columns of all files together;
* columns that name units, and those without a domain, are invented, and nothing of them is read.

Files in which nobody knows whose the rows are, since the privacy unit is not among their columns, are not counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import polars as pl
from polars.exceptions import PanicException, PolarsError

from hub.domain.sandbox_exit import SandboxExit
from hub.sandbox.column_domain import Domain, declared_range, declared_values, domain_of
from hub.sandbox.exchange import SnapshotEntry
from hub.sandbox.noisy_columns import drawn, likely, noisy_counts, one_row_each
from hub.sandbox.program import SandboxError, read_request, run_program, write_atomically
from hub.sandbox.snapshot import write_table
from hub.sandbox.twin import invented_values, schema_of
from hub.sandbox.twin_exchange import FOLDER, DeclaredDomain, MakeTwinRequest, TwinFiles

ROWS_OF_A_UNIT = 4
"""Rows that each invented unit has, in every file, so that files can be joined and groups have several rows."""
_WHOLE = re.compile(r"0|-?[1-9][0-9]*")
Domains = Mapping[str, Domain]


def make_twin(root: Path) -> SandboxExit:
    """Make a twin of each file of the dataset, and write the result."""
    request = read_request(root / "in" / "request.json", MakeTwinRequest)
    out = root / "out" / FOLDER
    out.mkdir(exist_ok=True)
    paths = [root / "data" / request.dataset / name for name in request.files]
    counted = {path: counted_columns(schema_of(path), request) for path in paths}
    columns = sum(map(len, counted.values()))
    epsilon = Fraction(request.epsilon) / max(columns, 1)
    random = Random(request.seed)  # noqa: S311 - it draws from counts that have their noise already
    files = tuple(_write(path, out, counted[path], epsilon, request, random) for path in paths)
    write_atomically(root / "out", "result.json", TwinFiles(files=files).model_dump_json().encode())
    return SandboxExit.OK


def counted_columns(schema: Mapping[str, Any], request: MakeTwinRequest) -> dict[str, Domain]:
    """Return the columns that are counted, with their domains."""
    if request.privacy_unit and request.privacy_unit not in schema:
        return {}
    declared = {domain.column: domain for domain in request.domains}
    invented = {request.privacy_unit, *request.direct_identifiers}
    known = {name: _domain(name, kind, declared.get(name)) for name, kind in schema.items() if name not in invented}
    return {name: domain for name, domain in known.items() if domain is not None}


def _domain(name: str, kind: Any, declared: DeclaredDomain | None) -> Domain | None:
    if declared is None:
        return domain_of(name, kind)
    if declared.values and _are_of(kind, declared.values):
        return declared_values(name, declared.values)
    if declared.low is None or declared.high is None or not kind.is_numeric():
        raise SandboxError(SandboxExit.TWIN_DOMAIN)
    return declared_range(name, declared.low, declared.high, whole=kind.is_integer())


def _are_of(kind: Any, values: Sequence[str]) -> bool:
    """Whether a column can hold declared values as they are written: any other would count nothing."""
    return kind == pl.String or (kind.is_integer() and all(map(_WHOLE.fullmatch, values)))


def _write(
    path: Path, out: Path, domains: Domains, epsilon: Fraction, request: MakeTwinRequest, random: Random
) -> SnapshotEntry:
    schema = schema_of(path)
    unit = request.privacy_unit if domains else ""
    try:
        rows = one_row_each(pl.read_parquet(path, columns=list({*domains, *([unit] if unit else [])})), unit)
        counts = {name: likely(noisy_counts(rows, name, d, epsilon), epsilon) for name, d in domains.items()}
    except (PolarsError, PanicException, OSError):
        raise SandboxError(SandboxExit.BROKEN_FILE) from None
    made = []
    for number, (name, kind) in enumerate(schema.items()):
        if name in domains:
            made.append(drawn(name, kind, domains[name], counts[name], request.rows, random))
        elif name in {request.privacy_unit, *request.direct_identifiers}:
            made.append(_names(name, kind, request.rows))
        else:
            made.append(invented_values(name, kind, number, request.rows))
    return write_table(out, path.stem, pl.DataFrame(made))


def _names(name: str, kind: Any, rows: int) -> pl.Series:
    """Names of units that nobody has: texts that say so, and numbers below zero, where the type has such."""
    units = [row // ROWS_OF_A_UNIT + 1 for row in range(rows)]
    if kind == pl.String:
        return pl.Series(name, [f"synthetic-{unit:06d}" for unit in units], dtype=pl.String)
    if kind.is_unsigned_integer():
        most = int(pl.select(kind.max()).item())
        return pl.Series(name, [most - unit for unit in units], strict=False).cast(kind, strict=False)
    if kind.is_numeric():
        return pl.Series(name, [-unit for unit in units]).cast(kind, strict=False)
    return pl.Series(name, [None] * rows, dtype=kind)


def main(root: Path = Path("/")) -> NoReturn:
    """Make a twin, and end with a code of ``SandboxExit``."""
    run_program(make_twin, root)


if __name__ == "__main__":
    main()
