"""What is measured, by name; a new measurement is a module with a function ``rows``, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from hub.bench import (
    dataset_scan,
    fifty,
    gate_check,
    gate_large,
    gateway_way,
    lab_page,
    pages,
    queued_runs,
    trivial_run,
    workspaces,
)
from hub.bench.rows import Row

Measurement = Callable[[Path, int, Callable[[str], None]], Iterator[Row]]
"""``(folder, rounds, tell) -> rows``: makes its state in the folder, which is not there yet, and clears it away."""

MEASUREMENTS: dict[str, Measurement] = {
    "workspaces": workspaces.rows,
    "gateway": gateway_way.rows,
    "page": lab_page.rows,
    "pages": pages.rows,
    "run": trivial_run.rows,
    "gate": gate_check.rows,
    "large": gate_large.rows,
    "scan": dataset_scan.rows,
}
"""By the names that ``--only`` takes, in this order."""
LONG: dict[str, Measurement] = {"queued": queued_runs.rows, "fifty": fifty.rows}
"""What takes minutes, and is measured when it is asked for."""
