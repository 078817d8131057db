"""Promise 9: each place that the lab writes to is filled to the last byte; it says so, loses nothing, and goes on.

The places are file systems of a few megabytes, which the tests mount.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from attacks.living import wait_for
from attacks.own_lab import OwnLab, own_lab
from attacks.seen import left_words, of_works, tell_fault
from attacks.small_disks import fill, small_disk
from attacks.test_p9_space import FULL_DISK, upload
from doubles.lab import make_lab
from doubles.people import found_consortium
from doubles.portal import served
from hub.adapters.access_log import FolderAccessLog
from hub.domain.errors import UnavailableError
from hub.domain.uploads import Upload
from hub.domain.work import ENDED, WorkState
from hub.services.access_log import fold
from hub.services.audit import verify_audit
from hub.services.health import Part, failing_parts
from hub.services.lab import Lab
from integration.gateway_bench import bench, ok, says
from spawner_config.server_folder import access_log_folder

NO_FLOOR = "[space]\nalarm = 0\nfloor = 0\n"
ACCEPTED = "all that was accepted"
Record = Callable[[str, object], None]
BROKEN_DISK = "The lab's disk takes nothing that is written; nothing was saved. Tell the administrator."


@contextmanager
def lab_with(state: Path, database: Path) -> Iterator[tuple[Lab, str]]:
    """A lab and its portal's address."""
    state.mkdir()
    lab = make_lab(state, f"sqlite:///{database}")
    found_consortium(lab)
    try:
        with served(lab) as url:
            yield lab, url
    finally:
        lab.store.engine.dispose()  # type: ignore[attr-defined]


def uploads(lab: Lab) -> set[str]:
    with lab.store.read() as reading:
        return {kept.sha256 for kept in reading.find(Upload)}


# The database, and with it the audit log


@contextmanager
def records_on_a_small_disk(tmp_path: Path) -> Iterator[tuple[Path, Lab, str]]:
    database = tmp_path / "disk" / "db.sqlite"
    with small_disk(tmp_path / "disk", "12M") as folder, lab_with(tmp_path / "state", database) as (lab, url):
        yield folder, lab, url


def test_a_full_disk_of_the_records_is_said_and_what_was_accepted_is_there(
    tmp_path: Path, record_property: Record
) -> None:
    with (
        small_disk(tmp_path / "disk", "4M") as folder,
        lab_with(tmp_path / "state", folder / "db.sqlite") as (lab, url),
    ):
        accepted = {upload(url, 100).json()["sha256"]}
        rest = fill(folder)
        answers = [upload(url, size) for size in range(200, 300)]
        accepted |= {answer.json()["sha256"] for answer in answers if answer.status_code == 200}
        refused = [answer for answer in answers if answer.status_code != 200]
        assert {(answer.status_code, answer.json()["error"]["message"]) for answer in refused} == {(503, FULL_DISK)}
        assert failing_parts(lab) == [Part.DATABASE]
        assert uploads(lab) == accepted
        rest.unlink()
        began = time.monotonic()
        accepted.add(upload(url, 400).json()["sha256"])
        seconds = time.monotonic() - began
        assert uploads(lab) == accepted
        assert Part.DATABASE not in failing_parts(lab)
        assert verify_audit(lab) is not None
        tell_fault(record_property, "the records' disk is full", ACCEPTED, seconds, "nothing")


def test_records_that_are_not_written_are_what_a_full_disk_costs(tmp_path: Path) -> None:
    """The weak twin: with room left, the very same requests are all taken."""
    with records_on_a_small_disk(tmp_path) as (_, _, url):
        assert {upload(url, size).status_code for size in range(200, 300)} == {200}


# The vault


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """What the kernel does to a disk whose device fails."""
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)


def test_a_vault_that_becomes_read_only_is_said_and_still_read(tmp_path: Path, record_property: Record) -> None:
    with (
        small_disk(tmp_path / "disk", "8M") as folder,
        lab_with(tmp_path / "state", tmp_path / "db.sqlite") as (lab, url),
    ):
        vault = lab.settings.vault_folder
        subprocess.run(["mount", "--bind", str(folder), str(_made(vault))], check=True)
        try:
            kept = upload(url, 5000).json()
            with read_only(folder):
                answer = upload(url, 5001)
                assert (answer.status_code, answer.json()["error"]["message"]) == (503, BROKEN_DISK)
                lab.vault.check(kept["sha256"], kept["size"])
            began = time.monotonic()
            assert upload(url, 5001).status_code == 200
            seconds = time.monotonic() - began
            assert len(uploads(lab)) == 2
            tell_fault(record_property, "the vault's disk takes no writing", ACCEPTED, seconds, "nothing")
        finally:
            subprocess.run(["umount", "--lazy", str(vault)], check=True)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# The gateway's log and counts


def test_a_gateway_whose_logs_are_full_shows_nothing_and_goes_on_when_there_is_room(
    tmp_path: Path, record_property: Record
) -> None:
    lab, took = make_lab(tmp_path / "records"), [0.0]

    async def story(state: Path, logs: Path) -> list[int]:
        async with bench(state) as b:
            subprocess.run(["mount", "--bind", str(logs), str(access_log_folder(b.settings.state))], check=True)
            try:
                await b.open("health", says(ok(b"row")))
                statuses = [(await b.get("health", "api/contents/a.ipynb"))[0]]
                rest = fill(logs)
                statuses += [(await b.get("health", "api/contents/b.ipynb"))[0] for _ in range(60)]
                rest.unlink()
                began = time.monotonic()
                await b.get("health", "api/contents/c.ipynb")
                statuses.append((await b.get("health", "api/contents/c.ipynb"))[0])
                took[0] = time.monotonic() - began
                told = replace(lab, access_log=FolderAccessLog(access_log_folder(b.settings.state)))
                while fold(told):
                    continue
                verify_audit(told)
                assert all("path" in line for line in b.lines())
                return statuses
            finally:
                subprocess.run(["umount", "--lazy", str(access_log_folder(b.settings.state))], check=True)

    with small_disk(tmp_path / "disk", "1M") as logs:
        first, *meanwhile, last = asyncio.run(story(tmp_path / "gateway", logs))
    assert (first, meanwhile[-1], last) == (200, 503, 200)
    tell_fault(record_property, "the access log's disk is full", "its lines, all of them sealed", took[0], "nothing")
    lab.store.engine.dispose()  # type: ignore[attr-defined]


# The whole state folder, with scratch, snapshots and records, under a worker and real containers


@pytest.fixture
def small(tmp_path: Path) -> Iterator[OwnLab]:
    with small_disk(tmp_path / "disk", "160M") as folder, own_lab(folder / "lab", NO_FLOOR) as made:
        yield made


def test_a_worker_on_a_full_disk_says_so_and_ends_what_was_accepted_when_there_is_room(
    small: OwnLab, record_property: Record
) -> None:
    works = small.offered(2)
    rest = fill(small.folder)
    worker = small.worker()
    with pytest.raises(UnavailableError, match="disk is full"):
        works.extend(small.offered()[0] for _ in range(200))
    wait_for(lambda: not small.lab.engine.containers(), 30, "a container is made")
    assert {small.work(work).state for work in works} <= {WorkState.QUEUED, WorkState.STARTING}
    rest.unlink()
    began = time.monotonic()
    if worker.poll() is not None:  # it could not start; the lab's supervisord starts it again
        small.worker()
    wait_for(lambda: all(small.work(work).state in ENDED for work in works), 120, "a work does not end")
    seconds, left = time.monotonic() - began, left_words(of_works(small.lab))
    assert {small.work(work).state for work in works} == {WorkState.SUCCEEDED}
    assert verify_audit(small.lab) is not None
    wait_for(lambda: small.lab.storage.works() == [], 30, "a folder is left")
    fault = "the state folder's disk is full while works wait and the worker is started"
    tell_fault(record_property, fault, f"{ACCEPTED}, and ends well", seconds, left)
