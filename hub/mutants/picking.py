"""Which of a module's changes are tried where not all are: at most one of each line, and at most so many of a module.

So large users do it (G. Petrović, M. Ivanković, "State of Mutation Testing at Google", ICSE-SEIP 2018): the changes of
one line are mostly noticed by the same tests, so that a second one says little. Which one it is depends on a digest of
its words and of nothing else: neither on the time nor on what stands in other lines, and a higher limit adds to what a
lower one picks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from hub.mutants.changes import Change
from hub.mutants.modules import Module

MOST = 20
"""Changes of one module that are tried where nothing else is asked for."""
Pick = Callable[[Module], Sequence[Change]]


def all_of(module: Module) -> Sequence[Change]:
    """Every change."""
    return module.changes


def one_a_line(module: Module, most: int = MOST) -> Sequence[Change]:
    """One change of each line, of so many lines at most, in the order of the text."""

    def draw(change: Change) -> str:
        return hashlib.sha256(f"{module.path} {change.key}".encode()).hexdigest()

    by_line: dict[int, Change] = {}
    for change in sorted(module.changes, key=draw):
        by_line.setdefault(change.line, change)
    drawn = {change.key for change in [*by_line.values()][:most]}
    return [change for change in module.changes if change.key in drawn]
