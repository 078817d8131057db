"""Uses: what was done with a dataset, and what is due, for the organisation that owns it.

Invariants:

* a use is read from the audit log and the records that there are; nothing is kept for this alone;
* only stewards of the owner and auditors learn of uses; to others a dataset looks as one that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from datasets_mount.catalogue import Dataset, Grant, is_in_force
from hub.domain.audit import AuditEntry
from hub.domain.errors import NotFoundError
from hub.domain.exports import ExportState
from hub.domain.people import Person, Role
from hub.domain.work import WorkState
from hub.domain.workspaces import WorkspaceState

OPENED, CLOSED, DOWNLOADED = "lab:workspace:open", "lab:workspace:close", "export:release:download"
MOUNTED = "data:"
"""How the details of an opened workspace begin that name a dataset and its snapshot."""


class UseKind(StrEnum):
    """What was done with a dataset."""

    WORKSPACE = "workspace"  # it was mounted into a member's workspace
    RUN = "run"  # it was mounted into a run
    REQUEST = "request"  # somebody asked for outputs that draw on it
    RELEASE = "release"  # such outputs left
    DOWNLOAD = "download"  # somebody took a released file along


class DueKind(StrEnum):
    """What an owner may want to act on, or to know."""

    GRANT_ENDS = "grant_ends"
    GRANT_WAITS = "grant_waits"
    GRANT_ENDED = "grant_ended"
    GRANT_WITHDRAWN = "grant_withdrawn"
    SNAPSHOT_BROKEN = "snapshot_broken"


@dataclass(frozen=True, slots=True)
class Use:
    """One use of one snapshot: who, when, in which project, and as what.

    ``subject`` is the identifier of the run or request, ``ended`` when a workspace or a run was over, ``policy`` the
    digest of the policy under which outputs were checked. ``entry`` is the number of the audit entry, 0 where the
    use is a record with entries of its own.
    """

    kind: UseKind
    at: datetime
    person: str
    project: str
    subject: str
    snapshot: str
    state: WorkspaceState | WorkState | ExportState | None
    ended: datetime | None = None
    policy: str = ""
    entry: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """A grant that ends, ended or was withdrawn, or a snapshot that is broken; ``reason`` says why, where one does."""

    kind: DueKind
    subject: str
    day: date
    reason: str = ""


def sees_uses(person: Person, dataset: Dataset) -> bool:
    """Stewards of the organisation that owns a dataset see its uses, and so do auditors."""
    owns = Role.STEWARD in person.roles and person.organisation == dataset.owner
    return owns or Role.AUDITOR in person.roles


def check_sees_uses(person: Person, dataset: Dataset | None, name: str) -> Dataset:
    """Uses name people and projects, so a dataset of others looks the same as one that is not there."""
    if dataset is None or not sees_uses(person, dataset):
        raise NotFoundError(
            "There is no dataset {name} whose uses you may see; its owner's stewards and auditors do.",
            reason="unknown-uses",
            name=name,
        )
    return dataset


def workspace_uses(entries: Iterable[AuditEntry], dataset: str) -> list[Use]:
    """Return the mounts into workspaces, oldest first, from the entries that open and close workspaces, in order.

    A workspace that was opened again without a word of its end ended at the latest then.
    """
    found: list[Use] = []
    running: dict[tuple[str, str], int] = {}
    for entry in entries:
        details = dict(entry.event.details)
        person = entry.event.actor if entry.event.name == OPENED else details.get("person", "")
        key = (person, entry.event.project)
        if key in running:
            number = running.pop(key)
            found[number] = _ended(found[number], entry.at)
        snapshot = details.get(MOUNTED + dataset)
        if entry.event.name == OPENED and snapshot is not None:
            running[key] = len(found)
            found.append(_opened(entry, snapshot))
    return found


def _opened(entry: AuditEntry, snapshot: str) -> Use:
    what = entry.event
    return Use(
        UseKind.WORKSPACE, entry.at, what.actor, what.project, "", snapshot, WorkspaceState.OPEN, entry=entry.seq
    )


def _ended(use: Use, at: datetime) -> Use:
    return Use(use.kind, use.at, use.person, use.project, "", use.snapshot, WorkspaceState.CLOSED, at, entry=use.entry)


def due_of(grant: Grant, today: date) -> Due | None:
    """Return what there is to say of a grant's end; nothing where it holds without one."""
    if grant.withdrawn is not None:
        return Due(DueKind.GRANT_WITHDRAWN, grant.project, grant.withdrawn.date(), grant.reason)
    if grant.waits:
        return Due(DueKind.GRANT_WAITS, grant.project, grant.created.date())
    if grant.ends is None:
        return None
    kind = DueKind.GRANT_ENDS if is_in_force(grant, today) else DueKind.GRANT_ENDED
    return Due(kind, grant.project, grant.ends)
