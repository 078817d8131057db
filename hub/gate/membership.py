"""How well a model's errors tell the records that it was fitted on from others: area under the curve, and hits."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hub.gate.arrays import Numbers

FALSE_RATE = 0.001
_SURE = 2.0
"""Standard deviations by which an area has to lie above one half to be no chance."""


@dataclass(frozen=True, slots=True)
class Membership:
    """An attack that takes records with small errors for those that were used.

    ``area`` is the chance that a used record has the smaller error than another one; ``spread`` is the standard
    deviation that it has by chance. ``hits`` is the part of the used records that are found while one in a thousand
    others is taken for one; None where there are too few others to tell.
    """

    area: float
    spread: float
    hits: float | None

    @property
    def is_sure(self) -> bool:
        """Whether so large an area is hardly chance."""
        return self.area - _SURE * self.spread > 0.5


def attacked(used: Numbers, others: Numbers) -> Membership:
    """Attack with the errors of used records and of others; ties count one half."""
    ordered = np.sort(others)
    below, up_to = np.searchsorted(ordered, used, "left"), np.searchsorted(ordered, used, "right")
    larger = len(others) - (below + up_to) / 2
    area = float(larger.mean() / len(others))
    spread = math.sqrt((len(used) + len(others) + 1) / (12 * len(used) * len(others)))
    return Membership(area, spread, _hits(used, ordered))


def _hits(used: Numbers, others: Numbers) -> float | None:
    """The part of the used records whose error is below those of all but one in a thousand others."""
    allowed = math.floor(len(others) * FALSE_RATE)
    return float((used < others[allowed]).mean()) if allowed else None
