"""Header rows of printed and HTML tables, as pandas and polars write them."""

from __future__ import annotations

import re

Grid = list[list[str]]

_TYPE = re.compile(
    r"(?:---|str|cat|bool|date|[iuf](?:8|16|32|64|128)|datetime\[[nμum]s(?:, [A-Za-z/_+-]{1,40})?\]"
    r"|decimal\[\d\d?,\d\d?\]|enum|null|)"
)


def is_type_row(row: list[str]) -> bool:
    """Whether a row only says of which type polars takes each column to be."""
    return all(_TYPE.fullmatch(cell) for cell in row)


def join_header(rows: Grid) -> list[str]:
    """Return one name for each column from several header rows.

    The last row of pandas may name the index alone; above an index stand the names of the columns' own levels, which
    are no column's, and left out here. What the rows say is judged for itself (``TableFragment.header``).
    """
    named = [row for row in rows if not is_type_row(row)] or rows[:1]
    *upper, last = named
    index = next((at for at, name in enumerate(last) if not name), len(last))
    if not upper or index == len(last) or any(last[index:]):
        return [_joined(column) for column in zip(*named, strict=True)]
    return [*last[:index], *(_joined(column) for column in list(zip(*upper, strict=True))[index:])]


def _joined(parts: tuple[str, ...]) -> str:
    return "_".join(dict.fromkeys(part for part in parts if part))
