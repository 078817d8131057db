"""Promise 9: workers that are killed, raced or left without an engine end every work, and start nothing twice."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

import docker
import pytest

from attacks.living import wait_for
from attacks.own_lab import OwnLab, own_lab
from attacks.seen import left_words, of_works, tell_fault
from doubles.engine import MemoryEngine
from doubles.lab import make_lab
from doubles.people import approved_notebook, found_consortium, play, registered_dataset, work_off
from hub.domain.work import ENDED, WorkState
from hub.services import runs
from hub.services.audit import verify_audit
from hub.services.lab import Lab
from hub.services.work import claim, do_round
from spawner_config.names import LABEL_LAB, work_container

# Workers, killed at any moment


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnLab]:
    with own_lab(tmp_path / "Own lab") as made:
        yield made


def test_workers_killed_at_random_moments_end_every_work_and_start_nothing_twice(
    own: OwnLab, record_property: Callable[[str, object], None]
) -> None:
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
    cleared, left = time.monotonic(), left_words(of_works(own.lab))
    finish(own)
    seconds, survives = time.monotonic() - cleared, "every work, which ended well and was started once"
    tell_fault(record_property, "worker killed again and again at random moments", survives, seconds, left)
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
