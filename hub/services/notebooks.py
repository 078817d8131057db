"""Notebook approvals: submitted by a member, inspected in a container, decided by a steward or approver."""

from __future__ import annotations

from dataclasses import replace

from datasets_mount.catalogue import Dataset
from hub.domain.audit import event
from hub.domain.errors import InvalidError, NotFoundError
from hub.domain.notebook_approvals import Demand, Left, NotebookApproval, left, needed, with_approval
from hub.domain.notebooks import (
    Notebook,
    NotebookState,
    Parameter,
    ParameterType,
    check_can_decide,
    check_can_run,
    check_free_text,
    check_schema,
    decides,
    next_state,
)
from hub.domain.people import Role, check_name
from hub.domain.projects import check_works_in, sees_project
from hub.domain.reasons import is_given
from hub.domain.runs import Run
from hub.domain.validation import check_validated
from hub.domain.work import ENDED, Work, WorkKind, WorkState, WorkStep, step_work
from hub.services.datasets import own_uploads
from hub.services.grants import check_all_granted, granted_datasets
from hub.services.lab import Lab, found, load_person, new_id, people_today, project_behind
from hub.services.ports import Reading, Transaction
from hub.services.projects import load_project, projects
from hub.services.run_report import packages_of
from hub.services.space import check_space

APPROVAL_WITHDRAWN = "The approval of its notebook was withdrawn."
"""Why a run ended that somebody's withdrawal stopped."""


def submit_notebook(
    lab: Lab, actor: str, project_name: str, upload_id: str, *, name: str, purpose: str, datasets: tuple[str, ...] = ()
) -> Notebook:
    """Submit a notebook's exact bytes for approval; without names, its runs mount all datasets of the project."""
    check_name(name)
    if len(purpose.strip()) < 10:
        raise InvalidError("Say in a sentence what the notebook is for.", reason="purpose-missing")
    check_space(lab)
    image = lab.engine.image_digest(lab.settings.images.workspace)
    with lab.store.begin() as records:
        person = load_person(records, actor)
        project = load_project(records, person, project_name)
        check_works_in(person, project, lab.now().date())
        chosen = datasets or tuple(d.name for d in granted_datasets(records, project_name))
        check_all_granted(records, project_name, chosen)
        sent = own_uploads(records, actor, (upload_id,))[0]
        now = lab.now()
        notebook = Notebook(
            new_id("notebook"), project_name, name, purpose.strip(), actor, sent.sha256, chosen, image, now
        )
        work = Work(new_id("inspect"), WorkKind.INSPECT, notebook.id, actor, now)
        details = {"digest": notebook.digest, "image": image}
        records.save(notebook, event("lab:notebook:submit", actor, notebook.id, project_name, **details))
        records.save(work, event("work:inspect:queue", actor, work.id, project_name))
        return notebook


def load_notebook(reading: Reading, actor: str, identifier: str) -> Notebook:
    """Return a notebook of a project that the person may know of; any other looks as if it were not there."""
    person = load_person(reading, actor)
    notebook = reading.get(Notebook, identifier)
    project = project_behind(reading, notebook)
    if notebook is None or project is None or not sees_project(person, project):
        raise NotFoundError("There is no notebook {id}, or you may not see it.", reason="not-found", id=identifier)
    return notebook


def decide(
    lab: Lab,
    actor: str,
    identifier: str,
    *,
    approve: bool,
    reason: str,
    parameters: tuple[Parameter, ...] | None,
    accept_free_text: bool = False,
) -> Notebook:
    """Approve a notebook with its parameter schema (the drafted one where none is given), or refuse it."""
    with lab.store.begin() as records:
        notebook = load_notebook(records, actor, identifier)
        check_can_decide(load_person(records, actor), notebook)
        schema = notebook.parameters if parameters is None else parameters
        if approve:
            check_can_be_approved(lab, notebook)
            _check_covers(notebook, schema)
            check_free_text(schema, accepted=accept_free_text)
            notebook = _approved_by(lab, records, actor, notebook, schema)
            if not approvals_left(records, notebook).is_nothing:
                return _waits(records, actor, notebook)
            _supersede(records, notebook, actor)
        elif not is_given(reason):
            raise InvalidError("Say why you refuse, so that the author can mend it.", reason="reason-missing")
        step = "approve" if approve else "refuse"
        decided = replace(
            notebook,
            state=next_state(notebook, step),
            parameters=schema,
            decided_by=actor,
            decided=lab.now(),
            reason=reason.strip(),
        )
        free = " ".join(p.name for p in schema if p.type is ParameterType.TEXT)
        details = {"digest": notebook.digest, "parameters": " ".join(p.name for p in schema), "free_text": free}
        records.save(decided, event(f"lab:notebook:{step}", actor, identifier, notebook.project, **details))
        return decided


def _approved_by(lab: Lab, reading: Reading, actor: str, notebook: Notebook, schema: tuple[Parameter, ...]) -> Notebook:
    """The notebook with one more approval of its schema."""
    added = NotebookApproval(actor, load_person(reading, actor).organisation, lab.now())
    given = with_approval(notebook.approvals, added, same_schema=schema == notebook.parameters)
    return replace(notebook, approvals=given, parameters=schema)


def approvals_left(reading: Reading, notebook: Notebook) -> Left:
    """Return what an approval still needs, as the owners of its datasets ask now, of who may approve it now."""
    demands = [demand_of(found(reading.get(Dataset, name), "dataset", name)) for name in notebook.datasets]
    people = people_today(reading, {a.person for a in notebook.approvals})
    given = [
        replace(a, organisation=people[a.person].organisation)
        for a in notebook.approvals
        if a.person in people and decides(people[a.person], notebook)
    ]
    return left(given, needed(demands))


def demand_of(dataset: Dataset) -> Demand:
    """Return what the owner of a dataset asks for."""
    return Demand(dataset.approvers, dataset.approver_organisations, dataset.owner if dataset.owner_approves else "")


def _waits(records: Transaction, actor: str, notebook: Notebook) -> Notebook:
    """Keep an approval that is not the last one."""
    details = {"digest": notebook.digest, "approvals": len(notebook.approvals)}
    records.save(notebook, event("lab:notebook:vote", actor, notebook.id, notebook.project, **details))
    return notebook


def approvals_needed(lab: Lab, notebook: Notebook) -> Left:
    """The same, for pages."""
    with lab.store.read() as reading:
        return approvals_left(reading, notebook)


def check_can_be_approved(lab: Lab, notebook: Notebook) -> None:
    """Approving follows from where the notebook stands, and it was validated as far as ``lab.toml`` asks for it."""
    next_state(notebook, "approve")
    allowed = lab.settings.notebooks
    check_validated(notebook.validation, failed=allowed.approve_failed, unvalidated=allowed.approve_unvalidated)


def _check_covers(notebook: Notebook, schema: tuple[Parameter, ...]) -> None:
    """The schema names exactly the parameters that inspection found."""
    check_schema(schema)
    if {p.name for p in schema} != {p.name for p in notebook.parameters}:
        raise InvalidError(
            "The schema must describe exactly these parameters of the notebook: {names}.",
            reason="schema-incomplete",
            names=", ".join(p.name for p in notebook.parameters) or "—",
        )


def _supersede(records: Transaction, notebook: Notebook, actor: str) -> None:
    """An approval takes the place of the earlier one of the same name in the project."""
    for earlier in records.find(Notebook, project=notebook.project, name=notebook.name, state=NotebookState.APPROVED):
        replaced = replace(earlier, state=next_state(earlier, "supersede"))
        records.save(replaced, event("lab:notebook:supersede", actor, earlier.id, notebook.project, by=notebook.id))


def withdraw_notebook(lab: Lab, actor: str, identifier: str, reason: str) -> Notebook:
    """Withdraw a notebook: its author, or whoever may decide on it, does this.

    Queued runs of it end at once, and the worker ends those that are under way within a second or two.
    """
    with lab.store.begin() as records:
        notebook = load_notebook(records, actor, identifier)
        person = load_person(records, actor)
        if person.name != notebook.author:
            check_can_decide(person, notebook)
        withdrawn = replace(notebook, state=next_state(notebook, "withdraw"), reason=reason.strip())
        stopped = _stop_runs(lab, records, withdrawn, actor)
        details = {"digest": notebook.digest, "stopped": stopped}
        records.save(withdrawn, event("lab:notebook:withdraw", actor, identifier, notebook.project, **details))
        return withdrawn


def _stop_runs(lab: Lab, records: Transaction, notebook: Notebook, actor: str) -> int:
    """End a notebook's queued runs, ask for the end of those under way, and return how many these were."""
    found = [(run, records.get(Work, run.id)) for run in records.find(Run, notebook=notebook.id)]
    going_on = [(run, work) for run, work in found if work is not None and work.state not in ENDED]
    for run, work in going_on:
        stopped = replace(work, cancel_asked=True, reason=APPROVAL_WITHDRAWN)
        if work.state is WorkState.QUEUED:
            stopped = step_work(stopped, WorkStep.CANCEL, now=lab.now())
        records.save(stopped, event("lab:run:stop", actor, run.id, run.project, notebook=notebook.id))
    return len(going_on)


def notebooks(lab: Lab, actor: str, project: str = "") -> list[Notebook]:
    """List notebooks of a project, or of all projects that the person may know of."""
    names = {p.name for p in projects(lab, actor)}
    with lab.store.read() as reading:
        return [n for n in reading.find(Notebook) if n.project in names and project in ("", n.project)]


def notebook(lab: Lab, actor: str, identifier: str) -> Notebook:
    """Return a notebook with its source; the view of it is recorded."""
    with lab.store.begin() as records:
        kept = load_notebook(records, actor, identifier)
        records.record(event("lab:notebook:view", actor, identifier, kept.project))
        return kept


def image_packages(lab: Lab, shown: Notebook) -> tuple[str, ...]:
    """Return the packages of the image that a notebook is approved for, as its validation found them."""
    return packages_of(lab, shown.validation.packages if shown.validation else "")


def waiting_for_decision(lab: Lab, actor: str) -> list[Notebook]:
    """List the notebooks on which the person may decide now."""
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        if not {Role.STEWARD, Role.APPROVER} & set(person.roles):
            return []
        return [n for n in reading.find(Notebook, state=NotebookState.SUBMITTED) if n.author != actor]


def check_runs(lab: Lab, actor: str, identifier: str) -> None:
    """Refuse where no run of a notebook may start, since it is not approved, or not any more; no view is recorded."""
    with lab.store.read() as reading:
        check_can_run(load_notebook(reading, actor, identifier))


def notebook_state(lab: Lab, actor: str, identifier: str) -> NotebookState:
    """Return how far an approval has come, for a page that waits for it; no view, so nothing is recorded."""
    with lab.store.read() as reading:
        return load_notebook(reading, actor, identifier).state
