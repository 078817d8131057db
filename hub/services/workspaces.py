"""Workspaces: what a member's container in a project is made of, and who may open it."""

from __future__ import annotations

from dataclasses import dataclass

from datasets_mount.catalogue import Dataset, Tier, strictest
from datasets_mount.mounts import Mount
from hub.domain.audit import event
from hub.domain.errors import LabError, UnavailableError
from hub.domain.projects import Project, check_works_in
from hub.services.datasets import granted_datasets, latest_snapshot, workspace_sees
from hub.services.lab import Lab, load_person
from hub.services.projects import load_project
from hub.services.snapshots import mounted


@dataclass(frozen=True, slots=True)
class WorkspacePlan:
    """What the spawner needs to start one member's container in one project, already checked and prepared."""

    person: str
    project: str
    image: str
    uid: int
    tier: Tier
    mounts: tuple[Mount, ...]


def open_workspace(lab: Lab, person_name: str, project_name: str) -> WorkspacePlan:
    """Check that the person may work in the project now, and prepare what their container will see.

    Each dataset's image is hashed before it is mounted; a changed byte refuses the workspace. A refusal is
    recorded too. Secret datasets are not mounted into workspaces.
    """
    try:
        with lab.store.read() as reading:
            person = load_person(reading, person_name)
            project = load_project(reading, person, project_name)
            check_works_in(person, project, lab.now().date())
            datasets = granted_datasets(reading, project_name)
            seen = [(d, latest_snapshot(reading, d.name)) for d in datasets if workspace_sees(d)]
        data = tuple(mounted(lab, project_name, s) for _, s in seen)
        mounts = _own_mounts(lab, project, person_name) + data
        image = lab.engine.image_digest(lab.settings.images.workspace)
    except LabError as error:
        with lab.store.begin() as records:
            records.record(event("lab:workspace:refuse", person_name, project_name, project_name, reason=error.reason))
        raise
    with lab.store.begin() as records:
        details = {f"data:{d.name}": s.digest for d, s in seen}
        records.record(event("lab:workspace:open", person_name, project_name, project_name, image=image, **details))
    return WorkspacePlan(person_name, project_name, image, project.uid, tier_of(datasets), mounts)


def tier_of(datasets: list[Dataset]) -> Tier:
    """A workspace takes the strictest tier of its project's datasets, mounted or not."""
    return strictest(tuple(d.tier for d in datasets))


def _own_mounts(lab: Lab, project: Project, person: str) -> tuple[Mount, ...]:
    """Home and outputs are the member's own; the shared folder is the project's; its runs are read-only."""
    folders = lab.storage.project(project.name, project.uid)
    return (
        Mount(str(lab.storage.member(folders.home, person, project.uid)), f"/home/{person}", writable=True),
        Mount(str(folders.shared), "/project", writable=True),
        Mount(str(folders.runs), "/project/runs"),
        Mount(str(lab.storage.member(folders.outputs, person, project.uid)), "/outputs", writable=True),
    )


def may_stay(lab: Lab, person_name: str, project_name: str) -> bool:
    """Say whether the person still works in the project; while the records cannot be read, nobody is thrown out."""
    try:
        with lab.store.read() as reading:
            person = load_person(reading, person_name)
            check_works_in(person, load_project(reading, person, project_name), lab.now().date())
    except UnavailableError:
        return True
    except LabError:
        return False
    return True


def close_workspace(lab: Lab, person_name: str, project_name: str) -> None:
    """Record that a workspace has ended."""
    with lab.store.begin() as records:
        records.record(event("lab:workspace:close", person_name, project_name, project_name))
