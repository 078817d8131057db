"""Whose turn it is: projects take turns, and within one what waits longest goes first.

Invariants:

* a project with less under way goes before one with more, however much either has in the queue;
* of two with as much under way, the one whose last start is longer ago goes first, one that never started before;
* what is no run of a project (checks of exports, datasets that are taken in) takes its turns as one project more, "".
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from datetime import datetime


def whose_turn(heads: Mapping[str, int], under_way: Mapping[str, int], ranks: Mapping[str, int]) -> str:
    """Return the project whose turn it is, of those that have something to start.

    ``heads`` says of each where in the queue its first waits, ``ranks`` in what order they started something last.
    """
    return min(heads, key=lambda project: (under_way.get(project, 0), ranks.get(project, -1), heads[project]))


def ranks_of(last_starts: Mapping[str, datetime]) -> dict[str, int]:
    """Number projects by when they started something last, the longest ago first."""
    return {project: at for at, project in enumerate(sorted(last_starts, key=lambda p: (last_starts[p], p)))}


def in_turn(
    waiting: Iterable[tuple[str, str]], under_way: Mapping[str, int], last_starts: Mapping[str, datetime]
) -> list[str]:
    """Return what waits in the order in which it will start: ``waiting`` is (identifier, project), oldest first.

    It is what will happen when nothing is added and nothing that goes on ends; allowances can only make a project wait
    longer.
    """
    queues: dict[str, deque[tuple[int, str]]] = {}
    for at, (identifier, project) in enumerate(waiting):
        queues.setdefault(project, deque()).append((at, identifier))
    taken, ranks = Counter(dict(under_way)), ranks_of(last_starts)
    order: list[str] = []
    while queues:
        project = whose_turn({name: queue[0][0] for name, queue in queues.items()}, taken, ranks)
        order.append(queues[project].popleft()[1])
        taken[project] += 1
        ranks[project] = len(last_starts) + len(order)
        if not queues[project]:
            del queues[project]
    return order
