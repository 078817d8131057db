"""Records that are written downward: one value to a line, and the next record below.

Lines are of a kind: whole numbers, fractions, or all else. Where the kinds come back in the same order again and again,
the lines of each turn are a record; where all are fractions, or all whole numbers, records of each small width are
tried. A line above may be of the kind that ends a record, so that small records may begin at each line of the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

MOST_LINES = 16
_SMALL = 6
_FEWEST_RECORDS = 4
_FRACTION = re.compile(r"[+-]?\d[\d\s,'_]*[.,]\d+(?:[eE][+-]?\d{1,3})?")
_WHOLE = re.compile(r"[+-]?\d+")
_TEXT, _NUMBER, _DECIMAL = 0, 1, 2


def downward(lines: list[str]) -> Iterator[list[list[str]]]:
    """Yield the records that lines may be, as rows of one width."""
    cells = [line.strip() for line in lines if line.strip()]
    if len(cells) < 2 * _FEWEST_RECORDS:
        return
    kinds = np.array([_kind(cell) for cell in cells], dtype=np.uint8)
    told: list[int] = []
    for width in range(2, MOST_LINES + 1):
        start, length = _longest(kinds[:-width] == kinds[width:])
        records = (length + width) // width
        of_one = kinds[start : start + width]
        is_alike = bool((of_one == of_one[0]).all())
        is_known = any(width % other == 0 for other in told) and not is_alike
        if records < _FEWEST_RECORDS or is_known or not of_one.any() or (is_alike and width > _SMALL):
            continue
        told.append(width)
        run = cells[start : start + length + width]
        for first in range(width if width <= _SMALL else 1):
            rows = [run[at : at + width] for at in range(first, len(run) - width + 1, width)]
            if len(rows) >= _FEWEST_RECORDS:
                yield rows


def _kind(cell: str) -> int:
    if _WHOLE.fullmatch(cell):
        return _NUMBER
    return _DECIMAL if _FRACTION.fullmatch(cell) else _TEXT


def _longest(same: npt.NDArray[np.bool_]) -> tuple[int, int]:
    """Where the longest run of what is true begins, and how long it is."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    if not edges.size:
        return 0, 0
    begins, ends = edges[::2], edges[1::2]
    at = int(np.argmax(ends - begins))
    return int(begins[at]), int(ends[at] - begins[at])
