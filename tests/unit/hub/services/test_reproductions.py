"""Facts about runs that are run again, and about what a run tells of itself."""

from __future__ import annotations

import json

import pytest

from doubles.people import approved_notebook, finished_run, play, registered_dataset, work_off
from hub.domain.errors import ConflictError, NotFoundError, RefusedError
from hub.domain.reproductions import Reproduction, reproduction
from hub.domain.runs import Resources
from hub.domain.work import WorkState
from hub.services import reproductions, runs
from hub.services.lab import Lab
from hub.services.run_record import run_record


def test_a_repetition_has_the_same_values_and_data_and_is_compared(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)
    original = finished_run(lab)
    repeated, _ = reproductions.reproduce_run(lab, "scientist", original.id)
    assert (repeated.parameters, repeated.snapshots) == (original.parameters, original.snapshots)
    assert repeated.reproduces == original.id
    (waiting,) = reproductions.repetitions(lab, "jobs-steward", original.id)
    assert (waiting.state, waiting.equal) == (WorkState.QUEUED, False)
    work_off(lab)
    (ended,) = found = reproductions.repetitions(lab, "jobs-steward", original.id)
    assert (ended.equal, reproduction(found)) == (True, Reproduction.REPRODUCED)
    assert run_record(lab, "scientist", original.id).repetitions == found


def test_other_outputs_are_found_and_stay_found(lab: Lab) -> None:
    programs = play(lab)
    original = finished_run(lab)
    programs.outputs = {"table.csv": b"year,persons\n1980,546\n"}
    reproductions.reproduce_run(lab, "researcher", original.id)
    work_off(lab)
    programs.outputs = {"table.csv": b"year,persons\n1980,545\n"}
    reproductions.reproduce_run(lab, "researcher", original.id)
    work_off(lab)
    found = reproductions.repetitions(lab, "researcher", original.id)
    assert [r.differing for r in found] == [("table.csv",), ()]
    assert reproduction(found) is Reproduction.NOT_REPRODUCED


def test_who_does_not_work_there_repeats_nothing(lab: Lab) -> None:
    play(lab)
    original = finished_run(lab)
    with pytest.raises(RefusedError):
        reproductions.reproduce_run(lab, "jobs-steward", original.id)
    with pytest.raises(NotFoundError):
        reproductions.reproduce_run(lab, "scientist", "run-none")
    assert reproductions.repetitions(lab, "scientist", original.id) == ()


def test_what_is_not_approved_or_granted_any_more_is_not_repeated(lab: Lab) -> None:
    play(lab)
    original = finished_run(lab)
    approved_notebook(lab)
    with pytest.raises(RefusedError, match="superseded"):
        reproductions.reproduce_run(lab, "researcher", original.id)
    assert len(runs.runs(lab, "researcher")) == 1


def test_a_run_that_failed_is_not_repeated(lab: Lab) -> None:
    programs = play(lab)
    notebook = approved_notebook(lab)
    programs.exit_code = 15
    run, _ = runs.start_run(lab, "researcher", notebook.id, {})
    work_off(lab)
    with pytest.raises(ConflictError, match="did not succeed"):
        reproductions.reproduce_run(lab, "researcher", run.id)


TOLD = {"memory_allowed": 2**30, "memory_peak": 90, "cpus_allowed": 1.0, "cpu_seconds": 0.5}


def test_what_a_run_used_and_its_packages_stand_in_its_record(lab: Lab) -> None:
    play(lab).told = {"report.json": TOLD, "packages.json": {"packages": ["polars==1.2.3"]}}
    record = run_record(lab, "researcher", finished_run(lab).id)
    assert record.run.resources == Resources(**TOLD)
    assert record.packages == ("polars==1.2.3",)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"report.json": TOLD},
        {"report.json": TOLD | {"more": 1}, "packages.json": {"packages": []}},
        {"report.json": TOLD | {"memory_peak": -1}, "packages.json": {"packages": []}},
        {"report.json": TOLD, "packages.json": {"packages": ["polars 1.2.3; <b>"]}},
        {"report.json": TOLD, "packages.json": {"packages": ["a==1"] * 2001}},
    ],
    ids=lambda told: json.dumps(told)[:40],
)
def test_what_is_not_of_the_form_is_not_believed(lab: Lab, told: dict[str, object]) -> None:
    play(lab).told = told
    record = run_record(lab, "researcher", finished_run(lab).id)
    assert (record.run.resources, record.packages) == (None, ())


def test_of_a_run_that_did_not_succeed_nothing_is_believed(lab: Lab) -> None:
    programs = play(lab)
    programs.told = {"report.json": TOLD, "packages.json": {"packages": []}}
    notebook = approved_notebook(lab)
    programs.run_code = 15
    run, _ = runs.start_run(lab, "researcher", notebook.id, {})
    work_off(lab)
    kept, work, _ = runs.run(lab, "researcher", run.id)
    assert (work.state, kept.resources, kept.packages) == (WorkState.FAILED, None, "")
