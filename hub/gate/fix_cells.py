"""Where a finding's cells stand in the table as its author wrote it, so that a fix can leave them out."""

from __future__ import annotations

from collections.abc import Sequence

from hub.domain.exports import Fix, FixKind
from hub.gate.fragments import Fragment, TableFragment
from hub.gate.tabulation import Tabulation, is_index


def suppress_cells(fragment: Fragment, rows: Sequence[int], columns: Sequence[int]) -> Fix | None:
    """Return the fix that leaves these cells out; a table that is printed in a text has none."""
    if not isinstance(fragment, TableFragment) or not rows or not columns:
        return None
    return Fix(FixKind.SUPPRESS, fragment.place, tuple(sorted(set(rows))), tuple(sorted(set(columns))))


def suppress_rows(fragment: Fragment, tabulation: Tabulation, rows: Sequence[int]) -> Fix | None:
    """Return the fix that leaves the figures of a tabulation's rows out, and keeps their dimensions."""
    columns = [column for row in rows for column in columns_of(tabulation, row)]
    return suppress_cells(fragment, tabulation.view.row_numbers(rows), columns)


def columns_of(tabulation: Tabulation, row: int) -> list[int]:
    """Return the columns, as the author sees them, that hold the figures of a tabulation's row.

    A table that was reshaped knows where each of its rows comes from.
    """
    view = tabulation.view
    if view.origins:
        return [view.origins[row - 1]]
    own = {d.key for d in tabulation.dimensions}
    named = enumerate(zip(view.keys, view.columns, strict=True), start=1)
    return [at for at, (key, title) in named if key not in own and not is_index(view.frame[key], title)]
