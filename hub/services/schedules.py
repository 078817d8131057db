"""Schedules: made and stopped by people, looked at by the worker, who starts what is due and prepares requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hub.domain.audit import event
from hub.domain.errors import ConflictError, LabError, NotFoundError, RefusedError
from hub.domain.file_groups import check_context
from hub.domain.notebooks import Notebook, check_can_run, check_parameters
from hub.domain.people import Role
from hub.domain.priorities import Priority, check_can_set_priority
from hub.domain.projects import check_works_in, sees_project
from hub.domain.runs import Run, Screening
from hub.domain.schedules import (
    Schedule,
    ScheduleState,
    after_turn,
    check_files,
    check_room,
    first_time,
    stop,
    turn,
)
from hub.domain.work import ENDED, Work, WorkState
from hub.services.datasets import latest_snapshot
from hub.services.exports import new_draft
from hub.services.freezes import check_leaves
from hub.services.grants import check_all_granted, record_use
from hub.services.lab import Lab, load_person, new_id, project_behind
from hub.services.notebooks import load_notebook
from hub.services.ports import Reading, Transaction
from hub.services.projects import load_project, projects
from hub.services.run_budgets import check_runs_left
from hub.services.runs import queue_run
from hub.services.space import check_space


def make_schedule(
    lab: Lab,
    actor: str,
    notebook_id: str,
    cron: str,
    values: dict[str, object],
    *,
    files: tuple[str, ...] = (),
    context: str = "",
    priority: Priority = Priority.NORMAL,
) -> Schedule:
    """Let an approved notebook run at the times of five words of cron, in the lab's time zone."""
    check_space(lab)
    if files:
        check_context(context)
    with lab.store.begin() as records:
        notebook = load_notebook(records, actor, notebook_id)
        check_goes_on(records, actor, notebook)
        person = load_person(records, actor)
        check_can_set_priority(person, load_project(records, person, notebook.project), actor, priority)
        check_room(len(records.find(Schedule, project=notebook.project, state=ScheduleState.ACTIVE)))
        parameters = check_parameters(notebook.parameters, values)
        now, zone = lab.now(), lab.settings.notebooks.zone
        made = Schedule(
            new_id("schedule"),
            notebook.project,
            notebook.id,
            actor,
            now,
            " ".join(cron.split()),
            zone,
            parameters,
            check_files(files),
            context.strip(),
            first_time(" ".join(cron.split()), zone, now),
            priority=priority,
        )
        details = {"notebook": notebook.id, "cron": made.cron, "zone": zone, "files": len(files)}
        records.save(made, event("lab:schedule:make", actor, made.id, made.project, **details))
        return made


def check_goes_on(reading: Reading, requester: str, notebook: Notebook) -> None:
    """Approved, of somebody who works there now, on granted data, and not frozen: else a schedule stops."""
    person = load_person(reading, requester)
    check_works_in(person, load_project(reading, person, notebook.project), reading.moment.date())
    check_can_run(notebook)
    check_all_granted(reading, notebook.project, notebook.datasets)
    check_leaves(reading, notebook.project)


def load_schedule(reading: Reading, actor: str, identifier: str) -> Schedule:
    """Return a schedule of a project that the person may know of."""
    person = load_person(reading, actor)
    found = reading.get(Schedule, identifier)
    project = project_behind(reading, found)
    if found is None or project is None or not sees_project(person, project):
        raise NotFoundError("There is no schedule {id}, or you may not see it.", reason="not-found", id=identifier)
    return found


def schedule(lab: Lab, actor: str, identifier: str) -> Schedule:
    """Return a schedule."""
    with lab.store.read() as reading:
        return load_schedule(reading, actor, identifier)


def schedules(lab: Lab, actor: str, project: str = "") -> list[Schedule]:
    """List schedules, newest first, of a project or of all projects that the person may know of."""
    names = {p.name for p in projects(lab, actor)}
    with lab.store.read() as reading:
        found = reading.find(Schedule)
    return [s for s in reversed(found) if s.project in names and project in ("", s.project)]


def check_can_stop(reading: Reading, actor: str, found: Schedule) -> None:
    """A member of the project stops a schedule, and a data steward any."""
    person = load_person(reading, actor)
    if Role.STEWARD not in person.roles:
        check_works_in(person, load_project(reading, person, found.project), reading.moment.date())


def stop_schedule(lab: Lab, actor: str, identifier: str, reason: str = "") -> Schedule:
    """Stop a schedule for good; what it has started goes on."""
    with lab.store.begin() as records:
        found = load_schedule(records, actor, identifier)
        check_can_stop(records, actor, found)
        stopped = stop(found, actor, reason.strip(), lab.now())
        records.save(stopped, event("lab:schedule:stop", actor, identifier, found.project))
        return stopped


def keep_schedules(lab: Lab) -> None:
    """Stop what may not go on, prepare requests from runs that ended, and start what is due."""
    with lab.store.read() as reading:
        active = reading.find(Schedule, state=ScheduleState.ACTIVE)
        waits = [s.id for s in active if _wants_a_turn(reading, s, lab.now())]
        waits += [s.id for s in reading.find(Schedule, state=ScheduleState.STOPPED, open=True) if _ended(reading, s)]
    faults: list[LabError] = []
    for identifier in waits:
        try:
            _one_turn(lab, identifier)
        except LabError as error:
            faults.append(error)  # The others have their turn, and this one again.
    if faults:
        raise faults[0]


def _wants_a_turn(reading: Reading, found: Schedule, now: datetime) -> bool:
    return found.due <= now or bool(_why_not(reading, found)) or (found.open and _ended(reading, found))


def _ended(reading: Reading, found: Schedule) -> bool:
    """Whether the run that was started last has come to its end, its screening too; one that never ran has none."""
    run, work = reading.get(Run, found.run), reading.get(Work, found.run)
    return (
        run is None
        or work is None
        or (work.state in ENDED and (run.screening is not Screening.WAITING or work.started is None))
    )


def _why_not(reading: Reading, found: Schedule) -> str:
    """Return the sentence why a schedule may not go on; empty where it may."""
    notebook = reading.get(Notebook, found.notebook)
    if notebook is None:
        return "Its notebook is gone."
    try:
        check_goes_on(reading, found.requester, notebook)
    except (ConflictError, NotFoundError, RefusedError) as error:
        return str(error)
    return ""


def _one_turn(lab: Lab, identifier: str) -> None:
    """All of a schedule's turn in one transaction: a worker that is killed starts no run twice."""
    with lab.store.begin() as records:
        found = records.get(Schedule, identifier)
        if found is None:
            return
        if found.open and _ended(records, found):
            found = _prepared(lab, records, found)
        if found.state is ScheduleState.ACTIVE and (why := _why_not(records, found)):
            _stopped(lab, records, found, why)
            return
        if found.state is ScheduleState.ACTIVE and found.due <= lab.now():
            _due(lab, records, found)


def _stopped(lab: Lab, records: Transaction, found: Schedule, why: str) -> None:
    over = stop(found, "worker", why, lab.now())
    records.save(over, event("lab:schedule:end", "worker", found.id, found.project))


def _due(lab: Lab, records: Transaction, found: Schedule) -> None:
    """Start the run whose time has come, and say which times were missed."""
    seen = turn(found, lab.now())
    if seen.missed:
        details = {"missed": seen.missed, "last": seen.missed_last.isoformat() if seen.missed_last else ""}
        records.record(event("lab:schedule:miss", "worker", found.id, found.project, **details))
    counted = after_turn(found, seen)
    if seen.runs_for is not None and (why := _why_not_now(lab, records, found)):
        missed = counted.missed + 1
        counted = replace(counted, missed=missed, missed_last=seen.runs_for, said=why)
    elif seen.runs_for is not None:
        notebook = load_notebook(records, found.requester, found.notebook)
        record_use(records, found.requester, found.project, notebook.datasets)
        snapshots = {name: latest_snapshot(records, name).digest for name in notebook.datasets}
        run, _ = queue_run(
            lab,
            records,
            found.requester,
            notebook,
            found.parameters,
            snapshots,
            schedule=found.id,
            priority=found.priority,
        )
        counted = replace(counted, run=run.id, open=True, said="")
    records.save(counted, event("lab:schedule:turn", "worker", found.id, found.project, run=counted.run))


def _why_not_now(lab: Lab, reading: Reading, found: Schedule) -> str:
    """Return the sentence why a time passes without a run, and the schedule goes on; empty where it does not pass."""
    if found.open:
        return "The last run had not ended when the next was due, so that time was missed."
    try:
        check_space(lab)
        check_runs_left(lab, reading, found.project, 1)
    except LabError as error:
        return str(error)
    return ""


def _prepared(lab: Lab, records: Transaction, found: Schedule) -> Schedule:
    """Prepare a draft from the run that ended; where that cannot be, it is said and nothing is prepared."""
    run, work = records.get(Run, found.run), records.get(Work, found.run)
    done = replace(found, open=False)
    if run is None or work is None or work.state is not WorkState.SUCCEEDED:
        done = replace(done, said="The last run did not succeed, so no request was prepared.")
    elif found.files:
        wrote = {file.path for file in run.outputs}
        if run.is_held or set(found.files) <= wrote:  # of outputs that are held back nobody is told the names
            done = _draft(lab, records, done)
        else:
            done = replace(done, said="The last run did not write all named outputs, so no request was prepared.")
    records.save(done, event("lab:schedule:prepare", "worker", found.id, found.project, request=done.prepared))
    return done


def _draft(lab: Lab, records: Transaction, found: Schedule) -> Schedule:
    try:
        made = new_draft(lab, records, found.requester, found.project, found.run, found.files, found.context)
    except LabError as error:
        return replace(found, said=str(error))
    return replace(found, prepared=made.id)
