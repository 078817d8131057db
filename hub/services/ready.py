"""Workspaces made ready in advance: who wants one, of what it is made, and when one that nobody used ends.

Invariants:

* one is made ready for a member who may work in the project at that moment, of what a workspace is made of then;
* it counts for no allowance: that is looked at when it is opened, as is everything else;
* it ends when nobody came for a while, and as soon as its person or what it is made of is no longer what it was.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hub.domain.audit import event
from hub.domain.errors import LabError, UnavailableError
from hub.domain.people import Person
from hub.domain.projects import check_works_in, is_member
from hub.domain.workspaces import EndReason, Workspace, WorkspaceState, check_can_be_ready, end_workspace
from hub.services.lab import Lab, known_projects, load_person
from hub.services.people import log_in
from hub.services.ports import Reading
from hub.services.projects import load_project
from hub.services.workspaces import HUB, WorkspacePlan, close_workspace, made_of, prepared
from spawner_config.names import server_id

EACH = 96 * 2**20
"""What one that waits holds at most, in bytes; ``make bench`` measures what it holds."""
WANTED = timedelta(seconds=60)
"""So long after somebody was last seen about to open a workspace it is worth making."""


def want_workspace(lab: Lab, person_name: str, project_name: str) -> None:
    """Note that a member is about to open their workspace; nothing where it is there, or none is made ready here."""
    if not lab.settings.workspace.ready_memory:
        return
    with lab.store.read() as reading:
        if not _is_worth_it(lab, reading, person_name, project_name):
            return
    with lab.store.begin() as records:
        if not _is_worth_it(lab, records, person_name, project_name):
            return
        identifier = server_id(person_name, project_name)
        fresh = Workspace(identifier, person_name, project_name, lab.now(), 0, WorkspaceState.WANTED)
        present = records.get(Workspace, identifier) or fresh
        wanted = replace(fresh, turn=present.turn)
        records.save(wanted, event("lab:workspace:want", person_name, project_name, project_name))


def _is_worth_it(lab: Lab, reading: Reading, person_name: str, project_name: str) -> bool:
    """Whether a member may work in the project, and their workspace is neither there nor wanted already."""
    present = reading.get(Workspace, server_id(person_name, project_name))
    if present is not None and present.state is WorkspaceState.WANTED:
        return lab.now() - present.opened >= WANTED
    try:
        check_can_be_ready(present)
        person = load_person(reading, person_name)
        check_works_in(person, load_project(reading, person, project_name), lab.now().date())
    except LabError:
        return False
    return True


def arrive(lab: Lab, name: str) -> bool:
    """Say whether somebody may log in, and if so, want the workspace that they had last, or could only mean."""
    known = log_in(lab, name)
    if known and lab.settings.workspace.ready_memory:
        with lab.store.read() as reading:
            likely = _likely(reading, load_person(reading, name))
        if likely:
            want_workspace(lab, name, likely)
    return known


def _likely(reading: Reading, person: Person) -> str:
    had = reading.find(Workspace, person=person.name)
    if had:
        return max(had, key=lambda workspace: workspace.opened).project
    own = [project.name for project in known_projects(reading) if is_member(person, project)]
    return own[0] if len(own) == 1 else ""


def leave_workspace(lab: Lab, person_name: str, project_name: str, reason: EndReason) -> None:
    """Record that a workspace has ended; who ended it by themselves is there, and may want the next one."""
    close_workspace(lab, person_name, project_name, reason)
    if reason is EndReason.STOPPED:
        want_workspace(lab, person_name, project_name)


def wanted(lab: Lab) -> list[Workspace]:
    """Return what is worth making ready now, what was wanted last first."""
    with lab.store.read() as reading:
        found = reading.find(Workspace, state=WorkspaceState.WANTED)
    now = lab.now()
    return sorted((w for w in found if now - w.opened < WANTED), key=lambda w: w.opened, reverse=True)


def ready(lab: Lab) -> list[Workspace]:
    """Return the workspaces that wait, the one that waits longest first."""
    with lab.store.read() as reading:
        return sorted(reading.find(Workspace, state=WorkspaceState.READY), key=lambda w: w.opened)


def is_ready(lab: Lab, person_name: str, project_name: str) -> bool:
    """Say whether a member's workspace waits, so that whoever clears away after another one leaves it alone."""
    with lab.store.read() as reading:
        present = reading.get(Workspace, server_id(person_name, project_name))
    return present is not None and present.state is WorkspaceState.READY


def most_ready(lab: Lab) -> int:
    """Return how many may wait at the same time."""
    return lab.settings.workspace.ready_memory // EACH


def make_ready(lab: Lab, person_name: str, project_name: str) -> WorkspacePlan:
    """Check that the person may work in the project, prepare what their container sees, and record that it waits."""
    made = made_of(lab, person_name, project_name)
    plan = prepared(lab, made)
    identifier = server_id(person_name, project_name)
    with lab.store.begin() as records:
        present = records.get(Workspace, identifier)
        check_can_be_ready(present)
        turn = present.turn + 1 if present else 1
        fresh = Workspace(
            identifier, person_name, project_name, lab.now(), turn, WorkspaceState.READY, reason=made.digest
        )
        details = {"person": person_name} | made.details
        records.save(fresh, event("lab:workspace:ready", HUB, project_name, project_name, **details))
    return plan


def why_unready(lab: Lab, workspace: Workspace) -> EndReason | None:
    """Say why one that waits has to end, or None; while records or engine cannot be asked, it goes on waiting."""
    if lab.now() - workspace.opened >= timedelta(seconds=lab.settings.workspace.ready_seconds):
        return EndReason.UNUSED
    try:
        made = made_of(lab, workspace.person, workspace.project)
    except UnavailableError:
        return None
    except LabError:
        return EndReason.NOT_ALLOWED
    return None if made.digest == workspace.reason else EndReason.CHANGED


def end_ready(lab: Lab, workspace: Workspace, reason: EndReason) -> bool:
    """Record that one that waited has ended unused; False when it was opened, or ended, meanwhile."""
    with lab.store.begin() as records:
        present = records.get(Workspace, workspace.id)
        if present is None or present.state is not WorkspaceState.READY or present.turn != workspace.turn:
            return False
        ended = end_workspace(present, WorkspaceState.CLOSED, reason, lab.now())
        details = {"person": present.person, "reason": reason}
        records.save(ended, event("lab:workspace:unused", HUB, present.project, present.project, **details))
        return True
