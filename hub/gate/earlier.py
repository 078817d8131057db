"""Tables that left before, as a check is told of them; who only keeps and hands them on loads nothing that counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from hub.gate.exchange import TablePart
from hub.gate.fragments import Part

MOST_EARLIER = 2_000
MOST_EARLIER_BYTES = 64 * 2**20


class EarlierTable(Part):
    """A table that left before; ``own`` where the same project released it, ``current`` where on the same snapshot."""

    release: Annotated[str, Field(max_length=200)]
    own: bool = False
    current: bool = True
    table: TablePart

    @property
    def label(self) -> str:
        """How a steward finds it."""
        return f"{self.release}, {self.table.path}" if self.release else self.table.path


class EarlierTables(Part):
    """What the checking container is told of earlier releases; ``complete`` is false where some are left out."""

    tables: tuple[EarlierTable, ...] = Field(default=(), max_length=MOST_EARLIER)
    complete: bool = True


def with_tables(earlier: EarlierTables, tables: Iterable[TablePart], *, current: bool = True) -> EarlierTables:
    """Return the earlier tables with those of a file that would leave in the same request, or lies beside it."""
    added = tuple(EarlierTable(release="", own=True, current=current, table=table) for table in tables)
    known = (*earlier.tables, *added)
    return EarlierTables(tables=known[:MOST_EARLIER], complete=earlier.complete and len(known) <= MOST_EARLIER)
