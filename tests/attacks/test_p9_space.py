"""Promise 9: work that cannot go on, and disks that are full, are said in a sentence, and nothing is lost by them."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import requests

from attacks.acts import fill_the_disk, fill_what_all_share, leave_many_files, write_words
from attacks.living import Living, wait_for
from attacks.seen import folder_of, left_on_disk
from attacks.small_disks import fill, small_disk
from doubles.lab import make_lab
from doubles.people import approved_notebook, found_consortium, play, registered_dataset, work_off
from doubles.portal import served
from hub.cli.client import API, Json
from hub.demo.people import SCIENTIST
from hub.domain.errors import LabError, UnavailableError
from hub.domain.work import Work, WorkState
from hub.services import runs
from hub.services.audit import verify_audit
from hub.services.lab import Lab
from hub.services.work import do_round
from integration.sandbox_container import notebook_of

FULL_DISK = "The lab's disk is full; nothing was saved. Ask the administrator to free space, then try again."


# Work that cannot go on


def test_a_run_that_leaves_too_many_files_fails_with_a_sentence_and_holds_nobody_up(living: Living, acts: str) -> None:
    many = living.start(acts, act=leave_many_files.__name__)
    beside = living.start(acts, act=write_words.__name__)
    assert living.ended(beside)["work"]["state"] == "succeeded"
    found = living.ended(many)
    assert (found["work"]["state"], found["run"]["outputs"]) == ("failed", [])
    assert found["work"]["reason"] == "The outputs folder has more than 10,000 entries."
    shutil.rmtree(folder_of(living, many))


def test_a_run_whose_image_is_gone_fails_with_a_sentence_and_holds_nobody_up(living: Living, acts: str) -> None:
    gone = living.approved(notebook_of("1 + 1"), name="gone")
    with closing(sqlite3.connect(living.database, timeout=20)) as connection:
        connection.execute("UPDATE notebook SET image = ? WHERE id = ?", (f"sha256:{'0' * 64}", gone))
        connection.commit()
    waits = [living.start(gone) for _ in range(living.settings.concurrent_work)]
    assert living.ended(living.start(acts))["work"]["state"] == "succeeded"
    told = [living.ended(run)["work"] for run in waits]
    assert {(work["state"], work["reason"]) for work in told} == {
        ("failed", "The image that this was approved for is no longer on the lab's machine; submit it again.")
    }


# Full disks


def test_a_run_that_fills_all_it_can_write_keeps_no_other_work_from_going_on(living: Living, acts: str) -> None:
    greedy = living.start(acts, act=fill_what_all_share.__name__)
    wait_for(lambda: (folder_of(living, greedy) / "started.txt").exists(), 60, "the run does not start")
    assert living.ended(living.start(acts, act=write_words.__name__))["work"]["state"] == "succeeded"
    assert living.submitted(notebook_of("3 + 3"), name="beside")["state"] == "submitted"
    (folder_of(living, greedy) / ".word").touch()
    found = living.ended(greedy)
    assert found["work"]["state"] == "succeeded"
    taken = living.said(found)
    assert (taken["bytes"] <= 2**16, taken["files"] <= 8) == (True, True), taken
    wait_for(lambda: left_on_disk(living) == [], 10, "a folder is left")


@pytest.fixture(scope="module")
def full(living: Living, acts: str) -> Iterator[Json]:
    """A run that left no room in its project; what it left is taken away afterwards."""
    run = living.start(acts, act=fill_the_disk.__name__)
    try:
        yield living.ended(run)
    finally:
        (folder_of(living, run) / ".full").unlink()


def test_a_run_that_fills_its_project_fails_with_a_sentence(full: Json) -> None:
    assert (full["work"]["state"], full["work"]["exit_code"]) == ("failed", 21)
    assert full["work"]["reason"] == "The space for outputs is full; write less, or ask for more."


def test_a_run_in_a_full_project_fails_with_a_sentence_and_holds_nobody_up(
    living: Living, full: Json, acts: str
) -> None:
    told = [living.ended(run)["work"] for run in [living.start(acts) for _ in range(living.settings.concurrent_work)]]
    assert {(work["state"], work["reason"]) for work in told} == {
        ("failed", "The project's space is full; delete what is not needed from its folders, or ask for more.")
    }
    assert full["run"]["outputs"] is not None
    assert living.submitted(notebook_of("2 + 2"), name="meanwhile")["state"] == "submitted"


def upload(url: str, size: int) -> requests.Response:
    head = {"Authorization": "token scientist-token"}
    with requests.Session() as session:
        session.trust_env = False
        return session.post(f"{url}/api/v1/uploads?name=a.bin", data=b"x" * size, headers=head, timeout=30)


@pytest.fixture
def on_a_small_disk(tmp_path: Path) -> Iterator[tuple[Lab, str]]:
    """A lab whose vault is on a disk of 8 MB, and whose database is elsewhere; the address of its portal."""
    with small_disk(tmp_path / "disk", "8M") as folder:
        lab = make_lab(folder, f"sqlite:///{tmp_path / 'database.sqlite'}")
        found_consortium(lab)
        with served(lab) as url:
            yield lab, url
        lab.store.engine.dispose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [6 * 2**20, 20 * 2**20])
def test_an_upload_that_does_not_fit_is_refused_with_the_sentence_and_leaves_nothing(
    on_a_small_disk: tuple[Lab, str], size: int
) -> None:
    lab, url = on_a_small_disk
    answer = upload(url, size)
    assert (answer.status_code, answer.json()["error"]["message"]) == (503, FULL_DISK)
    assert [p for p in lab.settings.state.rglob("*") if p.is_file()] == []
    wait_for(lambda: os.statvfs(lab.settings.state).f_bavail * 4096 > 7 * 2**20, 10, "the space is not given back")
    assert upload(url, 2**20).status_code == 200


@pytest.mark.parametrize("size", [1, 100, 4097, 70_000])
def test_an_upload_to_a_disk_that_is_full_is_refused_with_the_sentence(
    on_a_small_disk: tuple[Lab, str], size: int
) -> None:
    lab, url = on_a_small_disk
    rest = fill(lab.settings.state)
    for _ in range(2):
        answer = upload(url, size)
        assert (answer.status_code, answer.json()["error"]["reason"]) == (503, "disk-full")
    rest.unlink()
    assert upload(url, size).status_code == 200


def test_records_on_a_full_disk_refuse_with_a_sentence_and_lose_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "8M") as folder:
        lab = make_lab(folder)
        found_consortium(lab)
        play(lab)
        registered_dataset(lab)
        notebook = approved_notebook(lab).id
        accepted = [runs.start_run(lab, "researcher", notebook, {})[0].id]
        rest = fill(folder)
        with pytest.raises(UnavailableError, match="nothing was saved"):
            accepted.extend(runs.start_run(lab, "researcher", notebook, {})[0].id for _ in range(10_000))
        with suppress(LabError):
            do_round(lab)
        rest.unlink()
        work_off(lab, rounds=2 * len(accepted) + 20)
        ended = [runs.run(lab, "researcher", run)[1].state for run in accepted]
        assert set(ended) == {WorkState.SUCCEEDED}
        with lab.store.read() as reading:
            assert len(reading.find(Work, state=WorkState.SUCCEEDED)) >= len(accepted)
        assert verify_audit(lab) is not None
        lab.store.engine.dispose()  # type: ignore[attr-defined]


def test_an_upload_that_breaks_off_leaves_nothing(living: Living) -> None:
    before = sorted((living.state / "vault").rglob("*"))
    entries = len(living.audit("lab:upload:add"))
    url = living.settings.public_url.removeprefix("http://")
    host, port = url.split(":")
    head = (
        f"POST {API}/uploads?name=a.bin HTTP/1.1\r\nHost: {url}\r\nAuthorization: token {living.token(SCIENTIST)}\r\n"
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}Content-Length: 5000000\r\n\r\n".encode() + b"x" * 1_000_000)
        time.sleep(0.3)
    time.sleep(0.5)
    assert sorted((living.state / "vault").rglob("*")) == before
    assert list((living.state / "incoming").iterdir()) == []
    assert len(living.audit("lab:upload:add")) == entries
