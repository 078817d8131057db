"""What a measurement gives: one row, with what it was measured beside, its goal, and whether the goal is met."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from rich.table import Table
from rich.text import Text


class Of(StrEnum):
    """What a goal speaks of: the lab's own number, or how it stands to the other one."""

    LAB = "lab"
    RATIO = "ratio"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound that a number should keep; ``least`` turns it from a ceiling into a floor."""

    of: Of
    bound: float
    least: bool = False

    def __str__(self) -> str:
        """Such as ``ratio ≤ 0.3``."""
        return f"{self.of} {'≥' if self.least else '≤'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """One number of the lab, the same of what a user would pick instead (if there is such a thing), and the goal."""

    title: str
    lab: float
    instead: float | None = None
    unit: str = "s"
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """The lab's number in parts of the other one."""
        return self.lab / self.instead if self.instead else None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None without a goal. A goal on a comparison that was not made is not met."""
        if self.goal is None:
            return None
        difference = None if self.instead is None else self.lab - self.instead
        value = {Of.LAB: self.lab, Of.RATIO: self.ratio, Of.DIFFERENCE: difference}[self.goal.of]
        if value is None:
            return False
        return value >= self.goal.bound if self.goal.least else value <= self.goal.bound

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        goal = str(self.goal) if self.goal else None
        return asdict(self) | {"goal": goal, "ratio": self.ratio, "met": self.is_met}


def each_of(row: Row, count: int) -> Row:
    """The same for one of so many: in milliseconds where there are several, which take less than a second each."""
    if count == 1 or row.instead is None:
        return row
    return replace(row, lab=row.lab / count * 1000, instead=row.instead / count * 1000, unit="ms")


def table_of(rows: Iterable[Row], title: str) -> Table:
    """The table that people read; a ratio below one means that the lab takes less."""
    table = Table(title=title, title_justify="left")
    for name in ("measured", "lab", "instead", "ratio", "goal", "met"):
        table.add_column(name, justify="left" if name in ("measured", "goal", "met") else "right", overflow="fold")
    for row in rows:
        goal = str(row.goal) if row.goal else ""
        table.add_row(row.title, number(row.lab, row.unit), number(row.instead, row.unit), _ratio(row), goal, _met(row))
    return table


def line_of(row: Row) -> str:
    """The row in one line, for the progress of a long measurement."""
    parts = [f"{row.title}: {number(row.lab, row.unit)}"]
    if row.instead is not None:
        parts.append(f"instead {number(row.instead, row.unit)}, ratio {_ratio(row)}")
    if row.goal is not None:
        parts.append(f"goal {row.goal}: {'met' if row.is_met else 'not met'}")
    return "; ".join(parts)


def number(value: float | None, unit: str) -> str:
    """A number with its unit, as precise as it is of use; empty where there is none."""
    if value is None:
        return ""
    return f"{value:.0f} {unit}".rstrip() if value >= 20 or float(value).is_integer() else f"{value:.2f} {unit}"


def _ratio(row: Row) -> str:
    return "" if row.ratio is None else f"{row.ratio:.2f}"


def _met(row: Row) -> Text:
    return {None: Text(""), True: Text("yes", "green"), False: Text("no", "red")}[row.is_met]
