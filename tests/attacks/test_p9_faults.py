"""Promise 9: a crash, a kill or a full disk loses nothing that was accepted, and leaves no container behind.

Processes of a running lab are killed by their number, with what a crash gives them no chance to catch, while a run, a
check and a vote are under way. How long each takes to come back is printed, and stands in the report of the tests.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import cast

import docker
import pytest
import requests

from attacks.acts import fill_the_disk, fill_what_all_share, leave_many_files, wait_for_a_word, write_words
from attacks.living import CONTEXT, PROJECT, Living, wait_for
from attacks.own_lab import OwnLab, own_lab
from doubles.engine import MemoryEngine
from doubles.lab import make_lab
from doubles.people import approved_notebook, found_consortium, play, registered_dataset, work_off
from doubles.portal import served
from hub.cli.client import API, Json, place
from hub.demo.people import AUDITOR, CARE, JOBS_STEWARD, SCIENTIST
from hub.demo.workspace_client import Workspace
from hub.domain.errors import LabError, UnavailableError
from hub.domain.work import ENDED, Work, WorkState
from hub.services import runs
from hub.services.audit import verify_audit
from hub.services.lab import Lab
from hub.services.work import claim, do_round
from hub.wiring import storage_from
from integration.sandbox_container import notebook_of
from spawner_config.names import LABEL_LAB, work_container, workspace_container

FULL_DISK = "The lab's disk is full; nothing was saved. Ask the administrator to free space, then try again."


# Processes of a running lab


@pytest.fixture(scope="module")
def waiting(living: Living, acts: str) -> str:
    """A run that is under way until it is told to end."""
    run = living.start(acts, act=wait_for_a_word.__name__)
    wait_for(lambda: (folder_of(living, run) / "started.txt").exists(), 60, "the run does not start")
    return run


@pytest.fixture(scope="module")
def at_work(living: Living) -> Workspace:
    """A workspace that is open."""
    workspace = Workspace(living.visitor(SCIENTIST), CARE)
    workspace.open()
    return workspace


def folder_of(living: Living, run: str) -> Path:
    return living.state / "projects" / PROJECT / "runs" / run


def started(living: Living, name: str) -> tuple[str, str]:
    """A container's identifier, and when it was started last."""
    seen = living.engine.inspect_container(name)
    assert seen["State"]["Running"], seen["State"]
    return seen["Id"], seen["State"]["StartedAt"]


class Voting(threading.Thread):
    """A steward's vote that is on its way when something is killed."""

    def __init__(self, living: Living, request: Json) -> None:
        super().__init__()
        self.living, self.request, self.accepted = living, request, False
        living.token(JOBS_STEWARD)

    def run(self) -> None:
        body = {
            "decision": "approve",
            "canonical": {f["path"]: f["canonical"] for f in self.request["files"]},
            "policy": self.request["policy"],
        }
        with suppress(requests.RequestException):
            answer = self.living.answer(JOBS_STEWARD, "POST", place("exports", self.request["id"], "votes"), json=body)
            self.accepted = answer.status_code == 200


@pytest.mark.parametrize("name", ["privileged", "worker", "portal", "gateway", "proxy", "hub"])
def test_whatever_is_killed_comes_back_by_itself_and_nothing_accepted_is_lost(
    living: Living,
    written: str,
    waiting: str,
    at_work: Workspace,
    name: str,
    record_testsuite_property: Callable[..., None],
) -> None:
    names = [living.container(waiting), workspace_container(living.settings.name, SCIENTIST, CARE)]
    before = [started(living, container) for container in names]
    voted = living.checked(written, "words.txt")
    asked = {"project": PROJECT, "source": written, "files": {"more.txt": {}}, "context": CONTEXT}
    submitted = living.portal(SCIENTIST).post("/exports", asked)["id"]
    voting, starts = Voting(living, voted), Counter[str]()
    with living.starts(starts):
        living.portal(SCIENTIST).post(place("exports", submitted, "submit"))
        voting.start()
        living.kill(name)
        seconds = living.up_again()
        voting.join()
        judged = living.judged(submitted)
    record_testsuite_property(f"{name}-back-after-seconds", round(seconds, 1))
    print(f"{name}: back after {seconds:.1f} s")
    assert (judged["state"], judged["turn"]) == ("submitted", 1)
    assert [starts[living.container(f"{submitted}-{kind}-1")] for kind in ("read", "check")] == [1, 1]
    assert [started(living, container) for container in names] == before
    assert living.look(waiting)["work"]["state"] == "running"
    stands = voters(living, voted)
    assert stands == [JOBS_STEWARD] if voting.accepted else stands in ([], [JOBS_STEWARD])
    assert [v["steward"] for v in living.vote(JOBS_STEWARD, voted)["votes"]] == [JOBS_STEWARD]
    assert wait_for(lambda: computed(at_work), 30, "the workspace does not answer") == "42"
    assert living.audit_verifies() > 0


def computed(workspace: Workspace) -> str:
    """What a person gets who opens their workspace and runs a cell, if they do."""
    with suppress(LabError):
        workspace.open()
        return workspace.run(["print(6 * 7)"])[0].text
    return ""


def voters(living: Living, request: Json) -> list[str]:
    found = next(e for e in living.portal(AUDITOR).get("/exports") if e["id"] == request["id"])
    return [v["steward"] for v in found["votes"]]


def test_the_run_that_outlived_them_all_ran_once_and_ended_well(living: Living, waiting: str) -> None:
    (folder_of(living, waiting) / ".word").touch()
    found = living.ended(waiting)
    assert (found["work"]["state"], living.said(found)) == ("succeeded", True)
    recorded = {f["path"]: f["sha256"] for f in found["run"]["outputs"]}
    assert living.vaulted(recorded["started.txt"]).read_text() == "started\n"
    assert [details["end"] for *_, details in living.audit("lab:run:end", subject=waiting)] == ["succeed"]
    wait_for(lambda: living.work_containers() == [], 10, "a container is left")


# Containers


ENDED_FROM_OUTSIDE = ("failed", "The container was ended from outside or crashed.")
GONE = ("lost", "Its container is gone; start it again.")


@pytest.mark.parametrize("harm", ["kill", "remove"])
def test_a_run_whose_container_ends_is_said_to_have_and_leaves_nothing(living: Living, acts: str, harm: str) -> None:
    run = living.start(acts, act=wait_for_a_word.__name__)
    wait_for(lambda: (folder_of(living, run) / "started.txt").exists(), 60, "the run does not start")
    if harm == "kill":
        os.kill(pid_of(living, living.container(run)), signal.SIGKILL)
    else:
        living.engine.remove_container(living.container(run), force=True)
    found = living.ended(run, seconds=20)
    told = (found["work"]["state"], found["work"]["reason"])
    # The worker may look between the end and the removal.
    assert told in ([ENDED_FROM_OUTSIDE] if harm == "kill" else [ENDED_FROM_OUTSIDE, GONE])
    assert [f["path"] for f in found["run"]["outputs"]] == ["started.txt"]
    wait_for(lambda: living.work_containers() == [], 10, "a container is left")


def test_a_check_whose_container_is_killed_fails_and_passes_when_it_is_submitted_again(
    living: Living, written: str
) -> None:
    asked = {"project": PROJECT, "source": written, "files": {"words.txt": {}}, "context": CONTEXT}
    made = living.portal(SCIENTIST).post("/exports", asked)["id"]
    living.portal(SCIENTIST).post(place("exports", made, "submit"))
    os.kill(wait_for(lambda: pid_of(living, living.container(f"{made}-check-1")), 30), signal.SIGKILL)
    failed = living.judged(made)
    assert (failed["state"], failed["files"][0]["canonical"]) == ("failed", "")
    assert failed["reason"] == "The container was ended from outside or crashed."
    wait_for(lambda: [w for w in left_on_disk(living) if w.startswith(made)] == [], 10, "a folder is left")
    living.portal(SCIENTIST).post(place("exports", made, "submit"))
    assert living.judged(made)["state"] == "submitted"
    wait_for(lambda: [w for w in left_on_disk(living) if w.startswith(made)] == [], 10, "a folder is left")


def left_on_disk(living: Living) -> list[str]:
    return storage_from(living.settings).works()


def pid_of(living: Living, container: str) -> int:
    with suppress(docker.errors.NotFound):
        return int(living.engine.inspect_container(container)["State"]["Pid"])
    return 0


def test_a_workspace_whose_container_is_killed_is_cleared_away_and_opens_again(
    living: Living, at_work: Workspace
) -> None:
    name = workspace_container(living.settings.name, SCIENTIST, CARE)
    killed = started(living, name)[0]
    os.kill(pid_of(living, name), signal.SIGKILL)
    wait_for(lambda: living.engine.containers(all=True, filters={"id": killed}) == [], 30, "the container is left")
    assert wait_for(lambda: computed(at_work), 30, "the workspace does not answer") == "42"


# Workers, killed at any moment


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnLab]:
    with own_lab(tmp_path / "Own lab") as made:
        yield made


def test_workers_killed_at_random_moments_end_every_work_and_start_nothing_twice(own: OwnLab) -> None:
    moments, works, began, kills = random.Random(9), own.offered(4), int(time.time()), 0
    while any(own.work(work).state not in ENDED for work in works):
        worker, before = own.worker(), own.log.count("started")
        wait_for(lambda: own.log.count("started") > before, 20, "the worker does not start")  # noqa: B023
        time.sleep(moments.random() * 0.6)
        worker.kill()
        kills += worker.wait() == -signal.SIGKILL
        assert kills < 60
    assert {own.work(work).state for work in works} == {WorkState.SUCCEEDED}
    assert kills > 0
    finish(own)
    assert starts_of(own, began) == {work_container(own.lab.settings.name, work): 1 for work in works}
    assert verify_audit(own.lab) is not None


def finish(own: OwnLab) -> None:
    """Let a worker clear away what a killed one could not."""
    own.worker()
    wait_for(lambda: own.lab.engine.containers() == [], 20, "a container is left")
    wait_for(lambda: own.lab.storage.works() == [], 20, "a folder is left")


def test_a_privileged_process_killed_at_random_moments_loses_no_work_and_starts_nothing_twice(own: OwnLab) -> None:
    moments, works, began, kills = random.Random(7), own.offered(3), int(time.time()), 0
    own.worker()
    while any(own.work(work).state not in ENDED for work in works):
        time.sleep(0.3 + moments.random())
        assert own.power is not None
        own.power.kill()
        kills += own.power.wait() == -signal.SIGKILL
        own.lend_power()
        assert kills < 60
    assert {own.work(work).state for work in works} == {WorkState.SUCCEEDED}
    assert kills > 0
    wait_for(lambda: own.lab.engine.containers() == [], 20, "a container is left")
    wait_for(lambda: own.lab.storage.works() == [], 20, "a folder is left")
    assert starts_of(own, began) == {work_container(own.lab.settings.name, work): 1 for work in works}


def starts_of(own: OwnLab, began: int) -> Counter[str]:
    """How often each container was started, by the engine's own events."""
    with closing(docker.APIClient()) as engine:
        filters = {"label": f"{LABEL_LAB}={own.lab.settings.name}", "event": "start"}
        events = engine.events(since=began, until=int(time.time()) + 1, filters=filters, decode=True)
        return Counter(event["Actor"]["Attributes"]["name"] for event in events)


def test_an_engine_gate_that_is_away_is_said_and_queued_work_waits_for_it(own: OwnLab) -> None:
    (work,) = own.offered()
    own.privileged.close()
    away = own.worker()
    wait_for(lambda: own.log.count("The lab's engine gate does not answer") >= 2, 20, "the worker says nothing")
    assert (own.work(work).state, away.poll()) == (WorkState.QUEUED, None)
    own.lend_power()
    wait_for(lambda: own.work(work).state in ENDED, 60, "the work does not end")
    assert own.work(work).state is WorkState.SUCCEEDED


def test_an_engine_that_is_away_is_said_and_queued_work_waits_for_it(own: OwnLab) -> None:
    (work,) = own.offered()
    own.lend_power(DOCKER_HOST="unix:///nonexistent/docker.sock")
    away = own.worker()
    sentence = "The container engine does not answer; nothing was lost."
    wait_for(lambda: own.log.count(sentence) >= 2, 20, "the worker says nothing")
    assert (own.work(work).state, away.poll()) == (WorkState.QUEUED, None)
    own.lend_power()
    wait_for(lambda: own.work(work).state in ENDED, 60, "the work does not end")
    assert own.work(work).state is WorkState.SUCCEEDED


@pytest.fixture
def played(tmp_path: Path) -> Iterator[tuple[Lab, MemoryEngine, str]]:
    """A lab whose engine plays the containers, with an approved notebook."""
    lab = make_lab(tmp_path)
    found_consortium(lab)
    play(lab)
    registered_dataset(lab)
    yield lab, cast(MemoryEngine, lab.engine), approved_notebook(lab).id
    lab.store.engine.dispose()  # type: ignore[attr-defined]


@contextmanager
def at(target: object, name: str, act: Callable[[], object], *, first: bool) -> Iterator[None]:
    """Let something happen once, right before or after the next call of a function."""
    real, done = getattr(target, name), list[str]()

    def call(*args: object, **values: object) -> object:
        if not done and first:
            done.append(name)
            act()
        result = real(*args, **values)
        if not done:
            done.append(name)
            act()
        return result

    setattr(target, name, call)
    try:
        yield
    finally:
        delattr(target, name)
    assert done


@pytest.mark.parametrize("call", ["create", "start"])
@pytest.mark.parametrize("first", [True, False])
def test_a_cancellation_while_the_container_is_made_is_not_lost(
    played: tuple[Lab, MemoryEngine, str], call: str, first: bool
) -> None:
    lab, engine, notebook = played
    engine.on_start = None
    run = runs.start_run(lab, "researcher", notebook, {})[0].id
    with at(engine, call, lambda: runs.cancel_run(lab, "researcher", run), first=first):
        do_round(lab)
    do_round(lab)
    assert runs.run(lab, "researcher", run)[1].state is WorkState.CANCELLED
    assert engine.views == {}


def test_what_a_killed_worker_left_on_the_disk_is_removed_by_the_next(
    played: tuple[Lab, MemoryEngine, str],
) -> None:
    lab, _, notebook = played

    class Killed(BaseException):
        """The worker was killed here."""

    def kill() -> None:
        raise Killed

    runs.start_run(lab, "researcher", notebook, {})
    with at(lab.storage, "forget_work", kill, first=True), pytest.raises(Killed):
        work_off(lab)
    assert len(lab.storage.works()) == 1
    do_round(lab)
    assert lab.storage.works() == []


def test_two_workers_at_the_same_moment_start_a_container_once(played: tuple[Lab, MemoryEngine, str]) -> None:
    """A hub that was killed may leave its worker for a moment, while the next hub starts another."""
    lab, engine, notebook = played
    run = runs.start_run(lab, "researcher", notebook, {})[0].id
    claim(lab)
    with at(engine, "containers", lambda: do_round(lab), first=False):
        do_round(lab)
    work_off(lab)
    assert engine.started.count(work_container("datalab", run)) == 1
    assert runs.run(lab, "researcher", run)[1].state is WorkState.SUCCEEDED


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


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "datalab", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no byte free."""
    rest = folder / "rest"
    with suppress(OSError), rest.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    assert os.statvfs(folder).f_bavail == 0
    return rest


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
