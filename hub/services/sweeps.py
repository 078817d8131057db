"""Sweeps: queued as one, followed as one, cancelled as one."""

from __future__ import annotations

from dataclasses import replace

from hub.domain.audit import event
from hub.domain.errors import ConflictError, NotFoundError
from hub.domain.notebooks import check_can_run
from hub.domain.priorities import Priority, check_can_set_priority
from hub.domain.projects import check_works_in, sees_project
from hub.domain.runs import Run, as_shown
from hub.domain.sweeps import Sweep, points
from hub.domain.work import ENDED, Work, WorkState, with_priority
from hub.services.datasets import latest_snapshot
from hub.services.grants import record_use
from hub.services.lab import Lab, load_person, new_id, project_behind
from hub.services.notebooks import load_notebook
from hub.services.ports import Reading
from hub.services.projects import load_project
from hub.services.run_budgets import check_runs_left
from hub.services.runs import load_run, queue_run, runs
from hub.services.space import check_space


def start_sweep(
    lab: Lab,
    actor: str,
    notebook_id: str,
    grid: dict[str, tuple[object, ...]],
    fixed: dict[str, object],
    *,
    priority: Priority = Priority.NORMAL,
) -> Sweep:
    """Queue a run for each point of the grid, all on the same snapshots, or none of them."""
    check_space(lab)
    with lab.store.begin() as records:
        notebook = load_notebook(records, actor, notebook_id)
        person = load_person(records, actor)
        project = load_project(records, person, notebook.project)
        check_works_in(person, project, lab.now().date())
        check_can_set_priority(person, project, actor, priority)
        check_can_run(notebook)
        found = points(notebook.parameters, grid, fixed)
        check_runs_left(lab, records, notebook.project, len(found))
        record_use(records, actor, notebook.project, notebook.datasets)
        snapshots = {name: latest_snapshot(records, name).digest for name in notebook.datasets}
        identifier = new_id("sweep")
        records.record(event("lab:sweep:start", actor, identifier, notebook.project, runs=len(found)))
        runs = tuple(
            queue_run(lab, records, actor, notebook, parameters, snapshots, sweep=identifier, priority=priority)
            for parameters in found
        )
        return _sweep_of(identifier, runs)


def _sweep_of(identifier: str, runs: tuple[tuple[Run, Work], ...]) -> Sweep:
    first = runs[0][0]
    return Sweep(identifier, first.project, first.notebook, first.requester, first.created, runs)


def load_sweep(reading: Reading, actor: str, identifier: str) -> Sweep:
    """Return a sweep of a project that the person may know of."""
    person = load_person(reading, actor)
    found = reading.find(Run, sweep=identifier) if identifier else []
    project = project_behind(reading, found[0] if found else None)
    if project is None or not sees_project(person, project):
        raise NotFoundError("There is no sweep {id}, or you may not see it.", reason="not-found", id=identifier)
    known = (load_run(reading, actor, run.id) for run in found)
    return _sweep_of(identifier, tuple((as_shown(run), work) for run, work in known))


def sweep(lab: Lab, actor: str, identifier: str) -> Sweep:
    """Return a sweep with its runs."""
    with lab.store.read() as reading:
        return load_sweep(reading, actor, identifier)


def sweeps(lab: Lab, actor: str, project: str = "") -> list[Sweep]:
    """List sweeps, newest first, of a project or of all projects that the person may know of."""
    found: dict[str, list[tuple[Run, Work]]] = {}
    for run, work in runs(lab, actor, project):
        if run.sweep:
            found.setdefault(run.sweep, []).insert(0, (run, work))
    return [_sweep_of(identifier, tuple(of_sweep)) for identifier, of_sweep in found.items()]


def cancel_sweep(lab: Lab, actor: str, identifier: str) -> Sweep:
    """Ask for all runs of a sweep that have not ended to be ended."""
    with lab.store.begin() as records:
        found = load_sweep(records, actor, identifier)
        person = load_person(records, actor)
        check_works_in(person, load_project(records, person, found.project), lab.now().date())
        left = [work for _, work in found.runs if work.state not in ENDED]
        if not left:
            raise ConflictError("The sweep {id} has ended already.", reason="sweep-ended", id=identifier)
        for work in left:
            records.save(replace(work, cancel_asked=True), event("lab:run:cancel", actor, work.id, found.project))
        records.record(event("lab:sweep:cancel", actor, identifier, found.project, runs=len(left)))
        return load_sweep(records, actor, identifier)


def set_sweep_priority(lab: Lab, actor: str, identifier: str, priority: Priority) -> Sweep:
    """Let the runs of a sweep that wait go before or behind the other runs of its project."""
    with lab.store.begin() as records:
        found = load_sweep(records, actor, identifier)
        person = load_person(records, actor)
        project = load_project(records, person, found.project)
        check_works_in(person, project, lab.now().date())
        check_can_set_priority(person, project, found.requester, priority)
        waiting = [work for _, work in found.runs if work.state is WorkState.QUEUED]
        if not waiting:
            raise ConflictError("No run of the sweep {id} waits any more.", reason="sweep-not-queued", id=identifier)
        for work in waiting:
            changed = with_priority(work, priority)
            records.save(changed, event("lab:run:priority", actor, work.id, found.project, priority=priority))
        records.record(
            event("lab:sweep:priority", actor, identifier, found.project, priority=priority, runs=len(waiting))
        )
        return load_sweep(records, actor, identifier)
