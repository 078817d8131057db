"""Tables that people take along: CSV in which no cell is run by a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from hub.gate.canonical_table import harmless_cell


def csv_of(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """Return the bytes (RFC 4180, UTF-8, CRLF): a header, and each cell as the gate lets text leave."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([harmless_cell(cell) for cell in row] for row in rows)
    return written.getvalue().encode()
