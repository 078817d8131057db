"""What a picture's file holds beside the picture: kinds and bytes, since its content goes nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from hub.gate.fragments import LeftOut


def left_out(parts: Iterable[tuple[str, bytes]]) -> tuple[LeftOut, ...]:
    """Return how many parts of each kind there are, and how many bytes they hold together, by the kinds' names."""
    counts: dict[str, tuple[int, int]] = {}
    for kind, body in parts:
        count, size = counts.get(kind, (0, 0))
        counts[kind] = (count + 1, size + len(body))
    return tuple(LeftOut(kind=kind, count=count, size=size) for kind, (count, size) in sorted(counts.items()))
