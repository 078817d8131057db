"""Header rows of printed and HTML tables, as pandas and polars write them."""

from __future__ import annotations

Grid = list[list[str]]


def split_header(grid: Grid) -> tuple[list[str], Grid]:
    """Return header and rows; a second header row that only names the index is merged into the first."""
    header, rows = list(grid[0]), grid[1:]
    if rows and _only_fills_gaps(header, rows[0]):
        header = [first or second for first, second in zip(header, rows[0], strict=True)]
        rows = rows[1:]
    return header, rows


def _only_fills_gaps(header: list[str], row: list[str]) -> bool:
    """The row has text exactly where the header above has none, and nowhere else."""
    gaps = [second for first, second in zip(header, row, strict=True) if not first]
    others = [second for first, second in zip(header, row, strict=True) if first]
    return bool(gaps) and bool(others) and all(gaps) and not any(others)
