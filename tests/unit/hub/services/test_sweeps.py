"""Facts about sweeps: queued, followed and cancelled as one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from doubles.people import approved_notebook, play, registered_dataset, submitted_notebook, work_off
from hub.domain.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from hub.domain.work import WorkState
from hub.services import reproductions, runs, sweeps
from hub.services.lab import Lab

GRID: dict[str, tuple[object, ...]] = {"minimum": (1, 2, 3)}


def test_a_sweep_comes_to_its_end_as_one(lab: Lab) -> None:
    play(lab)
    digest = registered_dataset(lab)
    sweep = sweeps.start_sweep(lab, "researcher", approved_notebook(lab).id, GRID, {})
    assert sweep.progress == (0, 3)
    work_off(lab)
    found = sweeps.sweep(lab, "scientist", sweep.id)
    assert (found.progress, found.states) == ((3, 3), {WorkState.SUCCEEDED: 3})
    assert [run.parameters for run, _ in found.runs] == [{"minimum": n} for n in (1, 2, 3)]
    assert {tuple(run.snapshots.values()) for run, _ in found.runs} <= {(digest,), ()}


def test_a_sweep_is_cancelled_as_one_and_never_has_a_container(lab: Lab) -> None:
    play(lab)
    sweep = sweeps.start_sweep(lab, "researcher", approved_notebook(lab).id, GRID, {})
    sweeps.cancel_sweep(lab, "scientist", sweep.id)
    work_off(lab)
    assert sweeps.sweep(lab, "researcher", sweep.id).states == {WorkState.CANCELLED: 3}
    assert not [name for name in lab.engine.started if "run-" in name]  # type: ignore[attr-defined]
    with pytest.raises(ConflictError, match="ended already"):
        sweeps.cancel_sweep(lab, "researcher", sweep.id)


def test_a_point_outside_of_the_schema_lets_nothing_be_queued(lab: Lab) -> None:
    play(lab)
    notebook = approved_notebook(lab)
    with pytest.raises(InvalidError):
        sweeps.start_sweep(lab, "researcher", notebook.id, {"minimum": (1, "2; import os")}, {})
    assert runs.runs(lab, "researcher") == []


def test_nothing_is_swept_that_is_not_approved(lab: Lab) -> None:
    play(lab)
    notebook = submitted_notebook(lab)
    with pytest.raises(RefusedError, match="only an approved one runs"):
        sweeps.start_sweep(lab, "researcher", notebook.id, GRID, {})


def test_who_is_no_member_sees_no_sweep_and_a_steward_cancels_none(lab: Lab) -> None:
    play(lab)
    sweep = sweeps.start_sweep(lab, "researcher", approved_notebook(lab).id, GRID, {})
    for name in (sweep.id + "x", "", "sweep-none"):
        with pytest.raises(NotFoundError):
            sweeps.sweep(lab, "researcher", name)
    with pytest.raises(RefusedError):
        sweeps.cancel_sweep(lab, "jobs-steward", sweep.id)
    assert sweeps.sweep(lab, "jobs-steward", sweep.id).progress == (0, 3)


def test_a_sweep_that_does_not_fit_into_the_budget_is_refused_whole(lab: Lab) -> None:
    play(lab)
    notebook = approved_notebook(lab)
    tight = replace(lab, settings=lab.settings.model_copy(
        update={"notebooks": lab.settings.notebooks.model_copy(update={"runs_a_month": 4})}
    ))  # fmt: skip
    runs.start_run(tight, "researcher", notebook.id, {})
    runs.start_run(tight, "researcher", notebook.id, {})
    with pytest.raises(RefusedError, match="has 2 of its 4 runs left this month, and 3 are asked for"):
        sweeps.start_sweep(tight, "researcher", notebook.id, GRID, {})
    assert len(runs.runs(lab, "researcher")) == 2
    sweeps.start_sweep(tight, "researcher", notebook.id, {"minimum": (1, 2)}, {})
    work_off(lab)
    with pytest.raises(RefusedError, match="has 0 of its 4 runs left"):
        runs.start_run(tight, "researcher", notebook.id, {})
    with pytest.raises(RefusedError, match="has 0 of its 4 runs left"):
        reproductions.reproduce_run(tight, "researcher", runs.runs(lab, "researcher")[0][0].id)
