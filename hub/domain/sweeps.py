"""Sweeps: a grid of parameters, each point of which is a run of the same notebook on the same snapshots.

Invariants:

* every point lies inside the approved schema, or none is queued;
* a sweep is counted whole against the project's budget before it starts: all of its runs are queued, or none;
* no two points are the same, so that no run is queued twice.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from hub.domain.errors import InvalidError
from hub.domain.notebooks import Parameter, ParameterValue, check_parameters
from hub.domain.runs import Run
from hub.domain.work import ENDED, Work, WorkState

MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class Sweep:
    """The runs of a sweep with their work, in the order of the grid."""

    id: str
    project: str
    notebook: str
    requester: str
    created: datetime
    runs: tuple[tuple[Run, Work], ...]

    @property
    def progress(self) -> tuple[int, int]:
        """How many runs have ended, of how many."""
        return sum(work.state in ENDED for _, work in self.runs), len(self.runs)

    @property
    def states(self) -> dict[WorkState, int]:
        """How many runs are in each state."""
        return dict(Counter(work.state for _, work in self.runs))


def points(
    schema: tuple[Parameter, ...], grid: dict[str, tuple[object, ...]], fixed: dict[str, object]
) -> list[dict[str, ParameterValue]]:
    """Return the values of each run, the last parameter of the grid changing first.

    Raises InvalidError where the grid is too small or too large, names a parameter that has a fixed value, has a point
    twice, or a point lies outside of the schema.
    """
    count = math.prod(len(values) for values in grid.values())
    if not 2 <= count <= MOST_POINTS:
        raise InvalidError(
            "A sweep has 2 to {most} runs; this one has {count}.", reason="sweep-size", most=MOST_POINTS, count=count
        )
    if twice := sorted(set(grid) & set(fixed)):
        raise InvalidError("The parameter {name} is given twice.", reason="parameter-twice", name=twice[0])
    found = [
        check_parameters(schema, fixed | dict(zip(grid, point, strict=True)))
        for point in itertools.product(*grid.values())
    ]
    if len({tuple(point.items()) for point in found}) < len(found):
        raise InvalidError("The sweep has the same values twice; name each value once.", reason="sweep-twice")
    return found
