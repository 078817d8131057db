"""Where a table and a file of a dataset have values in common; worked out once for the checks that ask for it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from hub.gate.context import Context
from hub.gate.datasets import DataFile
from hub.gate.shared import Cells, cells_of, shared_values
from hub.gate.views import TableView


@dataclass(frozen=True, slots=True, eq=False)
class Meeting:
    """A table's different rows, and the values that they share with each column of the file."""

    cells: Cells
    hits: pl.DataFrame


def meeting_of(view: TableView, file: DataFile, context: Context) -> Meeting:
    """Return what a table shares with a file."""

    def make() -> Meeting:
        cells = cells_of(view, context.policy.limits.table_rows)
        return Meeting(cells, shared_values(view, cells, file))

    return context.shared("meeting", (view, file), make)
