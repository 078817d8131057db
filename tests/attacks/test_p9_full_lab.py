"""Promise 9: the disk of a whole running lab is full, and its processes are killed; when there is room, all come back.

The lab's state folder, with records, vault, logs and sockets, lies on a file system of 600 MB, which the test mounts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from attacks.asking import Told, lost
from attacks.living import Living
from attacks.seen import left_words, ownerless, tell_fault
from attacks.small_disks import fill, small_disk
from hub.demo.people import AUDITOR, SCIENTIST
from hub.demo.story import STORY
from hub.demo.story_stage import Stage
from hub.settings import load_settings
from lab_fixture import StoryLab, make_story_lab

PROCESSES = ("worker", "gateway", "portal", "privileged", "hub", "proxy")
SPACE = '[space]\nalarm = "2M"\nfloor = "1M"\n'
KINDS = {"short-of-space", "disk-full", "database"}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with small_disk(tmp_path_factory.mktemp("full") / "disk", "600M") as folder:
        yield folder


@pytest.fixture(scope="module")
def lab(disk: Path) -> Iterator[StoryLab]:
    made = make_story_lab(disk / "lab", SPACE)
    try:
        yield made
    finally:
        stopped = made.datalab("admin", "down")
    assert stopped.code == 0, stopped.err


def begun(lab: StoryLab) -> Living:
    """Start the lab, with people and projects."""
    living = Living(Stage(load_settings(lab.config), lab.config))
    for step in STORY[:3]:
        step.act(living.stage)
    for name in (SCIENTIST, AUDITOR):
        living.token(name)
    return living


def upload(living: Living, number: int) -> requests.Response:
    head = {"Content-Type": "application/octet-stream"}
    return living.answer(SCIENTIST, "POST", "/uploads?name=words.txt", data=f"words {number}".encode(), headers=head)


def accepted(living: Living, count: int) -> Told:
    answers = [upload(living, number) for number in range(count)]
    assert {answer.status_code for answer in answers} == {200}
    entries = living.portal(AUDITOR).get("/audit?limit=1000")
    return Told({answer.json()["id"] for answer in answers}, audit={e["seq"]: e["digest"] for e in entries})


def test_a_lab_whose_disk_was_full_while_all_its_processes_were_killed_comes_back_with_all_it_accepted(
    disk: Path, lab: StoryLab, record_property: Callable[[str, object], None]
) -> None:
    living = begun(lab)
    told = accepted(living, 3)
    rest = fill(disk)
    refused = upload(living, 99)
    assert (refused.status_code, refused.json()["error"]["reason"] in KINDS) == (503, True), refused.text
    for name in PROCESSES:
        living.kill(name)
    time.sleep(5)  # so that each of them has tried to start on a full disk
    rest.unlink()
    seconds = living.up_again(90)
    assert lost(living.database, told) == []
    assert upload(living, 100).status_code == 200
    tell_fault(
        record_property,
        "the lab's disk is full and every process is killed",
        "all that was accepted",
        seconds,
        left_words(ownerless(living, living.engine)),
    )
    assert living.audit_verifies() >= max(told.audit)
