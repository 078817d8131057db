"""Whose turn it is: projects take turns, and within one what waits longest goes first, of the highest priority.

Invariants:

* a project with less under way goes before one with more, however much either has in the queue;
* of two with as much under way, the one whose last start is longer ago goes first, one that never started before,
  and of several such the one of which something waits longest;
* the order of the projects does not depend on priorities, which order a project's own runs alone;
* what is no run of a project (checks of exports, datasets that are taken in) takes its turns as one project more, "".
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from hub.domain.priorities import Priority


class Queued(NamedTuple):
    """What waits, of which project ("" of what is no run), and its priority there."""

    id: str
    project: str
    priority: Priority = Priority.NORMAL


def whose_turn(heads: Mapping[str, int], under_way: Mapping[str, int], ranks: Mapping[str, int]) -> str:
    """Return the project whose turn it is, of those that have something to start.

    ``heads`` says of each where in the queue its first waits, ``ranks`` in what order they started something last.
    """
    return min(heads, key=lambda project: (under_way.get(project, 0), ranks.get(project, -1), heads[project]))


def ranks_of(last_starts: Mapping[str, datetime]) -> dict[str, int]:
    """Number projects by when they started something last, the longest ago first."""
    return {project: at for at, project in enumerate(sorted(last_starts, key=lambda p: (last_starts[p], p)))}


def in_turn(waiting: Iterable[Queued], under_way: Mapping[str, int], last_starts: Mapping[str, datetime]) -> list[str]:
    """Return the identifiers of what waits, given oldest first, in the order in which it will start.

    It is what will happen when nothing is added and nothing that goes on ends; allowances can only make a project wait
    longer.
    """
    own: dict[str, list[Queued]] = {}
    heads: dict[str, int] = {}
    for at, queued in enumerate(waiting):
        own.setdefault(queued.project, []).append(queued)
        heads.setdefault(queued.project, at)
    left = {project: deque(sorted(queue, key=lambda q: q.priority.rank)) for project, queue in own.items()}
    taken, ranks = Counter(dict(under_way)), ranks_of(last_starts)
    order: list[str] = []
    while heads:
        project = whose_turn(heads, taken, ranks)
        order.append(left[project].popleft().id)
        taken[project] += 1
        ranks[project] = len(last_starts) + len(order)
        if not left[project]:
            del heads[project]
    return order
