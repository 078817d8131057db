"""Canaries: what an owner planted in a dataset, and nobody but the gate is told.

Invariants:

* they stand in a record of their own, which no page, no answer of the API and no audit event holds; these say how many;
* the gate's checker is told of them, a workspace's pre-check is not, so that it cannot be asked for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from hub.domain.errors import InvalidError

SHORTEST = 6
MOST_VALUES = 200
MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Canaries:
    """What was planted in a dataset: values that stand nowhere else, and rows, picked by columns with their values."""

    dataset: str
    canaries: tuple[str, ...] = field(repr=False)
    canary_rows: tuple[dict[str, str], ...] = field(repr=False)
    declared_by: str
    declared: datetime


@dataclass(frozen=True, slots=True)
class CanaryCount:
    """How many values and rows are declared, and who did that last."""

    dataset: str
    canaries: int = 0
    canary_rows: int = 0
    declared_by: str = ""
    declared: datetime | None = None


def counted(dataset: str, known: Canaries | None) -> CanaryCount:
    """Return what may be told of canaries."""
    if known is None:
        return CanaryCount(dataset)
    return CanaryCount(dataset, len(known.canaries), len(known.canary_rows), known.declared_by, known.declared)


def within(known: Canaries | None, columns: Iterable[str]) -> Canaries | None:
    """Return what can stand in data of these columns: an older snapshot may lack one by which a row is picked."""
    if known is None:
        return None
    there = set(columns)
    return replace(known, canary_rows=tuple(row for row in known.canary_rows if row.keys() <= there))


def check_canaries(known: Canaries, columns: Iterable[str]) -> None:
    """Values have six characters or more, and rows are picked by columns that the data have; few of each are enough."""
    if any(len(value.strip()) < SHORTEST for value in known.canaries) or len(known.canaries) > MOST_VALUES:
        raise InvalidError(
            "A canary is a value of six characters or more, and there are 200 at most.", reason="canary-values"
        )
    if len(known.canary_rows) > MOST_ROWS or not all(known.canary_rows):
        raise InvalidError(
            "A canary row is picked by one column or more with its value, and there are 20 at most.",
            reason="canary-rows",
        )
    if not {column for row in known.canary_rows for column in row} <= set(columns):
        raise InvalidError(
            "A canary row names a column that the newest snapshot of {name} does not have; write it as the data do.",
            reason="canary-columns",
            name=known.dataset,
        )
