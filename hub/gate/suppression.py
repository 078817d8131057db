"""How well suppressed cells can be worked out from the totals beside them, and which more cells would protect them.

Invariants:

* what is known of a cell is an interval; a shown cell's is its rounding, and a suppressed one's begins at nothing;
* bounds of a suppressed cell are the least and the greatest value that any table with these totals can have, by linear
  programming, so that whole numbers are not asked for and the bounds are never too wide;
* what cannot be solved in the room there is counts as not protected.

Source: Fischetti and Salazar, Models and algorithms for the two-dimensional cell suppression problem, 1999; Hundepool
and others, Statistical Disclosure Control, 4.4.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

MOST_CELLS = 20_000
MOST_SENSITIVE = 300
MOST_ADDED = 100
_SECONDS = 5.0
"""A single program that takes longer is given up."""
_SCALE = 1e4
_SLACK = 1e-6

Interval = tuple[float, float]


class TooLargeError(Exception):
    """There are more cells than can be solved for."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: its true value, what is known of it, and for a sensitive one what its bounds must reach."""

    value: float
    known: Interval
    reach: Interval | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Cells, and equations between them: a total and the parts that it is the sum of."""

    cells: tuple[Cell, ...]
    equations: tuple[tuple[int, tuple[int, ...]], ...]
    least: float = 0.0
    """What everybody knows a cell to have at least: nothing for counts, no bound where amounts may be negative."""
    _of_cell: dict[int, list[int]] = field(default_factory=dict)

    def equations_of(self, cell: int) -> list[int]:
        """Numbers of the equations in which a cell stands."""
        if not self._of_cell:
            for number, (total, parts) in enumerate(self.equations):
                for member in (total, *parts):
                    self._of_cell.setdefault(member, []).append(number)
        return self._of_cell.get(cell, [])

    def hiding(self, cells: Iterable[int]) -> Problem:
        """The same with more cells suppressed."""
        changed = list(self.cells)
        for number in cells:
            changed[number] = replace(changed[number], known=(self.least, math.inf), hidden=True)
        return Problem(tuple(changed), self.equations, self.least)


def unprotected(problem: Problem) -> dict[int, Interval]:
    """Return the suppressed sensitive cells whose bounds are too narrow, with these; raises TooLargeError."""
    sensitive = [n for n, cell in enumerate(problem.cells) if cell.hidden and cell.reach is not None]
    if len(problem.cells) > MOST_CELLS or len(sensitive) > MOST_SENSITIVE:
        raise TooLargeError
    found = {number: bounds(problem, number) for number in sensitive}
    return {number: between for number, between in found.items() if not _is_enough(problem.cells[number], between)}


def _is_enough(cell: Cell, between: Interval) -> bool:
    low, high = cell.reach or (math.inf, -math.inf)
    slack = _SLACK * max(1.0, abs(cell.value))
    return between[0] <= low + slack and between[1] >= high - slack and between[1] - between[0] > slack


def bounds(problem: Problem, cell: int) -> Interval:
    """Return the least and the greatest value that a cell can have; raises TooLargeError where it is not solved."""
    members, equations = _linked(problem, cell)
    if not equations:
        return problem.cells[cell].known
    return _solve(problem, members, equations, cell)


def _linked(problem: Problem, start: int) -> tuple[list[int], list[int]]:
    """The cells that have to do with one: over equations, and over cells that are not exactly known."""
    members, equations, waiting = {start}, set[int](), [start]
    while waiting:
        for number in problem.equations_of(waiting.pop()):
            if number in equations:
                continue
            equations.add(number)
            total, parts = problem.equations[number]
            for member in (total, *parts):
                if member not in members:
                    members.add(member)
                    low, high = problem.cells[member].known
                    if high > low:
                        waiting.append(member)
    return sorted(members), sorted(equations)


def _solve(problem: Problem, members: Sequence[int], equations: Sequence[int], cell: int) -> Interval:
    # Only tables with suppressed cells need SciPy, whose import would cost every other check its time.
    import numpy
    from scipy.optimize import linprog
    from scipy.sparse import lil_matrix

    place = {member: at for at, member in enumerate(members)}
    scale = max((abs(problem.cells[m].value) for m in members), default=1.0) / _SCALE or 1.0
    matrix = lil_matrix((len(equations), len(members)))
    for row, number in enumerate(equations):
        total, parts = problem.equations[number]
        matrix[row, place[total]] = -1.0
        for part in parts:
            matrix[row, place[part]] = 1.0
    known = [_widened(problem.cells[m].known, scale) for m in members]
    ends = []
    for sign in (1.0, -1.0):
        aim = numpy.zeros(len(members))
        aim[place[cell]] = sign
        options = {"time_limit": _SECONDS}
        solved = linprog(aim, A_eq=matrix.tocsr(), b_eq=numpy.zeros(len(equations)), bounds=known, options=options)
        if solved.status == 3:
            ends.append(-sign * math.inf)
        elif solved.status == 0:
            ends.append(float(solved.x[place[cell]]) * scale)
        else:
            raise TooLargeError
    return ends[0], ends[1]


def _widened(known: Interval, scale: float) -> tuple[float | None, float | None]:
    """An interval as the solver takes it, a trifle wider, so that rounding errors leave no table impossible."""
    low, high = (end / scale for end in known)
    trifle = 1e-9 * max(1.0, abs(low) if math.isfinite(low) else 0.0)
    return (low - trifle if math.isfinite(low) else None), (high + trifle if math.isfinite(high) else None)


def additional(problem: Problem) -> tuple[int, ...] | None:
    """Return cells that, suppressed too, protect every sensitive one; None where none are found.

    One after the other the smallest cells of an open line are taken, and the bounds are computed again, so that what is
    returned is known to protect; it need not be the least that would.
    """
    added: list[int] = []
    present = problem
    while open_cells := unprotected(present):
        if len(added) >= MOST_ADDED:
            return None
        chosen = _choice(present, next(iter(open_cells)))
        if chosen is None:
            return None
        added.append(chosen)
        present = present.hiding([chosen])
    return tuple(added)


def _choice(problem: Problem, cell: int) -> int | None:
    """The next cell to suppress: one that helps the most lines with a single suppressed cell, and is small.

    Where no line has a single one, it is the smallest of the line that hides the open cell least. Totals are taken only
    where there is nothing else.
    """
    members, equations = _linked(problem, cell)
    helped: dict[int, int] = {}
    for number in equations:
        total, parts = problem.equations[number]
        if sum(problem.cells[member].hidden for member in (total, *parts)) == 1:
            for part in _shown(problem, parts):
                helped[part] = helped.get(part, 0) + 1
    if helped:
        return min(helped, key=lambda p: (-helped[p], abs(problem.cells[p].value), p))
    shown = [part for number in problem.equations_of(cell) for part in _shown(problem, problem.equations[number][1])]
    totals = _shown(problem, members)
    return min(shown or totals, key=lambda p: (abs(problem.cells[p].value), p), default=None)


def _shown(problem: Problem, cells: Iterable[int]) -> list[int]:
    return [c for c in cells if not problem.cells[c].hidden and problem.cells[c].value != 0]
