"""Runs that are run again, so that their outputs are compared."""

from __future__ import annotations

from dataclasses import replace

from hub.domain.notebooks import check_can_run
from hub.domain.projects import check_works_in
from hub.domain.reproductions import Repetition, check_can_reproduce, repetition_of
from hub.domain.runs import Run
from hub.domain.work import Work
from hub.services.grants import record_use
from hub.services.lab import Lab, load_person
from hub.services.notebooks import load_notebook
from hub.services.ports import Reading
from hub.services.projects import load_project
from hub.services.run_budgets import check_runs_left
from hub.services.runs import load_run, queue_run
from hub.services.space import check_space


def reproduce_run(lab: Lab, actor: str, identifier: str) -> tuple[Run, Work]:
    """Queue a repetition: the same notebook, image, values and snapshots in a clean container with own outputs."""
    check_space(lab)
    with lab.store.begin() as records:
        original, work = load_run(records, actor, identifier)
        person = load_person(records, actor)
        check_works_in(person, load_project(records, person, original.project), lab.now().date())
        check_can_reproduce(original, work)
        notebook = load_notebook(records, actor, original.notebook)
        check_can_run(notebook)
        check_runs_left(lab, records, original.project, 1)
        record_use(records, actor, original.project, tuple(original.snapshots))
        parameters, snapshots = original.parameters, original.snapshots
        return queue_run(lab, records, actor, notebook, parameters, snapshots, reproduces=identifier)


def repetitions_of(reading: Reading, run: Run) -> tuple[Repetition, ...]:
    """Return the repetitions of a run, oldest first."""
    found = ((other, reading.get(Work, other.id)) for other in reading.find(Run, reproduces=run.id))
    return tuple(_told(run, other, repetition_of(run, other, work)) for other, work in found if work is not None)


def _told(run: Run, other: Run, repeated: Repetition) -> Repetition:
    """Of outputs that are held back it is told whether they are the same, and not what they are called."""
    return replace(repeated, differing=()) if run.is_held or other.is_held else repeated


def repetitions(lab: Lab, actor: str, identifier: str) -> tuple[Repetition, ...]:
    """Return the repetitions of a run, oldest first, for whoever may know of the run."""
    with lab.store.read() as reading:
        run, _ = load_run(reading, actor, identifier)
        return repetitions_of(reading, run)
