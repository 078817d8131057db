"""Facts about the worker's rounds: reconciled with the engine, repeatable after a kill at any point."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy.event import listen

from doubles.engine import MemoryEngine
from doubles.people import approved_notebook, play, work_off
from hub.adapters.store import SqlStore
from hub.domain.audit import event
from hub.domain.errors import ConflictError, UnavailableError
from hub.domain.notebooks import Notebook, NotebookState
from hub.domain.sandbox_exit import SENTENCES, SandboxExit
from hub.domain.work import ENDED, Work, WorkKind, WorkState
from hub.sandbox.exchange import ValidateRequest
from hub.services import notebooks, runs
from hub.services.audit import verify_audit
from hub.services.lab import Lab
from hub.services.run_work import RUN
from hub.services.work import RECIPES, claim, do_round
from hub.settings import Allowance
from spawner_config.isolation import ContainerSpec
from spawner_config.names import work_container


class Killed(BaseException):
    """The worker was killed here; nothing after this point happened."""


@pytest.fixture
def queued(lab: Lab, notebook: str, engine: MemoryEngine) -> str:
    """A queued run whose program does nothing by itself."""
    engine.on_start = None
    return runs.start_run(lab, "researcher", notebook, {})[0].id


def state(lab: Lab, run: str) -> tuple[WorkState, str]:
    work = runs.run(lab, "researcher", run)[1]
    return work.state, work.reason


def test_a_run_is_started_once_and_followed_to_its_end(lab: Lab, engine: MemoryEngine, queued: str) -> None:
    name = work_container("datalab", queued)
    for _ in range(3):
        assert len(do_round(lab)) == 1
    assert state(lab, queued)[0] is WorkState.RUNNING
    assert engine.started.count(name) == 1
    engine.exit(name, 0)
    assert len(do_round(lab)) == 0
    assert state(lab, queued)[0] is WorkState.SUCCEEDED
    assert engine.views == {}


@pytest.mark.parametrize(
    ("code", "out_of_memory", "said"),
    [
        (15, False, "cell"),
        (16, False, "kernel died"),
        (137, True, "memory"),
        (137, False, "outside"),
        (1, False, "error"),
    ],
)
def test_the_end_is_told_by_the_engine(
    lab: Lab, engine: MemoryEngine, queued: str, code: int, out_of_memory: bool, said: str
) -> None:
    do_round(lab)
    engine.exit(work_container("datalab", queued), code, out_of_memory=out_of_memory)
    do_round(lab)
    assert state(lab, queued)[0] is WorkState.FAILED
    assert said in state(lab, queued)[1]


def test_exit_code_zero_after_memory_ran_out_is_a_failure(lab: Lab, engine: MemoryEngine, queued: str) -> None:
    do_round(lab)
    engine.exit(work_container("datalab", queued), 0, out_of_memory=True)
    do_round(lab)
    assert state(lab, queued)[0] is WorkState.FAILED


def test_a_run_whose_container_vanished_is_lost(lab: Lab, engine: MemoryEngine, queued: str) -> None:
    do_round(lab)
    engine.views.clear()
    do_round(lab)
    assert state(lab, queued)[0] is WorkState.LOST


def test_a_run_over_its_time_is_ended(lab: Lab, engine: MemoryEngine, queued: str) -> None:
    do_round(lab)
    engine.run_on(work_container("datalab", queued), lab.settings.run.seconds + 1)
    do_round(lab)
    assert state(lab, queued)[0] is WorkState.TIMED_OUT
    assert engine.views == {}


def test_a_cancelled_run_is_ended_wherever_it_stands(lab: Lab, engine: MemoryEngine, notebook: str) -> None:
    engine.on_start = None
    waiting = runs.start_run(lab, "researcher", notebook, {})[0].id
    runs.cancel_run(lab, "researcher", waiting)
    do_round(lab)
    assert engine.started.count(work_container("datalab", waiting)) == 0
    running = runs.start_run(lab, "researcher", notebook, {})[0].id
    do_round(lab)
    runs.cancel_run(lab, "researcher", running)
    do_round(lab)
    assert {state(lab, r)[0] for r in (waiting, running)} == {WorkState.CANCELLED}
    assert engine.views == {}


def test_work_whose_request_cannot_be_written_ends_and_keeps_no_other_from_going_on(
    lab: Lab, engine: MemoryEngine, notebook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program would refuse a request of such a form, so the worker's own model does, each time that it is made."""
    engine.on_start = None
    odd, other = (runs.start_run(lab, "researcher", notebook, {})[0].id for _ in range(2))

    def prepare(lab: Lab, work: Work) -> ContainerSpec:
        if work.id == odd:
            ValidateRequest(digest="no digest", cell_seconds=1)
        return RUN.prepare(lab, work)

    monkeypatch.setitem(RECIPES, WorkKind.RUN, replace(RUN, prepare=prepare))
    assert do_round(lab) == {other}
    assert state(lab, odd) == (WorkState.FAILED, SENTENCES[SandboxExit.BAD_REQUEST])
    assert do_round(lab) == {other}
    assert state(lab, other)[0] is WorkState.RUNNING


@pytest.mark.parametrize(("cell_seconds", "asked"), [(0, 900), (60, 60)])
def test_a_cell_may_take_as_long_as_its_limit_or_else_as_long_as_the_run(
    lab: Lab, engine: MemoryEngine, notebook: str, cell_seconds: int, asked: int
) -> None:
    engine.on_start = None
    limits = lab.settings.run.model_copy(update={"seconds": 900, "cell_seconds": cell_seconds})
    lab = replace(lab, settings=lab.settings.model_copy(update={"run": limits}))
    started = runs.start_run(lab, "researcher", notebook, {})[0]
    do_round(lab)
    mounts = engine.bodies[work_container("datalab", started.id)]["HostConfig"]["Mounts"]
    (inside,) = [Path(mount["Source"]) for mount in mounts if mount["Target"] == "/in"]
    assert json.loads((inside / "request.json").read_text())["cell_seconds"] == asked


def test_an_engine_that_is_away_loses_nothing(lab: Lab, engine: MemoryEngine, queued: str) -> None:
    engine.answers = False
    with pytest.raises(UnavailableError):
        do_round(lab)
    engine.answers = True
    do_round(lab)
    assert state(lab, queued)[0] is WorkState.RUNNING


def test_no_more_work_is_under_way_than_allowed(lab: Lab, engine: MemoryEngine, notebook: str) -> None:
    engine.on_start = None
    for _ in range(5):
        runs.start_run(lab, "researcher", notebook, {})
    assert len(do_round(lab)) == lab.settings.concurrent_work
    assert len(do_round(lab)) == lab.settings.concurrent_work
    assert len(engine.views) == lab.settings.concurrent_work


def test_a_container_that_nothing_knows_is_removed(lab: Lab, engine: MemoryEngine, queued: str) -> None:
    do_round(lab)
    body = engine.bodies[work_container("datalab", queued)]
    body = body | {"Labels": body["Labels"] | {"datalab.work": "run-unknown"}}
    engine.create("datalab-work-run-unknown", body)
    do_round(lab)
    assert "datalab-work-run-unknown" not in engine.views
    assert state(lab, queued)[0] is WorkState.RUNNING


@contextmanager
def killed_at(lab: Lab, moment: int) -> Any:
    """Kill the worker at its n-th moment: each call of engine, store and storage has one before and one after it."""
    counter = Counter[str]()
    patched: list[tuple[object, str, Any]] = []

    def wrap(target: object, name: str) -> None:
        real = getattr(target, name)

        def tick() -> None:
            counter["moments"] += 1
            if counter["moments"] == moment:
                raise Killed

        def call(*args: object, **values: object) -> object:
            tick()
            result = real(*args, **values)
            tick()
            return result

        patched.append((target, name, real))
        setattr(target, name, call)

    for name in ("create", "start", "kill", "remove", "containers"):
        wrap(lab.engine, name)
    for name in (
        "work",
        "run",
        "put",
        "build_snapshot",
        "mount_snapshot",
        "listing",
        "run_outputs",
        "forget_work",
        "copy_in",
    ):
        wrap(lab.storage, name)
    wrap(lab.store, "begin")
    try:
        yield counter
    finally:
        for target, name, _ in patched:
            delattr(target, name)


def test_a_worker_killed_at_any_call_comes_to_the_true_end_and_starts_nothing_twice(
    lab: Lab, engine: MemoryEngine, notebook: str
) -> None:
    kills = 0
    for moment in range(1, 70):
        run = runs.start_run(lab, "researcher", notebook, {})[0].id
        with killed_at(lab, moment):
            try:
                for _ in range(4):
                    do_round(lab)
            except Killed:
                kills += 1
        work_off(lab)
        assert state(lab, run)[0] is WorkState.SUCCEEDED, moment
        assert [f.path for f in runs.run(lab, "researcher", run)[0].outputs] == ["table.csv"]
        assert engine.started.count(work_container("datalab", run)) == 1, moment
    assert kills > 40
    assert engine.views == {}
    assert verify_audit(lab) is not None
    with lab.store.read() as reading:
        assert all(w.state in ENDED for w in reading.find(Work))


def test_a_project_with_an_allowance_has_so_many_runs_under_way_and_the_rest_waits(
    lab: Lab, engine: MemoryEngine, notebook: str
) -> None:
    engine.on_start = None
    waiting = [runs.start_run(lab, "researcher", notebook, {})[0] for _ in range(2)]
    own = {waiting[0].project: Allowance(runs=1)}
    narrow = replace(lab, settings=lab.settings.model_copy(update={"allowance": own}))
    for _ in range(3):
        assert len(do_round(narrow)) == 1
    assert [state(lab, run.id)[0] for run in waiting] == [WorkState.RUNNING, WorkState.QUEUED]
    engine.exit(work_container("datalab", waiting[0].id), 0)
    do_round(narrow)
    do_round(narrow)
    assert state(lab, waiting[1].id)[0] in (WorkState.STARTING, WorkState.RUNNING)
    # Without an allowance both would be under way.
    assert lab.settings.runs_in(waiting[0].project) == 2


def test_another_projects_run_has_its_turn_before_the_second_of_a_project_and_both_are_told_so(
    lab: Lab, engine: MemoryEngine, notebook: str
) -> None:
    others = approved_notebook(lab, "outsider", "other").id
    engine.on_start = None
    first, second = (runs.start_run(lab, "researcher", notebook, {})[0].id for _ in range(2))
    theirs = runs.start_run(lab, "outsider", others, {})[0].id
    asks = {first: "researcher", second: "researcher", theirs: "outsider"}

    def works() -> dict[str, Work]:
        return {run: runs.run(lab, who, run)[1] for run, who in asks.items()}

    def places() -> list[int | None]:
        return [runs.place_in_queue(lab, work) for work in works().values()]

    narrow = replace(lab, settings=lab.settings.model_copy(update={"concurrent_work": 1}))
    assert places() == [1, 3, 2]
    for _ in range(3):
        assert do_round(narrow) == {first}
    assert places() == [None, 2, 1]
    engine.exit(work_container("datalab", first), 0)
    assert do_round(narrow) == {theirs}
    assert places() == [None, 1, None]
    assert [work.state for work in works().values()] == [WorkState.SUCCEEDED, WorkState.QUEUED, WorkState.RUNNING]


def test_looking_for_the_next_work_asks_the_database_as_often_however_many_runs_of_a_full_project_wait(
    lab: Lab, engine: MemoryEngine, notebook: str
) -> None:
    engine.on_start = None
    first = runs.start_run(lab, "researcher", notebook, {})[0]
    own = {first.project: Allowance(runs=1)}
    narrow = replace(lab, settings=lab.settings.model_copy(update={"allowance": own}))
    assert len(do_round(narrow)) == 1
    asked: list[str] = []
    listen(cast(SqlStore, lab.store).engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    counts = []
    for _ in range(2):
        for _ in range(5):
            runs.start_run(lab, "researcher", notebook, {})
        asked.clear()
        assert claim(narrow) is None
        counts.append(len(asked))
    assert counts[0] == counts[1] > 0


def test_a_round_in_which_nothing_changes_reads_the_work_that_is_under_way_once(lab: Lab, queued: str) -> None:
    busy = replace(lab, settings=lab.settings.model_copy(update={"concurrent_work": 1}))
    for _ in range(3):
        assert do_round(busy) == {queued}
    asked: list[str] = []
    listen(cast(SqlStore, lab.store).engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert do_round(busy) == {queued}
    under_way, cancelled = [statement for statement in asked if "FROM work" in statement]
    assert "cancel_asked" not in under_way.partition("WHERE")[2]
    assert "cancel_asked" in cancelled.partition("WHERE")[2]


def test_a_round_with_nothing_to_start_keeps_no_writer_waiting(
    lab: Lab, queued: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert do_round(lab) == {queued}

    def no_writing() -> None:
        raise AssertionError("written")

    monkeypatch.setattr(lab.store, "begin", no_writing)
    assert lab.settings.concurrent_work > 1
    assert do_round(lab) == {queued}


def test_queued_work_that_is_cancelled_ends_also_while_every_place_is_taken(
    lab: Lab, engine: MemoryEngine, queued: str, notebook: str
) -> None:
    before, behind = (runs.start_run(lab, "researcher", notebook, {})[0].id for _ in range(2))
    assert do_round(lab) == {queued, before}
    runs.cancel_run(lab, "researcher", behind)
    assert do_round(lab) == {queued, before}
    assert state(lab, behind)[0] is WorkState.CANCELLED
    assert work_container("datalab", behind) not in engine.bodies


def test_work_that_is_cancelled_before_its_turn_never_has_a_container(
    lab: Lab, engine: MemoryEngine, queued: str
) -> None:
    runs.cancel_run(lab, "researcher", queued)
    started = list(engine.started)
    assert do_round(lab) == frozenset()
    assert state(lab, queued)[0] is WorkState.CANCELLED
    assert engine.started == started
    assert work_container("datalab", queued) not in engine.bodies


WITHDRAWN = "The approval of its notebook was withdrawn."


def withdraw(lab: Lab, notebook: str) -> None:
    notebooks.withdraw_notebook(lab, "jobs-steward", notebook, "because a test wants to")


def test_a_queued_run_whose_notebook_is_withdrawn_ends_at_once_and_never_starts(
    lab: Lab, engine: MemoryEngine, notebook: str, queued: str
) -> None:
    withdraw(lab, notebook)
    assert state(lab, queued) == (WorkState.CANCELLED, WITHDRAWN)
    do_round(lab)
    assert work_container("datalab", queued) not in engine.started


@pytest.mark.parametrize("rounds", [1, 2])
def test_a_run_under_way_whose_notebook_is_withdrawn_is_ended_with_the_reason(
    lab: Lab, engine: MemoryEngine, notebook: str, queued: str, rounds: int
) -> None:
    for _ in range(rounds):
        do_round(lab)
    withdraw(lab, notebook)
    do_round(lab)
    assert state(lab, queued) == (WorkState.CANCELLED, WITHDRAWN)
    assert work_container("datalab", queued) not in engine.views


def test_a_withdrawal_leaves_ended_runs_and_those_of_others_as_they_are(
    lab: Lab, engine: MemoryEngine, notebook: str, queued: str
) -> None:
    ended = runs.start_run(lab, "researcher", notebook, {})[0].id
    for identifier in (queued, ended):
        for _ in range(3):
            do_round(lab)
        engine.exit(work_container("datalab", identifier), 0)
    work_off(lab)
    play(lab)
    other = approved_notebook(lab).id
    engine.on_start = None
    going_on = runs.start_run(lab, "researcher", other, {})[0].id
    with pytest.raises(ConflictError):
        withdraw(lab, notebook)  # The newer version superseded it.
    assert [state(lab, i)[0] for i in (queued, ended, going_on)] == [
        WorkState.SUCCEEDED,
        WorkState.SUCCEEDED,
        WorkState.QUEUED,
    ]
    withdraw(lab, other)
    assert [state(lab, i)[0] for i in (queued, ended)] == [WorkState.SUCCEEDED, WorkState.SUCCEEDED]
    assert state(lab, going_on) == (WorkState.CANCELLED, WITHDRAWN)


def test_a_run_under_way_goes_on_when_a_newer_version_is_approved_and_a_queued_one_does_not_start(
    lab: Lab, engine: MemoryEngine, queued: str, notebook: str
) -> None:
    for _ in range(3):
        do_round(lab)
    late = runs.start_run(lab, "researcher", notebook, {})[0].id
    with lab.store.begin() as records:
        kept = records.get(Notebook, notebook)
        assert kept is not None
        records.save(replace(kept, state=NotebookState.SUPERSEDED), event("a:b:c", "actor", notebook))
    do_round(lab)
    do_round(lab)
    assert state(lab, queued)[0] is WorkState.RUNNING
    failed, why = state(lab, late)
    assert (failed, "superseded" in why) == (WorkState.FAILED, True)
    assert work_container("datalab", late) not in engine.started
