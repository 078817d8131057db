"""Acts that are measured in a process of their own: ``python -m hub.bench.child ACT FOLDER ROWS`` prints JSON.

Printed are the seconds of the act alone, without imports, and the process' largest memory, with them.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from hub.adapters.local_gate import Asked, check_paths
from hub.bench.large import EARLIER, dataset_of, offered_of, request_of, written
from hub.domain.table_context import TableContext
from hub.gate.checks.check import Check
from hub.gate.checks.differencing import DIFFERENCING, table_of
from hub.gate.checks.dominance import DOMINANCE
from hub.gate.checks.frequency import MINIMUM_FREQUENCY
from hub.gate.checks.leak import ROW_LEAK
from hub.gate.checks.recompute import RECOMPUTE
from hub.gate.context import Context
from hub.gate.earlier import EarlierTable, EarlierTables
from hub.gate.mounted import MountedDataset
from hub.gate.readers.files import read_file
from hub.policy.load import load_profile

TABLE_RULES = (MINIMUM_FREQUENCY, DOMINANCE, RECOMPUTE)
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Taken:
    """What an act took: seconds, and MiB at most."""

    seconds: float
    peak: float


def taken(act: str, folder: Path, rows: int, python: str = "") -> Taken:
    """Run an act in a process of its own; another Python runs the other side."""
    program = [python, str(ACRO)] if python else [sys.executable, "-m", "hub.bench.child"]
    done = subprocess.run([*program, act, str(folder), str(rows)], capture_output=True, text=True, check=True)
    said = json.loads(done.stdout.splitlines()[-1])
    return Taken(said["seconds"], said["peak"])


ACRO = Path(__file__).with_name("acro_crosstab.py")
"""The other side's program, which runs in its own environment and knows nothing of the lab."""


def scan(folder: Path, rows: int) -> Callable[[], object]:
    """A plain scan: read every column of every row."""
    path = written(folder, rows)
    return lambda: pl.scan_parquet(path).select(pl.all().max()).collect(engine="streaming")


def checked(checks: tuple[Check, ...], folder: Path, rows: int, name: str) -> Callable[[], object]:
    """Some checks on one file, from opening the dataset on."""
    file, policy = read_file(1, f"{name}.csv", offered_of(folder, rows, name).read_bytes()), load_profile("uk-sacro")

    def act() -> object:
        context = Context(file.path, file.kind, TableContext(), policy, (dataset_of(folder, rows),))
        return [check.run(fragment, context) for fragment in file.fragments for check in checks]

    return act


def table_rules(folder: Path, rows: int) -> Callable[[], object]:
    """Minimum frequency, dominance and recomputation of counts and means by three dimensions."""
    return checked(TABLE_RULES, folder, rows, "table")


def leaked(folder: Path, rows: int) -> Callable[[], object]:
    """Row leakage of a thousand rows, renamed and rounded."""
    return checked((ROW_LEAK,), folder, rows, "rows")


def honest(folder: Path, rows: int) -> Callable[[], object]:
    """Row leakage of a thousand means and counts, renamed."""
    return checked((ROW_LEAK,), folder, rows, "results")


def differencing(folder: Path, rows: int) -> Callable[[], object]:
    """Differencing of a table that was recomputed already, against seven that left before."""
    dataset, policy = dataset_of(folder, rows), load_profile("uk-sacro")
    earlier = EarlierTables(tables=tuple(_earlier(dataset, folder, rows, number) for number in range(len(EARLIER))))
    file = read_file(1, "table.csv", offered_of(folder, rows, "table").read_bytes())
    context = Context(file.path, file.kind, TableContext(), policy, (dataset,), earlier)
    for view in context.tables(file.fragments[0]):
        table_of(view, context)
    return lambda: DIFFERENCING.run(file.fragments[0], context)


def _earlier(dataset: MountedDataset, folder: Path, rows: int, number: int) -> EarlierTable:
    path = offered_of(folder, rows, f"earlier-{number}")
    file = read_file(1, path.name, path.read_bytes())
    context = Context(file.path, file.kind, TableContext(), load_profile("uk-sacro"), (dataset,))
    (view,) = context.tables(file.fragments[0])
    return EarlierTable(release=f"release-{number}", table=table_of(view, context))


def gate(folder: Path, rows: int) -> Callable[[], object]:
    """The whole gate on a request of 16 MB, as two programs."""
    offered, description = request_of(folder, rows)
    return lambda: check_paths([offered], Asked((description,)))


def own_peak() -> int:
    """The process' largest memory in KiB; ``ru_maxrss`` would count the one that started it, too."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


ACTS: dict[str, Callable[[Path, int], Callable[[], object]]] = {
    "scan": scan,
    "table-rules": table_rules,
    "leaked": leaked,
    "honest": honest,
    "differencing": differencing,
    "gate": gate,
}


def main(name: str, folder: str, rows: str) -> None:
    """Do one act and print what it took."""
    act = ACTS[name](Path(folder), int(rows))
    gc.freeze()  # As the gate's programs do, once all is imported.
    began = time.perf_counter()
    act()
    seconds = time.perf_counter() - began
    peak = max(own_peak(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    sys.stdout.write(json.dumps({"seconds": seconds, "peak": peak * 1024 / MIB}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
