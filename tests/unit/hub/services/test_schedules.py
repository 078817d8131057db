"""Facts about schedules: they start what their requester may start, never submit, and stop with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from datasets_mount.catalogue import Tier
from doubles.people import CONTEXT, approved_notebook, play, registered_dataset, submitted_notebook, work_off
from doubles.sandbox import GoodPrograms
from hub.domain.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from hub.domain.exports import ExportState
from hub.domain.runs import Run
from hub.domain.schedules import Schedule, ScheduleState
from hub.services import exports, freezes, grants, notebooks, projects, run_budgets, runs, schedules
from hub.services.lab import Lab
from hub.services.ports import pages

FILES = ("table.csv",)


@pytest.fixture
def programs(lab: Lab) -> GoodPrograms:
    played = play(lab)
    registered_dataset(lab)
    return played


def made(lab: Lab, files: tuple[str, ...] = FILES, actor: str = "researcher") -> Schedule:
    notebook = approved_notebook(lab).id
    return schedules.make_schedule(lab, actor, notebook, "0 6 * * *", {"minimum": 12}, files=files, context=CONTEXT)


def set_to(lab: Lab, moment: datetime) -> None:
    lab.clock.moment = moment  # type: ignore[attr-defined]


def come(lab: Lab, schedule: Schedule, later: timedelta = timedelta(seconds=1)) -> Schedule:
    """Let the next time come, and the worker look."""
    set_to(lab, schedule.due + later)
    schedules.keep_schedules(lab)
    return schedules.schedule(lab, "researcher", schedule.id)


def started(lab: Lab) -> list[Run]:
    return [run for run, _ in runs.runs(lab, "researcher")]


def told(lab: Lab, name: str) -> list[dict[str, str]]:
    with lab.store.read() as reading:
        return [dict(e.event.details) for e in pages(reading) if e.event.name == name]


def test_a_run_starts_when_its_time_comes_and_once(lab: Lab, programs: GoodPrograms) -> None:
    schedule = made(lab)
    schedules.keep_schedules(lab)
    assert started(lab) == []
    after = come(lab, schedule)
    for _ in range(3):
        schedules.keep_schedules(lab)
    (run,) = started(lab)
    assert (run.schedule, run.requester, run.parameters) == (schedule.id, "researcher", {"minimum": 12})
    assert (after.run, after.due) == (run.id, schedule.due + timedelta(days=1))


def test_a_draft_is_prepared_and_neither_submitted_nor_approved(lab: Lab, programs: GoodPrograms) -> None:
    schedule = come(lab, made(lab))
    work_off(lab)
    schedules.keep_schedules(lab)
    schedules.keep_schedules(lab)
    after = schedules.schedule(lab, "researcher", schedule.id)
    (draft,) = exports.requests(lab, "researcher")
    assert (draft.id, draft.state, draft.author) == (after.prepared, ExportState.DRAFT, "researcher")
    assert (draft.source, [f.path for f in draft.files]) == (schedule.run, ["table.csv"])


def test_a_time_that_comes_before_the_last_run_ended_is_missed_and_its_draft_is_not(
    lab: Lab, programs: GoodPrograms
) -> None:
    first = come(lab, made(lab))
    second = come(lab, first)
    assert (second.run, second.missed, second.missed_last) == (first.run, 1, first.due)
    assert "had not ended" in second.said
    assert len(started(lab)) == 1
    work_off(lab)
    schedules.keep_schedules(lab)
    (draft,) = exports.requests(lab, "researcher")
    assert draft.source == first.run


def test_a_lab_without_room_starts_nothing_and_says_so(
    lab: Lab, programs: GoodPrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = made(lab)
    full = ConflictError("The lab has no room.", reason="no-room")
    monkeypatch.setattr(schedules, "check_space", lambda _: (_ for _ in ()).throw(full))
    after = come(lab, schedule)
    assert (after.said, after.missed, after.state) == ("The lab has no room.", 1, ScheduleState.ACTIVE)
    assert started(lab) == []


def test_a_run_that_was_cancelled_before_it_began_ends_a_schedules_wait(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab, Tier.SECRET)
    schedule = come(lab, made(lab))
    runs.cancel_run(lab, "researcher", schedule.run)
    work_off(lab)
    schedules.keep_schedules(lab)
    assert "did not succeed" in schedules.schedule(lab, "researcher", schedule.id).said


def test_a_schedule_without_outputs_prepares_nothing(lab: Lab, programs: GoodPrograms) -> None:
    come(lab, made(lab, files=()))
    work_off(lab)
    schedules.keep_schedules(lab)
    assert exports.requests(lab, "researcher") == []


@pytest.mark.parametrize(
    ("outputs", "code", "said"),
    [
        ({"other.csv": b"a,b\n1,2\n"}, 0, "The last run did not write all named outputs, so no request was prepared."),
        ({"table.csv": b"a,b\n1,2\n"}, 1, "The last run did not succeed, so no request was prepared."),
    ],
)
def test_what_cannot_be_prepared_is_said_and_the_schedule_goes_on(
    lab: Lab, programs: GoodPrograms, outputs: dict[str, bytes], code: int, said: str
) -> None:
    schedule = made(lab)
    programs.outputs, programs.run_code = outputs, code
    come(lab, schedule)
    work_off(lab)
    schedules.keep_schedules(lab)
    after = schedules.schedule(lab, "researcher", schedule.id)
    assert (after.said, after.state, after.prepared) == (said, ScheduleState.ACTIVE, "")
    assert exports.requests(lab, "researcher") == []


@pytest.mark.parametrize("named", ["table.csv", "what-a-cell-read.csv"])
def test_outputs_that_are_held_back_are_not_asked_for_and_their_names_are_not_told(lab: Lab, named: str) -> None:
    programs = play(lab)
    registered_dataset(lab, Tier.SECRET)
    schedule = made(lab, files=(named,))
    programs.findings = [{"check": "frequency", "severity": "block", "place": "", "sentence": "Few.", "rule": ""}]
    come(lab, schedule)
    work_off(lab)
    schedules.keep_schedules(lab)
    assert exports.requests(lab, "researcher") == []
    assert "are held back" in schedules.schedule(lab, "researcher", schedule.id).said


def test_a_lab_that_was_down_says_what_it_missed_and_runs_nothing_after(lab: Lab, programs: GoodPrograms) -> None:
    schedule = made(lab)
    after = come(lab, schedule, timedelta(days=2, hours=5))
    assert started(lab) == []
    assert (after.missed, after.missed_last) == (3, schedule.due + timedelta(days=2))
    assert [entry["missed"] for entry in told(lab, "lab:schedule:miss")] == ["3"]
    assert len(come(lab, after).run) > 0
    assert len(started(lab)) == 1


def test_a_clock_that_is_set_back_starts_nothing_again(lab: Lab, programs: GoodPrograms) -> None:
    schedule = made(lab)
    come(lab, schedule)
    set_to(lab, schedule.due - timedelta(hours=1))
    schedules.keep_schedules(lab)
    set_to(lab, schedule.due + timedelta(seconds=2))
    schedules.keep_schedules(lab)
    assert len(started(lab)) == 1


def withdraw_approval(lab: Lab, schedule: Schedule) -> None:
    notebooks.withdraw_notebook(lab, "jobs-steward", schedule.notebook, "it was wrong")


def leave(lab: Lab, _schedule: Schedule) -> None:
    projects.remove_member(lab, "scientist", "wages", "researcher")


def freeze(lab: Lab, _schedule: Schedule) -> None:
    freezes.freeze(lab, "jobs-steward", "wages", "because of a test")


def withdraw_data(lab: Lab, _schedule: Schedule) -> None:
    grants.withdraw_grant(lab, "jobs-steward", "wages", "jobs", "because of a test")


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        (withdraw_approval, "is withdrawn; only an approved one runs"),
        (leave, "There is no notebook|Only members of the project|There is no project"),
        (freeze, "a data steward froze its releases"),
        (withdraw_data, "withdrawn|may no longer use|not granted"),
    ],
)
def test_what_its_requester_could_not_start_stops_it_with_the_sentence(
    lab: Lab, programs: GoodPrograms, happens: Callable[[Lab, Schedule], None], sentence: str
) -> None:
    schedule = made(lab)
    happens(lab, schedule)
    schedules.keep_schedules(lab)
    after = schedules.schedule(lab, "scientist", schedule.id)
    assert (after.state, after.stopped_by) == (ScheduleState.STOPPED, "worker")
    assert re.search(sentence, after.reason), after.reason
    set_to(lab, schedule.due + timedelta(seconds=1))
    schedules.keep_schedules(lab)
    assert [r for r, _ in runs.runs(lab, "scientist") if r.schedule] == []


def test_a_budget_that_is_used_up_is_waited_for(lab: Lab, programs: GoodPrograms) -> None:
    """The time is missed with the sentence, and it goes on once a steward grants more."""
    tight = replace(lab, settings=lab.settings.model_copy(
        update={"notebooks": lab.settings.notebooks.model_copy(update={"runs_a_month": 1})}
    ))  # fmt: skip
    schedule = come(tight, made(tight))
    assert schedule.state is ScheduleState.ACTIVE
    work_off(tight)
    after = come(tight, schedule)
    assert (after.state, after.missed, after.missed_last) == (ScheduleState.ACTIVE, 1, schedule.due)
    assert "has 0 of its 1 runs left this month" in after.said
    assert len(started(lab)) == 1
    run_budgets.grant_runs(tight, "health-steward", "wages", 1, "The report is due")
    again = come(tight, after)
    assert (again.missed, again.said, len(started(lab))) == (1, "", 2)


def test_a_project_that_ended_stops_it(lab: Lab, programs: GoodPrograms) -> None:
    schedule = made(lab)
    set_to(lab, datetime(2200, 1, 1, tzinfo=UTC))
    schedules.keep_schedules(lab)
    assert "runs from" in schedules.schedule(lab, "scientist", schedule.id).reason


def test_a_person_stops_it_and_what_it_started_goes_on(lab: Lab, programs: GoodPrograms) -> None:
    schedule = come(lab, made(lab))
    schedules.stop_schedule(lab, "scientist", schedule.id, "The report is out")
    work_off(lab)
    schedules.keep_schedules(lab)
    after = schedules.schedule(lab, "researcher", schedule.id)
    assert (after.state, after.stopped_by, after.reason) == (ScheduleState.STOPPED, "scientist", "The report is out")
    assert after.prepared
    assert come(lab, after).run == schedule.run


def test_nothing_is_scheduled_that_could_not_be_run_now(lab: Lab, programs: GoodPrograms) -> None:
    waits = submitted_notebook(lab).id
    with pytest.raises(RefusedError, match="only an approved one runs"):
        schedules.make_schedule(lab, "researcher", waits, "0 6 * * *", {})
    approved = approved_notebook(lab).id
    with pytest.raises(InvalidError):
        schedules.make_schedule(lab, "researcher", approved, "0 6 * * *", {"minimum": "1; import os"})
    with pytest.raises(RefusedError):
        schedules.make_schedule(lab, "health-steward", approved, "0 6 * * *", {})
    with pytest.raises(NotFoundError):
        schedules.make_schedule(lab, "outsider", approved, "0 6 * * *", {})
    with pytest.raises(InvalidError):
        schedules.make_schedule(lab, "researcher", approved, "0 6 * * *", {}, files=FILES, context="short")
    assert schedules.schedules(lab, "researcher") == []


def test_others_know_nothing_of_it_and_do_not_stop_it(lab: Lab, programs: GoodPrograms) -> None:
    schedule = made(lab)
    assert schedules.schedules(lab, "outsider") == []
    with pytest.raises(NotFoundError):
        schedules.schedule(lab, "outsider", schedule.id)
    with pytest.raises(NotFoundError):
        schedules.stop_schedule(lab, "outsider", schedule.id)
    with pytest.raises(RefusedError):
        schedules.stop_schedule(lab, "auditor", schedule.id)
    assert schedules.stop_schedule(lab, "health-steward", schedule.id).state is ScheduleState.STOPPED


def test_a_project_has_so_many_schedules(lab: Lab, programs: GoodPrograms) -> None:
    notebook = approved_notebook(lab).id
    for _ in range(20):
        schedules.make_schedule(lab, "researcher", notebook, "0 6 * * *", {})
    with pytest.raises(RefusedError, match="20 schedules already"):
        schedules.make_schedule(lab, "researcher", notebook, "0 6 * * *", {})
