"""Runs: a member runs an approved notebook with parameters inside its schema."""

from __future__ import annotations

from dataclasses import replace

from datasets_mount.catalogue import Dataset, is_secret
from hub.domain.audit import event
from hub.domain.errors import ConflictError, NotFoundError, UnavailableError
from hub.domain.notebooks import Notebook, ParameterValue, check_can_run, check_parameters
from hub.domain.priorities import Priority, check_can_set_priority
from hub.domain.projects import check_works_in, sees_project
from hub.domain.queue_turns import in_turn
from hub.domain.run_memory import RunMemory, memory_of, tells_memory
from hub.domain.run_times import COMPARED, RunTimes, times_of
from hub.domain.runs import Run, Screening, as_shown
from hub.domain.work import ENDED, Work, WorkKind, WorkState, with_priority
from hub.services.datasets import latest_snapshot
from hub.services.grants import record_use
from hub.services.lab import Lab, load_person, new_id, project_behind
from hub.services.notebooks import load_notebook
from hub.services.ports import Reading, Transaction
from hub.services.projects import load_project, projects
from hub.services.run_budgets import budget_of, check_runs_left
from hub.services.space import check_space


def start_run(
    lab: Lab, actor: str, notebook_id: str, values: dict[str, object], *, priority: Priority = Priority.NORMAL
) -> tuple[Run, Work]:
    """Queue a run; the snapshot of each dataset is pinned now."""
    check_space(lab)
    with lab.store.begin() as records:
        notebook = load_notebook(records, actor, notebook_id)
        person = load_person(records, actor)
        project = load_project(records, person, notebook.project)
        check_works_in(person, project, lab.now().date())
        check_can_set_priority(person, project, actor, priority)
        check_can_run(notebook)
        check_runs_left(lab, records, notebook.project, 1)
        record_use(records, actor, notebook.project, notebook.datasets)
        parameters = check_parameters(notebook.parameters, values)
        snapshots = {name: latest_snapshot(records, name).digest for name in notebook.datasets}
        return queue_run(lab, records, actor, notebook, parameters, snapshots, priority=priority)


def queue_run(
    lab: Lab,
    records: Transaction,
    actor: str,
    notebook: Notebook,
    parameters: dict[str, ParameterValue],
    snapshots: dict[str, str],
    *,
    reproduces: str = "",
    sweep: str = "",
    schedule: str = "",
    priority: Priority = Priority.NORMAL,
) -> tuple[Run, Work]:
    """Save a run with its work, when everything was checked.

    ``reproduces`` names the run that it repeats, ``sweep`` the sweep that it is part of, and ``schedule`` the
    schedule that started it.
    """
    now = lab.now()
    run = Run(new_id("run"), notebook.project, notebook.id, actor, now, parameters, snapshots)
    screening = Screening.WAITING if sees_secret(records, snapshots) else Screening.NONE
    run = replace(run, reproduces=reproduces, sweep=sweep, screening=screening, schedule=schedule)
    work = Work(run.id, WorkKind.RUN, run.id, actor, now, priority=priority)
    details = {"notebook": notebook.id, "digest": notebook.digest, "datasets": " ".join(sorted(snapshots))}
    more = {
        key: value for key, value in (("reproduces", reproduces), ("sweep", sweep), ("schedule", schedule)) if value
    }
    left = budget_of(lab, records, run.project).left - 1
    records.save(run, event("lab:run:start", actor, run.id, run.project, runs_left=left, **details, **more))
    records.save(work, event("work:run:queue", actor, run.id, run.project))
    return run, work


def sees_secret(reading: Reading, snapshots: dict[str, str]) -> bool:
    """Whether one of the datasets of a run is secret, so that its outputs are held back until they are checked."""
    return any(is_secret(d) for name in snapshots if (d := reading.get(Dataset, name)) is not None)


def load_run(reading: Reading, actor: str, identifier: str) -> tuple[Run, Work]:
    """Return a run of a project that the person may know of, and how far it has come."""
    person = load_person(reading, actor)
    kept, work = reading.get(Run, identifier), reading.get(Work, identifier)
    project = project_behind(reading, kept)
    if kept is None or work is None or project is None or not sees_project(person, project):
        raise NotFoundError("There is no run {id}, or you may not see it.", reason="not-found", id=identifier)
    return kept, work


def run(lab: Lab, actor: str, identifier: str) -> tuple[Run, Work, tuple[int, int] | None]:
    """Return a run, how far it has come, and its progress (cells done, of how many) while it runs.

    A cell can write the file of the progress: on secret data it could say there what it read, so it is not looked at.
    """
    with lab.store.read() as reading:
        kept, work = load_run(reading, actor, identifier)
    is_told = work.state not in ENDED and not kept.is_on_secret
    return as_shown(kept), work, lab.storage.progress(identifier) if is_told else None


def place_in_queue(lab: Lab, work: Work) -> int | None:
    """Return how many turns a queued run is away from its start, 1 for the next; None once it has had its turn.

    It counts what waits in the whole lab, and says whose it is of none.
    """
    if work.state is not WorkState.QUEUED:
        return None
    with lab.store.read() as reading:
        order = in_turn(reading.queued(), reading.under_way(), reading.last_starts())
    return order.index(work.id) + 1 if work.id in order else None


def times(lab: Lab, run_: Run, work: Work) -> RunTimes | None:
    """Return how long a run has been running, and how much longer it will be, as runs of its notebook were before."""
    if work.state is not WorkState.RUNNING:
        return None
    with lab.store.read() as reading:
        return times_of(work, reading.run_durations(run_.notebook, COMPARED), lab.now())


def memory(lab: Lab, run_: Run, work: Work) -> RunMemory | None:
    """Return how much memory a run uses, seen from outside of it; None where nobody is told, or it is not known."""
    if not tells_memory(run_, work):
        return None
    try:
        used = lab.engine.memory(work.id)
    except UnavailableError:  # what is under way can be followed while the engine is away
        return None
    return None if used is None else memory_of(used, lab.settings.run.memory)


def runs(lab: Lab, actor: str, project: str = "") -> list[tuple[Run, Work]]:
    """List runs, newest first, of a project or of all projects that the person may know of."""
    names = {p.name for p in projects(lab, actor)}
    with lab.store.read() as reading:
        kept = [r for r in reading.find(Run) if r.project in names and project in ("", r.project)]
        works = {w.id: w for w in reading.find(Work)}
        return [(as_shown(r), works[r.id]) for r in reversed(kept) if r.id in works]


def cancel_run(lab: Lab, actor: str, identifier: str) -> Work:
    """Ask for a run to be ended; the worker does it within a second or two."""
    with lab.store.begin() as records:
        kept, work = load_run(records, actor, identifier)
        person = load_person(records, actor)
        check_works_in(person, load_project(records, person, kept.project), lab.now().date())
        if work.state in ENDED:
            raise ConflictError("The run {id} has ended already.", reason="run-ended", id=identifier)
        asked = replace(work, cancel_asked=True)
        records.save(asked, event("lab:run:cancel", actor, identifier, kept.project))
        return asked


def set_run_priority(lab: Lab, actor: str, identifier: str, priority: Priority) -> Work:
    """Let a run that waits go before or behind the other runs of its project."""
    with lab.store.begin() as records:
        kept, work = load_run(records, actor, identifier)
        person = load_person(records, actor)
        project = load_project(records, person, kept.project)
        check_works_in(person, project, lab.now().date())
        check_can_set_priority(person, project, kept.requester, priority)
        changed = with_priority(work, priority)
        records.save(changed, event("lab:run:priority", actor, identifier, kept.project, priority=priority))
        return changed


def notebook_name(lab: Lab, actor: str, run_: Run) -> str:
    """Return the name of a run's notebook, for pages."""
    with lab.store.read() as reading:
        return load_notebook(reading, actor, run_.notebook).name
