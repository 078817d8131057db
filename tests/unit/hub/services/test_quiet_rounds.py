"""Facts about rounds in which nothing was recorded: they look at the containers alone, and miss nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import cast

import pytest
from sqlalchemy.event import listen, remove

from doubles.engine import MemoryEngine
from doubles.lab import SteppingClock
from hub.adapters.store import SqlStore
from hub.domain.audit import event
from hub.domain.errors import UnavailableError
from hub.domain.work import WorkState
from hub.services import grants, notebooks, projects, runs
from hub.services.lab import Lab
from hub.services.ports import ContainerView
from hub.services.work import READ_AGAIN, LastRound, do_round
from spawner_config.names import work_container


@pytest.fixture
def running(lab: Lab, engine: MemoryEngine, notebook: str) -> str:
    """A run whose program does nothing by itself, and that is under way."""
    engine.on_start = None
    return runs.start_run(lab, "researcher", notebook, {})[0].id


@pytest.fixture
def last(lab: Lab, running: str) -> LastRound:
    """The worker has gone round until nothing changed."""
    kept = LastRound()
    for _ in range(3):
        assert do_round(lab, kept) == {running}
    return kept


@pytest.fixture
def asked(lab: Lab, last: LastRound) -> Iterator[list[str]]:
    """The statements that the database was asked."""
    database, found = cast(SqlStore, lab.store).engine, list[str]()

    def keep(*told: object) -> None:
        found.append(str(told[2]))

    listen(database, "before_cursor_execute", keep)
    yield found
    remove(database, "before_cursor_execute", keep)


def state(lab: Lab, run: str) -> WorkState:
    return runs.run(lab, "researcher", run)[1].state


def test_a_round_after_which_nothing_was_recorded_opens_no_transaction(
    lab: Lab, running: str, last: LastRound, asked: list[str]
) -> None:
    assert do_round(lab, last) == {running}
    assert asked == []
    with lab.store.begin() as records:
        records.record(event("test:something:else", "somebody", "x"))
    asked.clear()
    assert do_round(lab, last) == {running}
    assert any("FROM work" in statement for statement in asked)


def test_what_another_worker_recorded_over_its_own_connection_is_seen_at_once(
    lab: Lab, running: str, last: LastRound, asked: list[str]
) -> None:
    other = SqlStore(lab.settings.database, lab.now)
    with other.begin() as records:
        records.record(event("test:something:else", "somebody", "x"))
    assert do_round(lab, last) == {running}
    assert any("FROM work" in statement for statement in asked)
    other.engine.dispose()


def test_every_few_seconds_a_round_reads_though_nothing_was_recorded(
    lab: Lab, running: str, last: LastRound, asked: list[str]
) -> None:
    clock = cast(SteppingClock, lab.clock)
    clock.wait(READ_AGAIN - 1)
    assert do_round(lab, last) == {running}
    assert asked == []
    clock.wait(1)
    assert do_round(lab, last) == {running}
    assert any("FROM work" in statement for statement in asked)
    asked.clear()
    assert do_round(lab, last) == {running}
    assert asked == []


def test_only_of_a_round_after_which_nothing_was_recorded_the_engine_is_told_that_it_is_quiet(
    lab: Lab, engine: MemoryEngine, running: str, last: LastRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    def containers(*, is_quiet: bool = False) -> list[ContainerView]:
        told.append(is_quiet)
        return MemoryEngine.containers(engine)

    monkeypatch.setattr(engine, "containers", containers)
    do_round(lab, last)
    runs.cancel_run(lab, "researcher", running)
    do_round(lab, last)
    do_round(lab)
    assert told == [True, False, False]


def test_the_end_of_a_container_is_seen_in_a_quiet_round(
    lab: Lab, engine: MemoryEngine, running: str, last: LastRound
) -> None:
    engine.exit(work_container("datalab", running), 0)
    assert do_round(lab, last) == frozenset()
    assert state(lab, running) is WorkState.SUCCEEDED


ENDS: dict[str, tuple[Callable[[Lab, str, str], object], WorkState]] = {
    "a cancel": (lambda lab, _, run: runs.cancel_run(lab, "researcher", run), WorkState.CANCELLED),
    "an approval taken back": (
        lambda lab, notebook, _: notebooks.withdraw_notebook(lab, "jobs-steward", notebook, "it prints rows"),
        WorkState.CANCELLED,
    ),
    "a dataset taken back": (
        lambda lab, _, __: grants.withdraw_grant(lab, "jobs-steward", "wages", "jobs", "its purpose is over"),
        WorkState.FAILED,
    ),
    "a member taken out": (
        lambda lab, _, __: projects.remove_member(lab, "scientist", "wages", "researcher"),
        WorkState.FAILED,
    ),
    "a project that ended": (
        lambda lab, _, __: setattr(lab.clock, "moment", datetime(2027, 1, 2, tzinfo=UTC)),
        WorkState.FAILED,
    ),
}


@pytest.mark.parametrize("cause", ENDS)
def test_what_ends_a_run_ends_it_in_the_round_after(
    lab: Lab, engine: MemoryEngine, notebook: str, running: str, last: LastRound, cause: str
) -> None:
    act, end = ENDS[cause]
    act(lab, notebook, running)
    assert do_round(lab, last) == frozenset()
    assert runs.run(lab, "scientist", running)[1].state is end
    assert work_container("datalab", running) not in {view.name for view in engine.containers()}


def test_what_was_queued_meanwhile_starts_in_the_round_after(
    lab: Lab, notebook: str, running: str, last: LastRound
) -> None:
    later = runs.start_run(lab, "researcher", notebook, {})[0].id
    assert do_round(lab, last) == {running, later}


def test_a_round_that_failed_is_followed_by_one_that_reads(
    lab: Lab, running: str, last: LastRound, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:

        def gone(**_: object) -> None:
            raise UnavailableError("The engine does not answer.", reason="engine-missing")

        away.setattr(lab.engine, "containers", gone)
        with pytest.raises(UnavailableError):
            do_round(lab, last)
    asked.clear()
    assert do_round(lab, last) == {running}
    assert any("FROM work" in statement for statement in asked)


def test_while_another_worker_goes_round_nothing_is_done_and_afterwards_it_is(lab: Lab, running: str) -> None:
    with lab.storage.turn() as is_ours:
        assert is_ours
        assert do_round(lab) == frozenset()
        assert state(lab, running) is WorkState.QUEUED
    assert do_round(lab) == {running}
