"""Promise 9: the disk under one part of a running lab is full, and no other: hub, gateway, snapshots.

Each has a file system of a few megabytes of its own, which the test mounts, as an administrator may. What is refused is
said, what goes on goes on, and nothing is lost; with room, the very same acts are taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from attacks.asking import Told, lost
from attacks.living import PROJECT, Living, wait_for
from attacks.seen import computed, left_words, ownerless, started, tell_fault
from attacks.small_disks import fill, small_disk
from datasets_mount.catalogue import Tier
from hub.cli import dataset as datasets
from hub.demo.people import AUDITOR, CARE, JOBS_STEWARD, SCIENTIST
from hub.demo.story import STORY
from hub.demo.story_stage import Stage
from hub.demo.web_login import Visitor
from hub.demo.workspace_client import Workspace
from hub.domain.errors import LabError
from hub.settings import Browser, load_settings
from lab_fixture import make_story_lab
from spawner_config.gateway.meter import Meter
from spawner_config.names import workspace_container
from spawner_config.server_folder import Server

SIZES = {"gateway": "256k", "hub": "4M", "snapshots": "8M"}
FULL = "The lab's disk is full"
NOT_WRITTEN_DOWN = "The lab cannot write down what it has sent today, and this workspace's data are confidential"
WITHIN = 60.0


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """A running lab with people, projects and datasets, each of three parts on a disk of its own."""
    made = make_story_lab(tmp_path_factory.mktemp("parts") / "Lab of small disks")
    made.settings.state.mkdir()
    with ExitStack() as disks:
        for name, size in SIZES.items():
            disks.enter_context(small_disk(made.settings.state / name, size))
        living = Living(Stage(load_settings(made.config), made.config))
        try:
            for step in STORY[:5]:
                step.act(living.stage)
            living.found_project()
            for name in (SCIENTIST, AUDITOR, JOBS_STEWARD):
                living.token(name)
            yield living
        finally:
            living.engine.close()
            stopped = made.datalab("admin", "down")
        assert stopped.code == 0, stopped.err  # an administrator's own disks are nothing that was left behind


@pytest.fixture
def opened(parts: Living) -> Workspace:
    """A workspace with confidential data, which is open."""
    made = Workspace(parts.visitor(SCIENTIST), CARE)
    made.open()
    return made


def container(living: Living) -> tuple[str, str]:
    return started(living, workspace_container(living.settings.name, SCIENTIST, CARE))


def upload(living: Living) -> requests.Response:
    head = {"Content-Type": "application/octet-stream"}
    body = f"words {time.time_ns()}".encode()
    return living.answer(SCIENTIST, "POST", "/uploads?name=words.txt", data=body, headers=head)


def accepted(living: Living) -> Told:
    answers = [upload(living) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    entries = living.portal(AUDITOR).get("/audit?limit=1000")
    return Told({answer.json()["id"] for answer in answers}, audit={e["seq"]: e["digest"] for e in entries})


def log_in(living: Living) -> Visitor:
    """A person comes with a browser that the lab has not seen yet."""
    return Stage(living.settings, living.stage.config).visitor(SCIENTIST)


def refused(act: Callable[[], object]) -> bool:
    try:
        act()
    except LabError:
        return True
    return False


def status(living: Living, workspace: Workspace) -> requests.Response:
    return living.visitor(SCIENTIST).get(f"{workspace.path}api/status")


# The hub's own tables


def test_a_full_disk_of_the_hub_lets_nobody_in_ends_nothing_and_everybody_is_known_again_when_there_is_room(
    parts: Living, opened: Workspace, record_property: Callable[[str, object], None]
) -> None:
    told, before = accepted(parts), container(parts)
    rest = fill(parts.state / "hub")
    try:
        wait_for(lambda: upload(parts).status_code != 200, WITHIN, "it is taken in")
        # JupyterHub says of a token that it does not know it, when it cannot note its use.
        assert upload(parts).json()["error"]["reason"] in ("not-logged-in", "hub")
        assert refused(lambda: log_in(parts))
    finally:
        rest.unlink()
    began = time.monotonic()
    parts.up_again(WITHIN)
    seconds = time.monotonic() - began
    wait_for(lambda: not refused(lambda: log_in(parts)), WITHIN, "nobody is let in")
    assert container(parts) == before
    assert wait_for(lambda: computed(opened), WITHIN, "the workspace does not answer") == "42"
    assert upload(parts).status_code == 200
    assert lost(parts.database, told) == []
    tell(parts, record_property, "the hub's disk is full", "all that was accepted; workspaces", seconds)
    assert parts.audit_verifies() >= max(told.audit)


def tell(living: Living, record: Callable[[str, object], None], fault: str, survives: str, seconds: float) -> None:
    left = left_words(ownerless(living, living.engine))
    wait_for(lambda: not ownerless(living, living.engine), WITHIN, "something is nobody's")
    tell_fault(record, fault, survives, seconds, left)


# The gateway's counts


def test_a_gateway_that_cannot_keep_its_counts_shows_nothing_confidential_until_it_can(
    parts: Living, opened: Workspace, record_property: Callable[[str, object], None]
) -> None:
    told, before = accepted(parts), container(parts)
    counts = parts.state / "gateway" / "gateway-bytes.json"
    wait_for(counts.exists, WITHIN, "nothing is counted")
    rest = fill(parts.state / "gateway")
    try:
        for _ in range(2):  # also a gateway that is started on a full disk
            wait_for(lambda: status(parts, opened).status_code == 503, WITHIN, "it is shown")
            answer = status(parts, opened)
            assert answer.json()["reason"] == "count-unwritten"
            assert answer.json()["message"].startswith(NOT_WRITTEN_DOWN)
            assert upload(parts).status_code == 200
            kept = counts.read_bytes()
            parts.kill("gateway")
            parts.up_again(WITHIN)
            assert counts.read_bytes() == kept
    finally:
        rest.unlink()
    began = time.monotonic()
    wait_for(lambda: status(parts, opened).status_code == 200, WITHIN, "nothing is shown")
    seconds = time.monotonic() - began
    assert (container(parts), computed(opened)) == (before, "42")
    assert "last use of a workspace cannot be kept" not in (parts.state / "logs" / "gateway.log").read_text()
    assert lost(parts.database, told) == []
    tell(parts, record_property, "the gateway's disk is full", "all that was accepted; workspaces", seconds)
    assert parts.audit_verifies() >= max(told.audit)


CAPS = Browser(sensitive_soft=0, sensitive_hard=1000)
HELD = Server(person="scientist", project="care", tier=Tier.SENSITIVE, uid=200_777)


def meter(folder: Path) -> Meter:
    return Meter(folder / "counts.json", lambda: date(2026, 11, 23), CAPS, lambda *_: None)


def sent_by_meters_that_are_killed_on_a_full_disk(folder: Path) -> int:
    """How much is sent in all by one gateway after the other, each of which is killed when it sends no more."""
    sent = 0
    rest = fill(folder)
    for _ in range(5):
        counting = meter(folder)
        for _ in range(30):
            sent += 100 if counting.take(HELD, 100) else 0
            with pytest.raises(OSError, match="space"):
                counting.write()
    rest.unlink()
    return sent


def test_counts_that_are_not_kept_give_no_second_allowance(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64k") as folder:
        # What a killed gateway forgets is what it sent before it first tried to write.
        assert sent_by_meters_that_are_killed_on_a_full_disk(folder) == 5 * 100


def test_a_gateway_that_goes_on_without_its_counts_gives_the_day_again_after_each_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weak twin, which is what the gateway did before."""
    monkeypatch.setattr(Meter, "_holds_up", False)
    with small_disk(tmp_path / "disk", "64k") as folder:
        assert sent_by_meters_that_are_killed_on_a_full_disk(folder) == 5 * 1000


# The images of snapshots


def offered(living: Living, folder: Path, rows: int) -> None:
    """A new version of a dataset, which every container is to see from now on."""
    file = folder / f"persons{rows}.csv"
    file.write_text("nr,wage\n" + "".join(f"{n},{n}.5\n" for n in range(rows)))
    lab: Any = living.portal(JOBS_STEWARD)
    datasets.wait_for_offer(lab, datasets.offer_files(lab, "jobs", [file], lambda *_: None)["id"], lambda *_: None)


def spawned(living: Living) -> str:
    """What the page of a workspace says that is opened."""
    return living.visitor(SCIENTIST).get(f"/hub/spawn/{SCIENTIST}/{PROJECT}").text.replace("&#39;", "'")


def test_a_full_disk_of_snapshots_is_said_to_whoever_opens_a_workspace_and_it_opens_when_there_is_room(
    parts: Living, opened: Workspace, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    told, before = accepted(parts), container(parts)
    folder, new = parts.state / "snapshots", Workspace(parts.visitor(SCIENTIST), PROJECT)
    rest = fill(folder)
    try:
        offered(parts, tmp_path, 50)  # its files are in the vault, which has room
        wait_for(lambda: FULL in spawned(parts), WITHIN, "it is not said")
        assert [path for path in folder.iterdir() if path.suffix in (".tree", ".part")] == []
        assert (container(parts), computed(opened)) == (before, "42")
    finally:
        rest.unlink()
    began = time.monotonic()
    assert wait_for(lambda: computed(new), WITHIN, "it does not open") == "42"
    seconds = time.monotonic() - began
    assert new.run(["import pathlib; print(len(list(pathlib.Path('/data/jobs').iterdir())))"])[0].text != "0"
    assert lost(parts.database, told) == []
    parts.close_workspace(PROJECT)
    tell(parts, record_property, "the snapshots' disk is full", "all that was accepted; workspaces", seconds)
    assert parts.audit_verifies() >= max(told.audit)


def test_with_room_on_each_of_these_disks_the_very_same_acts_are_taken(
    parts: Living, opened: Workspace, tmp_path: Path
) -> None:
    """The twin: what the tests before saw refused is refused for want of room alone."""
    for _ in range(12):  # for longer than a word of the hub is believed
        assert upload(parts).status_code == 200
        assert status(parts, opened).status_code == 200
        time.sleep(1)
    log_in(parts)
    offered(parts, tmp_path, 60)
    assert FULL not in spawned(parts)
    assert wait_for(lambda: computed(Workspace(parts.visitor(SCIENTIST), PROJECT)), WITHIN) == "42"
    parts.close_workspace(PROJECT)
