"""Workspaces: what a member's container in a project is made of, who may open it, and when it ends."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from datasets_mount.catalogue import Dataset, Snapshot, Tier, is_secret, strictest
from datasets_mount.mounts import Mount
from hub.domain.audit import event
from hub.domain.errors import LabError, NotFoundError, RefusedError, UnavailableError
from hub.domain.projects import Project, check_works_in
from hub.domain.workspaces import (
    EndReason,
    Workspace,
    WorkspaceState,
    check_allowance,
    due_end,
    end_workspace,
    reopen,
)
from hub.services.grants import check_all_granted, granted_datasets, record_use, used_before
from hub.services.lab import Lab, load_person
from hub.services.ports import Reading, Transaction
from hub.services.precheck import precheck_text
from hub.services.projects import load_project
from hub.services.snapshots import mounted
from hub.services.synthetic_twins import check_eyes_off, workspace_snapshot
from spawner_config.names import server_id

HUB = "hub"


@dataclass(frozen=True, slots=True)
class WorkspacePlan:
    """What the spawner needs to start one member's container in one project, already checked and prepared.

    ``precheck`` tells the workspace its policy and datasets; empty where that is more than a variable takes.
    """

    person: str
    project: str
    image: str
    uid: int
    tier: Tier
    mounts: tuple[Mount, ...]
    precheck: str = ""


def open_workspace(lab: Lab, person_name: str, project_name: str) -> WorkspacePlan:
    """Check that the person may work in the project now, and prepare what their container will see.

    Each dataset's image is hashed before it is mounted; a changed byte refuses the workspace. A refusal is
    recorded too. Of a secret dataset the workspace sees its synthetic twin, where there is one, and nothing else.
    """
    try:
        made = made_of(lab, person_name, project_name)
        plan = prepared(lab, made)
        with lab.store.begin() as records:
            _record_opening(lab, records, made)
    except LabError as error:
        with lab.store.begin() as records:
            records.record(event("lab:workspace:refuse", person_name, project_name, project_name, reason=error.reason))
        raise
    return plan


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What a member's workspace is made of as the lab's records and the engine say it now."""

    person: str
    project: Project
    image: str
    tier: Tier
    seen: tuple[tuple[Dataset, Snapshot], ...]
    precheck: str = ""

    @property
    def details(self) -> dict[str, str]:
        """The same for the audit log."""
        named = {f"{self._word(dataset)}:{dataset.name}": snapshot.digest for dataset, snapshot in self.seen}
        return {"image": self.image} | named

    @staticmethod
    def _word(dataset: Dataset) -> str:
        return "twin" if is_secret(dataset) else "data"

    @property
    def digest(self) -> str:
        """A digest of all of it but what is told for the pre-check: a stricter policy ends nobody's workspace."""
        all_of_it = [self.details, self.person, self.project.name, self.project.uid, self.tier]
        return hashlib.sha256(json.dumps(all_of_it, sort_keys=True).encode()).hexdigest()


def made_of(lab: Lab, person_name: str, project_name: str) -> Ingredients:
    """Check that the person may work in the project now, and return what their workspace is made of; makes nothing."""
    with lab.store.read() as reading:
        person = load_person(reading, person_name)
        project = load_project(reading, person, project_name)
        check_works_in(person, project, lab.now().date())
        datasets = granted_datasets(reading, project_name)
        tier = _tier(reading, project_name)
        pairs = ((d, workspace_snapshot(reading, d)) for d in datasets)
        seen = tuple((d, s) for d, s in pairs if s is not None)
        told = precheck_text(reading, lab.settings.gate, project_name, datasets)
    image = lab.engine.image_digest(lab.settings.images.workspace)
    return Ingredients(person_name, project, image, tier, seen, told)


def prepared(lab: Lab, made: Ingredients) -> WorkspacePlan:
    """Prepare what the container will see; each dataset's image is hashed, and mounted."""
    project = made.project
    mounts = _own_mounts(lab, project, made.person) + tuple(mounted(lab, project.name, s) for _, s in made.seen)
    return WorkspacePlan(made.person, project.name, made.image, project.uid, made.tier, mounts, made.precheck)


def _record_opening(lab: Lab, records: Transaction, made: Ingredients) -> None:
    """Count the project's other workspaces in the very transaction that records this one, so that none slips by.

    What it sees must be granted still: it may have been withdrawn while it was prepared.
    """
    project, person = made.project.name, made.person
    opened = records.find(Workspace, project=project, state=WorkspaceState.OPEN)
    most = lab.settings.workspace_in(project).open_per_project
    check_allowance(project, sum(w.person != person for w in opened), most)
    identifier = server_id(person, project)
    present = records.get(Workspace, identifier)
    seen = tuple(dataset.name for dataset, _ in made.seen)
    record_use(records, person, project, seen)
    check_eyes_off(records, made.seen)
    workspace = reopen(present, Workspace(identifier, person, project, lab.now(), datasets=seen, tier=made.tier))
    waited = present is not None and present.state is WorkspaceState.READY
    details = made.details | ({"ready": str(present.turn)} if present and waited else {})
    records.save(workspace, event("lab:workspace:open", person, project, project, **details))


def tier_in(lab: Lab, project: str) -> Tier:
    """Return the tier of a project's workspaces as its datasets are granted now."""
    with lab.store.read() as reading:
        return _tier(reading, project)


def _tier(reading: Reading, project: str) -> Tier:
    """A workspace takes the strictest tier of its project's datasets, mounted or not.

    Those that the project has used and may use no more count, too: its files may hold what was made of them.
    """
    datasets = [*granted_datasets(reading, project), *used_before(reading, project)]
    return strictest(tuple(d.tier for d in datasets))


def _own_mounts(lab: Lab, project: Project, person: str) -> tuple[Mount, ...]:
    """Home and outputs are the member's own; the shared folder is the project's; its runs are read-only."""
    folders = lab.storage.project(project.name, project.uid)
    return (
        Mount(str(lab.storage.member(folders.home, person, project.uid)), f"/home/{person}", writable=True),
        Mount(str(folders.shared), "/project", writable=True),
        Mount(str(folders.runs_seen), "/project/runs", sealed=True),
        Mount(str(lab.storage.member(folders.outputs, person, project.uid)), "/outputs", writable=True),
    )


def why_ends(lab: Lab, person_name: str, project_name: str, active: datetime) -> EndReason | None:
    """Say why a workspace has to end now, or None; while the records cannot be read, nobody is thrown out.

    ``active`` is the gateway's word on when its person used it last; what the server says of itself is no part of it.
    """
    try:
        with lab.store.read() as reading:
            person = load_person(reading, person_name)
            check_works_in(person, load_project(reading, person, project_name), lab.now().date())
            workspace = reading.get(Workspace, server_id(person_name, project_name))
            over = workspace is not None and _sees_too_much(reading, workspace)
            tier = _tier(reading, project_name)
    except UnavailableError:
        return None
    except LabError:
        return EndReason.NOT_ALLOWED
    if workspace is None or workspace.state is not WorkspaceState.OPEN:
        return None
    if over:
        return EndReason.WITHDRAWN
    if strictest((kept := Tier(workspace.tier), tier)) is not kept:
        return EndReason.CHANGED
    limits = lab.settings.workspace
    return due_end(workspace.opened, active, lab.now(), idle=limits.idle_seconds, lifetime=limits.lifetime_seconds)


def _sees_too_much(reading: Reading, workspace: Workspace) -> bool:
    """Whether an open workspace sees a dataset that its project may no longer use."""
    try:
        check_all_granted(reading, workspace.project, workspace.datasets)
    except (NotFoundError, RefusedError):
        return True
    return False


def close_workspace(lab: Lab, person_name: str, project_name: str, reason: EndReason) -> None:
    """Record that a workspace has ended, and why; one that has ended already stays as it is."""
    with lab.store.begin() as records:
        workspace = records.get(Workspace, server_id(person_name, project_name))
        if workspace is None or workspace.state is not WorkspaceState.OPEN:
            return
        ended = end_workspace(workspace, WorkspaceState.CLOSED, reason, lab.now())
        actor = person_name if reason is EndReason.STOPPED else HUB
        details = {"person": person_name, "reason": reason}
        records.save(ended, event("lab:workspace:close", actor, project_name, project_name, **details))


def ends_at(lab: Lab, person_name: str, project_name: str) -> datetime | None:
    """Return when a member's open workspace ends at the latest; None when they have none."""
    with lab.store.read() as reading:
        person = load_person(reading, person_name)
        load_project(reading, person, project_name)
        workspace = reading.get(Workspace, server_id(person_name, project_name))
    if workspace is None or workspace.state is not WorkspaceState.OPEN:
        return None
    return workspace.opened + timedelta(seconds=lab.settings.workspace.lifetime_seconds)
