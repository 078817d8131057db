"""Grants: a dataset's owner lets a project use it, to a day or for good, and takes that back whenever they want.

Invariants:

* whether a project may use a dataset now is asked here, of the grant and of the day, and remembered nowhere;
* nobody makes a project stricter that has data already but with its lead: such a grant waits until the lead accepts it;
* a grant that is over stays in the records: what a project once used still counts where nobody knows what is in a file.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from datasets_mount.catalogue import Dataset, Grant, check_grant_end, check_granted, is_in_force, raises_tier
from hub.domain.audit import event
from hub.domain.errors import ConflictError, InvalidError, NotFoundError
from hub.domain.projects import check_leads
from hub.domain.reasons import is_given
from hub.services.datasets import check_owns, latest_snapshot
from hub.services.lab import Lab, found, known_project, load_person
from hub.services.ports import Reading, Transaction
from hub.services.projects import load_project


def grant_id(project: str, dataset: str) -> str:
    """There is one grant for a project and a dataset."""
    return f"{project}:{dataset}"


def grant_dataset(lab: Lab, actor: str, project_name: str, dataset_name: str, ends: date | None = None) -> Grant:
    """Let a project use a dataset, to the end of a day where one is named; the dataset's owner decides.

    A grant that there is, also one that is over, is replaced: so its last day is changed.
    """
    with lab.store.begin() as records:
        check_owns(records, actor, dataset_name)
        found(known_project(records, project_name), "project", project_name)
        check_grant_end(ends, records.moment.date())
        latest_snapshot(records, dataset_name)  # what has nothing to mount would keep the project's workspaces shut
        identifier = grant_id(project_name, dataset_name)
        present = records.get(Grant, identifier)
        used = present.used if present else None
        waits = _raises_tier(records, project_name, dataset_name)
        grant = Grant(identifier, project_name, dataset_name, actor, lab.now(), ends, used, waits=waits)
        details = ({"ends": ends.isoformat()} if ends else {}) | ({"waits": "lead"} if waits else {})
        records.save(grant, event("lab:dataset:grant", actor, dataset_name, project_name, **details))
        return grant


def withdraw_grant(lab: Lab, actor: str, project_name: str, dataset_name: str, reason: str) -> Grant:
    """Take a grant back, with the reason; the dataset's owner decides.

    From then on the project may not use the dataset: its workspaces that see it end, its runs on it end or never start,
    and what draws on it is not released.
    """
    why = reason.strip()
    with lab.store.begin() as records:
        check_owns(records, actor, dataset_name)
        found(known_project(records, project_name), "project", project_name)
        if not is_given(why):
            raise InvalidError("Say why you withdraw it, so that the project understands.", reason="reason-missing")
        grant = records.get(Grant, grant_id(project_name, dataset_name))
        if grant is None:
            raise NotFoundError(
                "The project {project} has no grant for the dataset {dataset}.",
                reason="not-granted",
                dataset=dataset_name,
                project=project_name,
            )
        if grant.withdrawn is not None:
            raise ConflictError(
                "The dataset {dataset} was withdrawn from the project {project} already.",
                reason="grant-withdrawn",
                dataset=dataset_name,
                project=project_name,
            )
        withdrawn = replace(grant, withdrawn=lab.now(), withdrawn_by=actor, reason=why)
        records.save(withdrawn, event("lab:dataset:withdraw", actor, dataset_name, project_name, reason=why))
        return withdrawn


def _raises_tier(reading: Reading, project: str, name: str) -> bool:
    """Whether a dataset would make a project's workspaces stricter than all that it has, or had, makes them."""
    dataset = found(reading.get(Dataset, name), "dataset", name)
    present = (*granted_datasets(reading, project), *used_before(reading, project))
    return raises_tier(dataset.tier, tuple(d.tier for d in present))


def accept_grant(lab: Lab, actor: str, project_name: str, dataset_name: str) -> Grant:
    """Accept a dataset that makes the project stricter; its lead does this, and its workspaces end."""
    with lab.store.begin() as records:
        grant = _for_the_lead(records, actor, project_name, dataset_name)
        if not grant.waits:
            raise ConflictError(
                "The dataset {dataset} does not wait for you.", reason="grant-not-waiting", dataset=dataset_name
            )
        accepted = replace(grant, waits=False)
        records.save(accepted, event("lab:dataset:accept", actor, dataset_name, project_name))
        return accepted


def decline_grant(lab: Lab, actor: str, project_name: str, dataset_name: str, reason: str) -> Grant:
    """Decline a dataset that the project has not used, with the reason; its lead does this."""
    why = reason.strip()
    with lab.store.begin() as records:
        grant = _for_the_lead(records, actor, project_name, dataset_name)
        if not is_given(why):
            raise InvalidError("Say why you decline it, so that its owner understands.", reason="reason-missing")
        if grant.used is not None:
            raise ConflictError(
                "The project has used the dataset {dataset}; only its owner takes it back.",
                reason="grant-used",
                dataset=dataset_name,
            )
        declined = replace(grant, waits=False, withdrawn=lab.now(), withdrawn_by=actor, reason=why)
        records.save(declined, event("lab:dataset:decline", actor, dataset_name, project_name, reason=why))
        return declined


def _for_the_lead(reading: Reading, actor: str, project_name: str, dataset_name: str) -> Grant:
    """Return a grant that was not withdrawn, to the lead of its project."""
    person = load_person(reading, actor)
    check_leads(person, load_project(reading, person, project_name))
    grant = reading.get(Grant, grant_id(project_name, dataset_name))
    if grant is None or grant.withdrawn is not None:
        raise NotFoundError(
            "The project {project} has no grant for the dataset {dataset}.",
            reason="not-granted",
            dataset=dataset_name,
            project=project_name,
        )
    return grant


def waiting_grants(lab: Lab, actor: str, project_name: str) -> list[Grant]:
    """Return a project's grants that wait for its lead, for whoever may know of the project."""
    with lab.store.read() as reading:
        load_project(reading, load_person(reading, actor), project_name)
        return [g for g in reading.find(Grant, project=project_name) if g.waits and g.withdrawn is None]


def grants_of(reading: Reading, project: str) -> list[Grant]:
    """Return the grants by which a project may use datasets now."""
    return [g for g in reading.find(Grant, project=project) if is_in_force(g, reading.moment.date())]


def past_grants(lab: Lab, actor: str, project_name: str) -> list[Grant]:
    """Return a project's grants that are over, for whoever may know of the project."""
    with lab.store.read() as reading:
        load_project(reading, load_person(reading, actor), project_name)
        now = grants_of(reading, project_name)
        return [g for g in reading.find(Grant, project=project_name) if g not in now and not g.waits]


def granted_datasets(reading: Reading, project: str) -> list[Dataset]:
    """Return the datasets that a project may use now."""
    found_datasets = [reading.get(Dataset, g.dataset) for g in grants_of(reading, project)]
    return [d for d in found_datasets if d is not None]


def used_before(reading: Reading, project: str) -> list[Dataset]:
    """Return the datasets that a project has used and may use no more: what it made of them may still be there."""
    now = grants_of(reading, project)
    over = [g for g in reading.find(Grant, project=project) if g.used is not None and g not in now]
    return [d for g in over if (d := reading.get(Dataset, g.dataset)) is not None]


def check_all_granted(reading: Reading, project: str, datasets: tuple[str, ...]) -> None:
    """Every one of the datasets is granted to the project now."""
    for name in datasets:
        check_granted(reading.get(Grant, grant_id(project, name)), project, name, reading.moment.date())


def record_use(records: Transaction, actor: str, project: str, datasets: tuple[str, ...]) -> None:
    """Check that the datasets are granted as their use begins, and record each the first time."""
    check_all_granted(records, project, datasets)
    for name in datasets:
        grant = records.get(Grant, grant_id(project, name))
        if grant is not None and grant.used is None:
            used = replace(grant, used=records.moment)
            records.save(used, event("lab:dataset:use", actor, name, project))
