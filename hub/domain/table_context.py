"""What an author declares about a table, so that the gate can compute it again."""

from __future__ import annotations

from dataclasses import dataclass

AGGREGATES: dict[str, tuple[str, ...]] = {
    "count": ("rows", "units", "weight"),
    "units": ("units",),
    "sum": ("sum",),
    "mean": ("mean",),
    "median": ("median",),
    "quantile": ("quantile",),
    "min": ("min",),
    "minimum": ("min",),
    "max": ("max",),
    "maximum": ("max",),
    "share": ("share", "mean"),
    "std": ("std",),
}
"""What an author may declare, with the figures that it may be: a count is of rows or of units, the share of those with
a yes is the mean of a column of zeros and ones."""


@dataclass(frozen=True, slots=True)
class TableContext:
    """What the author declares about a table: dataset, dimensions (group columns), measure and aggregate.

    ``quantile`` says which one a quantile is (0.9), ``weight`` names the column of weights, ``filter`` says which rows
    of the dataset were taken (see ``hub.gate.filter_language``), and ``rounding`` to what numbers were rounded.
    """

    dataset: str = ""
    dimensions: tuple[str, ...] = ()
    measure: str = ""
    aggregate: str = "count"
    quantile: float = 0.0
    weight: str = ""
    filter: str = ""
    rounding: float = 0.0


UNDECLARED = TableContext()
"""Nothing is declared."""
