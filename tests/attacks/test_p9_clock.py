"""Promise 9: whoever sets the machine's clock takes nothing back, ends nobody's work, and lets nothing go on for ever.

The machine's own clock is never set: the lab's clock is one that the test holds, or a worker's own.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

from attacks.living import wait_for
from attacks.own_lab import OwnLab, own_lab
from attacks.seen import left_words, of_works, tell_fault
from doubles.engine import MemoryEngine
from doubles.lab import SteppingClock, make_lab
from doubles.people import approved_notebook, found_consortium, play, registered_dataset
from hub.adapters.access_log import FolderAccessLog
from hub.domain.errors import ConflictError, LabError
from hub.domain.work import ENDED, WorkState
from hub.services import projects, runs
from hub.services.access_log import fold
from hub.services.audit import verify_audit
from hub.services.health import SILENT, WORKER, Part, failing_parts
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.reaper import GRACE, reap
from hub.services.work import do_round
from spawner_config.gateway import access_log
from spawner_config.gateway.access_log import AccessLog, Seen
from spawner_config.gateway.acts import Act
from spawner_config.names import LABEL_SERVER, work_container

JUMPS = [timedelta(hours=2), timedelta(hours=-2), timedelta(days=40), timedelta(days=-40)]
STRANGER = "f" * 16


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = make_lab(tmp_path)
    found_consortium(made)
    play(made)
    registered_dataset(made)
    yield made
    made.store.engine.dispose()  # type: ignore[attr-defined]


def clock(lab: Lab) -> SteppingClock:
    return cast(SteppingClock, lab.clock)


@pytest.fixture
def run(lab: Lab) -> str:
    """A run that goes on until it is ended."""
    notebook = approved_notebook(lab).id
    cast(MemoryEngine, lab.engine).on_start = None
    started = runs.start_run(lab, "researcher", notebook, {})[0].id
    do_round(lab)
    return started


def state_of(lab: Lab, run: str) -> WorkState:
    do_round(lab)
    return runs.run(lab, "researcher", run)[1].state


# Runs


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_ends_no_run_early_and_keeps_none_beyond_its_time(
    lab: Lab, run: str, jump: timedelta
) -> None:
    engine, name = cast(MemoryEngine, lab.engine), work_container("datalab", run)
    clock(lab).moment += jump
    engine.run_on(name, lab.settings.run.seconds - 1)
    assert state_of(lab, run) is WorkState.RUNNING
    engine.run_on(name, lab.settings.run.seconds + 1)
    assert state_of(lab, run) is WorkState.TIMED_OUT


def test_a_lab_that_counts_by_the_machines_clock_ends_it(lab: Lab, run: str) -> None:
    engine, name = cast(MemoryEngine, lab.engine), work_container("datalab", run)
    engine.views[name] = replace(engine.views[name], seconds=None)
    assert state_of(lab, run) is WorkState.RUNNING
    clock(lab).moment += JUMPS[0]
    assert state_of(lab, run) is WorkState.TIMED_OUT


# What is nobody's


class Hub:
    """A hub that knows of no server."""

    def servers(self) -> set[str]:
        return set()


def leave(lab: Lab) -> None:
    lab.engine.create("left", {"Labels": {LABEL_SERVER: STRANGER}})


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_has_nobody_cleared_away_early_or_never(lab: Lab, jump: timedelta) -> None:
    leave(lab)
    suspects = reap(lab, Hub(), {})
    clock(lab).moment += jump
    suspects = reap(lab, Hub(), suspects)
    assert lab.engine.workspaces() == {STRANGER: "left"}
    clock(lab).passed += GRACE
    reap(lab, Hub(), suspects)
    assert lab.engine.workspaces() == {}


def test_a_reaper_that_counts_by_the_machines_clock_clears_away_what_was_just_made(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab.clock, "seconds", lambda: clock(lab).moment.timestamp())
    leave(lab)
    suspects = reap(lab, Hub(), {})
    clock(lab).moment += JUMPS[0]
    reap(lab, Hub(), suspects)
    assert lab.engine.workspaces() == {}


# Signs of life, dates, the logs


def test_a_worker_that_is_dead_is_not_taken_for_alive_after_the_clock_was_set_back(lab: Lab) -> None:
    lab.store.beat(WORKER)
    assert failing_parts(lab) == []
    clock(lab).moment -= 2 * SILENT
    assert failing_parts(lab) == [Part.WORKER]
    lab.store.beat(WORKER)
    assert failing_parts(lab) == []


def test_a_project_that_a_clock_ahead_has_ended_goes_on_when_the_clock_is_right_again(lab: Lab) -> None:
    notebook = approved_notebook(lab).id
    clock(lab).moment += timedelta(days=365 * 200)
    with pytest.raises(LabError, match="runs from"):
        runs.start_run(lab, "researcher", notebook, {})
    clock(lab).moment -= timedelta(days=365 * 200)
    assert runs.start_run(lab, "researcher", notebook, {})[1].state is WorkState.QUEUED


def test_the_audit_log_keeps_the_order_of_what_happened_whatever_the_clock_says(lab: Lab) -> None:
    before = verify_audit(lab)
    assert before is not None
    people = ["transport-steward", "auditor", "jobs-steward", "health-steward"]
    for jump, person in zip(JUMPS, people, strict=True):
        clock(lab).moment += jump
        projects.add_member(lab, "scientist", "wages", person)
    with lab.store.read() as reading:
        added = [e for e in pages(reading) if e.event.name == "lab:project:add-member" and e.seq > before.seq]
    assert [dict(entry.event.details)["member"] for entry in added] == people
    moments = [entry.at for entry in added]
    assert moments != sorted(moments)
    last = verify_audit(lab)
    assert last is not None
    assert last.seq == before.seq + len(people)


def reads(folder: Path, now: datetime, name: str) -> None:
    """A gateway is started, shows a file, and is killed."""
    log = AccessLog(folder, lambda: now)
    log.begin(Seen("browser", "GET", f"/{name}", act=Act("read", name)))


def acts_of(lab: Lab) -> list[str]:
    while fold(lab):
        continue
    with lab.store.read() as reading:
        return [e.event.subject for e in pages(reading) if e.event.name == "gateway:file:read"]


@pytest.mark.parametrize("jump", JUMPS)
def test_what_a_gateway_showed_before_and_after_a_jump_is_in_the_audit_log(
    lab: Lab, tmp_path: Path, jump: timedelta
) -> None:
    lab, now = replace(lab, access_log=FolderAccessLog(tmp_path / "logs")), datetime.now(UTC)
    for at, name in ((now, "before"), (now + jump, "meanwhile"), (now, "after")):
        reads(tmp_path / "logs", at, name)
        acts_of(lab)
    assert acts_of(lab) == ["before", "meanwhile", "after"]
    assert verify_audit(lab) is not None


def test_a_gateway_that_goes_back_to_the_file_of_an_earlier_day_is_not_followed(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_log, "_newest", lambda _: datetime.min.replace(tzinfo=UTC))
    lab, now = replace(lab, access_log=FolderAccessLog(tmp_path / "logs")), datetime.now(UTC)
    for at, name in ((now + JUMPS[2], "meanwhile"), (now, "after")):
        reads(tmp_path / "logs", at, name)
        acts_of(lab)
    assert acts_of(lab) == ["meanwhile"]
    with pytest.raises(ConflictError, match="changed"):
        verify_audit(lab)


# Whole processes, real containers


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnLab]:
    with own_lab(tmp_path / "Own lab") as made:
        yield made


def test_workers_whose_clocks_are_days_apart_end_every_work_one_after_the_other(
    own: OwnLab, record_property: Callable[[str, object], None]
) -> None:
    works = own.offered(3)
    for number, days in enumerate((0, 3, -3, 40, -40), 1):
        worker = own.worker(days)
        wait_for(lambda: own.log.count("started") == number, 30, "the worker does not start")  # noqa: B023
        time.sleep(1)
        worker.kill()
        assert worker.wait() == -signal.SIGKILL
    began = time.monotonic()
    own.worker()
    wait_for(lambda: all(own.work(work).state in ENDED for work in works), 90, "a work does not end")
    seconds, left = time.monotonic() - began, left_words(of_works(own.lab))
    assert {own.work(work).state for work in works} == {WorkState.SUCCEEDED}
    wait_for(lambda: own.lab.engine.containers() == [], 30, "a container is left")
    fault = "the worker's clock 3 and 40 days ahead and back, killed in between"
    tell_fault(record_property, fault, "every work, which ended well", seconds, left)
    assert verify_audit(own.lab) is not None
