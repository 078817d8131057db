"""The story that the demonstration runs: from a login to a signed release, through the lab's own pages and API.

Invariants:

* each person acts with their own login or token, and through no other door than people have;
* a step looks first at what the lab says is done already, so that a second run changes nothing;
* a verdict is what was seen in this run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hub.demo import story_exports, story_lab, story_release, story_runs, story_workspace
from hub.demo.story_stage import Seen, Stage


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its number in the story, what happens, and the act."""

    part: int
    title: str
    act: Callable[[Stage], Seen]


@dataclass(frozen=True, slots=True)
class Done:
    """A step that was taken, what was seen, and how long it took."""

    step: Step
    seen: Seen
    seconds: float


STORY = (
    Step(0, "The lab runs", story_lab.start_lab),
    Step(0, "Organisations and people", story_lab.bring_people),
    Step(0, "Projects and members", story_lab.make_projects),
    Step(1, "Owners register datasets", story_lab.register_datasets),
    Step(1, "Owners grant their use", story_lab.grant_datasets),
    Step(2, "A scientist works in a workspace", story_workspace.open_workspace),
    Step(2, "A write to the data", story_workspace.cannot_write),
    Step(2, "A way out of the workspace", story_workspace.is_isolated),
    Step(2, "The other project", story_workspace.cannot_see_the_other_project),
    Step(3, "A notebook is submitted", story_runs.submit_notebook),
    Step(3, "A steward approves it", story_runs.approve_notebook),
    Step(3, "A run with a small group", story_runs.run_small),
    Step(3, "A run without", story_runs.run_mended),
    Step(4, "Export of the table with a small cell", story_exports.small_table),
    Step(4, "Export of the mended table", story_exports.mended_table),
    Step(4, "Export of a file of rows", story_exports.rows_file),
    Step(4, "Export of a notebook with df.head()", story_exports.explore_notebook),
    Step(5, "The requester votes", story_release.requester_cannot_vote),
    Step(5, "Two stewards vote", story_release.stewards_vote),
    Step(5, "The release", story_release.make_release),
    Step(5, "The receipt, offline", story_release.verify_receipt),
    Step(6, "The audit log", story_release.verify_audit),
)


def tell_story(stage: Stage) -> Iterator[Done]:
    """Take the steps one after the other; the error of one that fails ends the story."""
    for step in STORY:
        began = time.monotonic()
        seen = step.act(stage)
        yield Done(step, seen, time.monotonic() - began)
