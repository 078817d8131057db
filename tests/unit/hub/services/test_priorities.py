"""Facts about priorities: who sets which, and that they order the runs of one project alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from doubles.engine import MemoryEngine
from doubles.people import approved_notebook, play
from hub.domain.errors import ConflictError, LabError, NotFoundError, RefusedError
from hub.domain.priorities import Priority
from hub.domain.work import Work, WorkState
from hub.services import runs, schedules, sweeps
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.work import do_round
from spawner_config.names import work_container

LOW, NORMAL, HIGH = Priority.LOW, Priority.NORMAL, Priority.HIGH


@pytest.fixture
def notebook(lab: Lab, engine: MemoryEngine) -> str:
    """An approved notebook of the project wages, which scientist leads; what runs goes on until a test ends it."""
    play(lab)
    found = approved_notebook(lab).id
    engine.on_start = None
    return found


def started(lab: Lab, notebook: str, priority: Priority = NORMAL, actor: str = "researcher") -> str:
    return runs.start_run(lab, actor, notebook, {}, priority=priority)[0].id


def order(lab: Lab, engine: MemoryEngine, count: int) -> list[str]:
    """Let so many runs start, one after the other, and say which did."""
    narrow = replace(lab, settings=lab.settings.model_copy(update={"concurrent_work": 1}))
    seen: list[str] = []
    for _ in range(count):
        (present,) = do_round(narrow)
        do_round(narrow)
        seen.append(present)
        engine.exit(work_container("datalab", present), 0)
        with lab.store.read() as reading:
            waits = reading.count(Work, state=WorkState.QUEUED)
        assert waits == count - len(seen)
    return seen


def reason(act: Callable[[], object], kind: type[LabError] = RefusedError) -> str:
    with pytest.raises(kind) as refused:
        act()
    return refused.value.reason


def test_runs_of_a_project_start_by_priority_and_then_as_they_were_asked_for(
    lab: Lab, engine: MemoryEngine, notebook: str
) -> None:
    low, first, second = started(lab, notebook, LOW), started(lab, notebook), started(lab, notebook)
    high = started(lab, notebook, HIGH, actor="scientist")
    with lab.store.read() as reading:
        works = [reading.get(Work, name) for name in (high, first, second, low)]
    assert [runs.place_in_queue(lab, work) for work in works if work is not None] == [1, 2, 3, 4]
    assert order(lab, engine, 4) == [high, first, second, low]


def test_a_project_that_calls_all_its_runs_high_has_no_turn_more(lab: Lab, engine: MemoryEngine, notebook: str) -> None:
    play(lab)
    theirs = approved_notebook(lab, "outsider", "other").id
    engine.on_start = None
    loud = [started(lab, notebook, HIGH, actor="scientist") for _ in range(3)]
    quiet = [started(lab, theirs, LOW, actor="outsider") for _ in range(3)]
    assert order(lab, engine, 6) == [loud[0], quiet[0], loud[1], quiet[1], loud[2], quiet[2]]


def test_whoever_asked_for_a_run_sets_low_or_normal_and_the_lead_any(lab: Lab, notebook: str) -> None:
    run = started(lab, notebook)
    for priority in (LOW, NORMAL):
        assert runs.set_run_priority(lab, "researcher", run, priority).priority is priority
    assert reason(lambda: runs.set_run_priority(lab, "researcher", run, HIGH)) == "not-the-lead"
    assert runs.set_run_priority(lab, "scientist", run, HIGH).priority is HIGH
    with lab.store.read() as reading:
        told = [e.event for e in pages(reading) if e.event.name == "lab:run:priority"]
    assert [(e.actor, dict(e.details)["priority"]) for e in told] == [
        ("researcher", "low"), ("researcher", "normal"), ("scientist", "high"),
    ]  # fmt: skip
    own = started(lab, notebook, actor="scientist")
    assert reason(lambda: runs.set_run_priority(lab, "researcher", own, LOW)) == "not-the-requester"
    assert reason(lambda: runs.set_run_priority(lab, "health-steward", run, LOW)) == "not-a-member"
    assert reason(lambda: runs.set_run_priority(lab, "outsider", run, LOW), NotFoundError) == "not-found"


def test_a_member_starts_nothing_with_a_high_priority(lab: Lab, notebook: str) -> None:
    acts: list[Callable[[], object]] = [
        lambda: runs.start_run(lab, "researcher", notebook, {}, priority=HIGH),
        lambda: sweeps.start_sweep(lab, "researcher", notebook, {"minimum": (1, 2)}, {}, priority=HIGH),
        lambda: schedules.make_schedule(lab, "researcher", notebook, "0 6 * * *", {}, priority=HIGH),
    ]
    assert [reason(act) for act in acts] == ["not-the-lead"] * 3
    assert runs.runs(lab, "researcher") == [] == schedules.schedules(lab, "researcher")


def test_a_run_that_has_had_its_turn_has_no_priority_to_set(lab: Lab, notebook: str) -> None:
    run = started(lab, notebook)
    do_round(lab)
    assert reason(lambda: runs.set_run_priority(lab, "researcher", run, LOW), ConflictError) == "run-not-queued"


def test_what_waits_of_a_sweep_steps_back_as_one(lab: Lab, engine: MemoryEngine, notebook: str) -> None:
    grid: dict[str, tuple[object, ...]] = {"minimum": (1, 2, 3)}
    sweep = sweeps.start_sweep(lab, "researcher", notebook, grid, {}, priority=NORMAL)
    later = started(lab, notebook)
    first, *others = [run.id for run, _ in sweep.runs]
    narrow = replace(lab, settings=lab.settings.model_copy(update={"concurrent_work": 1}))
    do_round(narrow)
    do_round(narrow)
    changed = sweeps.set_sweep_priority(lab, "researcher", sweep.id, LOW)
    assert [work.priority for _, work in changed.runs] == [NORMAL, LOW, LOW]
    engine.exit(work_container("datalab", first), 0)
    assert order(lab, engine, 3) == [later, *others]
    assert reason(lambda: sweeps.set_sweep_priority(lab, "researcher", sweep.id, HIGH)) == "not-the-lead"
    with pytest.raises(ConflictError, match="No run of the sweep"):
        sweeps.set_sweep_priority(lab, "researcher", sweep.id, LOW)


def test_a_schedules_runs_have_its_priority(lab: Lab, notebook: str) -> None:
    quiet = schedules.make_schedule(lab, "researcher", notebook, "0 6 * * *", {}, priority=LOW)
    loud = schedules.make_schedule(lab, "scientist", notebook, "0 6 * * *", {}, priority=HIGH)
    plain = schedules.make_schedule(lab, "researcher", notebook, "0 6 * * *", {})

    lab.clock.moment = quiet.due + timedelta(seconds=1)  # type: ignore[attr-defined]
    schedules.keep_schedules(lab)
    last = {s.id: s.run for s in schedules.schedules(lab, "researcher")}
    found = {s: runs.run(lab, "researcher", run)[1].priority for s, run in last.items()}
    assert found == {quiet.id: LOW, loud.id: HIGH, plain.id: NORMAL}
