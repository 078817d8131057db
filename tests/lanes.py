"""Which tests stay together where processes share them: those of a file, all in the story's lab, all of the corpus.

The lab of the story takes long to start and many tests change what is in it, so one process runs all of its files, in
their order. One process judges the corpus, too: what its files ask of a case as it stands is judged once. Every other
file goes to the process that is free first. Each process has folders, ports and labs of its
own; what both share is the machine and its engine, on which a lab knows its containers by its own name.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from xdist.scheduler import LoadScopeScheduling

STORY, CORPUS = "the lab of the story", "the corpus"
IN_THE_STORYS_LAB = frozenset(
    {
        "attacks/test_accounts.py",
        "attacks/test_p2_datasets.py",
        "attacks/test_p3_browser.py",
        "attacks/test_p3_projects.py",
        "attacks/test_p4_approved_runs.py",
        "attacks/test_p4_eyes_off.py",
        "attacks/test_p4_held_outputs.py",
        "attacks/test_p5_browser_files.py",
        "attacks/test_p5_canaries.py",
        "attacks/test_p5_differencing.py",
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
"""The files whose tests ask for ``story_lab``, themselves or by another fixture."""


def lane_of(test: str) -> str:
    """What a test stays together with."""
    file = test.partition("::")[0]
    name = file.removeprefix("tests/")
    if name in IN_THE_STORYS_LAB:
        return STORY
    return CORPUS if name.startswith("corpus/") else file


def strays(items: Iterable[pytest.Item]) -> set[str]:
    """Files that ask for the lab of the story, and that a process of their own might run."""
    asking = [item for item in items if "story_lab" in getattr(item, "fixturenames", ())]
    return {file for item in asking if (file := lane_of(item.nodeid)) != STORY}


class Lanes(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out what stays together as a whole, in the order in which it stands."""

    def _split_scope(self, nodeid: str) -> str:
        return lane_of(nodeid)
