"""A plot of ratios for the page of measurements: an SVG that we write, bars on a logarithmic scale around one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from typing import Any

_WIDTH, _LEFT, _RIGHT, _LINE = 860, 430, 70, 22


def plot(rows: list[dict[str, Any]]) -> str:
    """Return the SVG of the rows that have something beside them; shorter to the left means that the lab takes less."""
    told = [row for row in rows if row["ratio"]]
    height = _LINE * len(told) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
        'font-family="sans-serif" font-size="12" role="img" aria-label="Ratios of the measurements">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        *_bars(told),
        f'<line x1="{_x(1.0):.1f}" y1="4" x2="{_x(1.0):.1f}" y2="{height - 22}" stroke="#333"/>',
        f'<text x="{_x(1.0):.1f}" y="{height - 8}" text-anchor="middle">as much as instead (1)</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bars(told: list[dict[str, Any]]) -> Iterator[str]:
    for number, row in enumerate(told):
        top = 6 + number * _LINE
        start, end = sorted((_x(1.0), _x(row["ratio"])))
        colour = "#2a7f5f" if row["met"] else "#b4452c" if row["met"] is False else "#5a6b7b"
        yield f'<text x="{_LEFT - 90}" y="{top + 13}" text-anchor="end">{escape(row["title"])}</text>'
        yield f'<rect x="{start:.1f}" y="{top}" width="{max(end - start, 1):.1f}" height="16" fill="{colour}"/>'
        yield f'<text x="{_WIDTH - 4}" y="{top + 13}" text-anchor="end">{row["ratio"]:.2f}</text>'


def _x(ratio: float) -> float:
    """A hundredth at the left end, a hundredfold at the right one."""
    share = (math.log10(min(max(ratio, 0.01), 100.0)) + 2) / 4
    return _LEFT - 80 + share * (_WIDTH - _RIGHT - _LEFT + 80)
