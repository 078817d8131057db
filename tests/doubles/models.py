"""Models as JSON, in the form that the gate reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl


def tree_form(counts: Sequence[list[int] | None], age: float = 49.5, /, **more: object) -> dict[str, Any]:
    """Return a tree that splits by age once, with the records of each class at its nodes."""
    return {
        "form": "datalab-tree/1",
        "outcome": "ill",
        "classes": ["no", "yes"],
        "features": ["age"],
        "left": [1, -1, -1],
        "right": [2, -1, -1],
        "feature": [0, None, None],
        "threshold": [age, None, None],
        "counts": counts,
    } | more


def leaf_counts(rows: pl.DataFrame, threshold: float = 49.5) -> list[list[int] | None]:
    """Return how many of the rows such a tree has of each class at its nodes; its root tells none."""
    sides = [rows.filter(pl.col("age") <= threshold), rows.filter(pl.col("age") > threshold)]
    return [None, *([int((side["ill"] == label).sum()) for label in ("no", "yes")] for side in sides)]
