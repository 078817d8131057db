"""Which tests stay together where processes share them: those of a file, of a lab of the story, all of the corpus.

A lab of the story takes long to start and many tests change what is in it, so one process runs all of its files, in
their order; where there are more than two processes, the files are of two such labs. One process judges the corpus,
too: what its files ask of a case as it stands is judged once. Every other file goes to the process that is free first.
Each process has folders, ports and labs of its own; what they share is the machine and its engine, on which a lab knows
its containers by its own name.

Labs and containers make a process wait for a third of its time, and what only computes never waits. So of more than two
processes, those after the second take the line from its other end, where the unit tests stand: until these are through,
no more labs are at work than with two processes, and no core idles meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

STORY, STORY_AGAIN, CORPUS = "the lab of the story", "another lab of the story", "the corpus"
IN_THE_STORYS_LAB = frozenset(
    {
        "attacks/test_accounts.py",
        "attacks/test_p2_datasets.py",
        "attacks/test_p3_browser.py",
        "attacks/test_p3_projects.py",
        "attacks/test_p4_approved_runs.py",
        "attacks/test_p4_eyes_off.py",
        "attacks/test_p4_held_outputs.py",
        "attacks/test_p4_memory.py",
        "attacks/test_p5_browser_files.py",
        "attacks/test_p5_canaries.py",
        "attacks/test_p5_differencing.py",
    }
)
"""Files whose tests ask for ``story_lab``, themselves or by a fixture: from accounts to what differs between tables."""
IN_ANOTHER = frozenset(
    {
        "attacks/test_p5_freeze.py",
        "attacks/test_p5_neighbouring_runs.py",
        "attacks/test_p5_release.py",
        "attacks/test_p6_review.py",
        "attacks/test_p6_votes_by_class.py",
        "attacks/test_p7_audit.py",
        "attacks/test_p7_gateway_log.py",
        "attacks/test_p9_full_workspace.py",
        "attacks/test_p9_kills.py",
        "attacks/test_p9_random_kills.py",
        "attacks/test_p9_reaper.py",
        "attacks/test_p9_space.py",
        "browser/test_browser_story.py",
        "browser/test_first_files.py",
        "browser/test_subdomains.py",
        "integration/test_story.py",
        "integration/test_tutorials.py",
    }
)
"""The others: releases, votes, the log, what fails and fills up, and the story itself; they take about as long."""
FROM_THE_FRONT = 2
"""Processes that take the line from its front, where the labs stand."""


def lane_of(test: str) -> str:
    """What a test stays together with."""
    file = test.partition("::")[0]
    name = file.removeprefix("tests/")
    if name in IN_THE_STORYS_LAB:
        return STORY
    if name in IN_ANOTHER:
        return STORY_AGAIN
    return CORPUS if name.startswith("corpus/") else file


def strays(items: Iterable[pytest.Item]) -> set[str]:
    """Files that ask for the lab of the story, and that a process of their own might run."""
    asking = [item for item in items if "story_lab" in getattr(item, "fixturenames", ())]
    return {file for item in asking if (file := lane_of(item.nodeid)) not in (STORY, STORY_AGAIN)}


def taken_next(line: Iterable[str], *, from_the_end: bool) -> str:
    """The lane that is handed out next: from the front the labs of the story come first, which take longest."""
    known = list(line)
    if from_the_end:
        return known[-1]
    return next((lane for lane in (STORY, STORY_AGAIN) if lane in known), known[0])


class Lanes(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out what stays together as a whole, from both ends of the line."""

    def _split_scope(self, nodeid: str) -> str:
        lane = lane_of(nodeid)
        return STORY if lane == STORY_AGAIN and self.numnodes <= FROM_THE_FRONT else lane

    def _assign_work_unit(self, node: Any) -> None:
        lane = taken_next(self.workqueue, from_the_end=node in self.nodes[FROM_THE_FRONT:])
        self.workqueue.move_to_end(lane, last=False)  # from where the scheduler takes it
        super()._assign_work_unit(node)
