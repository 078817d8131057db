"""Workspaces: who has one open, how long it may stay, and how many a project may have at the same time.

Invariants:

* a workspace of one member in one project is one record, whose identifier also names its container and its folder;
* what is being cleared away is not opened again before that has ended;
* one that is made ready in advance is nobody's use of anything: it counts for no allowance, and is opened as any other;
* how long a workspace may stay is counted from its opening, which nothing inside the container can move.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from hub.domain.errors import ConflictError, UnavailableError

PRECHECK = "DATALAB_GATE"
"""The environment variable that tells a workspace its policy and datasets, for the gate's pre-check."""


def workspace_id(person: str, project: str) -> str:
    """The workspace's short identifier, which says neither name."""
    return hashlib.sha256(f"{person}/{project}".encode()).hexdigest()[:16]


class WorkspaceState(StrEnum):
    """Whether a workspace is open."""

    WANTED = "wanted"  # its person is about to need it: it may be made ready
    READY = "ready"  # its container is made and waits; nobody is in it
    OPEN = "open"
    CLEARING = "clearing"  # nobody owns what is left of it, and the lab is removing that
    CLOSED = "closed"


class EndReason(StrEnum):
    """Why a workspace ended."""

    STOPPED = "stopped"  # by its person
    FAILED = "failed"  # it did not start
    ENDED = "ended"  # its container ended by itself, or from outside
    IDLE = "idle"
    LIFETIME = "lifetime"
    WITHDRAWN = "withdrawn"  # its project may no longer use a dataset that it sees
    NOT_ALLOWED = "not-allowed"  # its person may no longer work in the project
    LEFT_BEHIND = "left-behind"  # whoever looked after it was killed
    UNUSED = "unused"  # it was made ready, and nobody came
    CHANGED = "changed"  # it was made of what is no longer the present image, grants, versions or tier


@dataclass(frozen=True, slots=True)
class Workspace:
    """One member's workspace in one project; ``turn`` counts how often it was opened or made ready.

    ``opened`` is when it came into its state, for one that is wanted or ready, too; ``reason`` says why it ended, and
    of a ready one the digest of what it was made of. ``datasets`` are those that an open one sees, and ``tier`` is the
    one by which its browser is held.
    """

    id: str
    person: str
    project: str
    opened: datetime
    turn: int = 1
    state: WorkspaceState = WorkspaceState.OPEN
    ended: datetime | None = None
    reason: str = ""
    datasets: tuple[str, ...] = ()
    tier: str = "open"


def reopen(present: Workspace | None, fresh: Workspace) -> Workspace:
    """Open a workspace; one that is open already, since a hub was killed, goes on with the time that it had."""
    if present is None:
        return fresh
    if present.state is WorkspaceState.CLEARING:
        raise UnavailableError(
            "What is left of your last workspace is being cleared away; try again in a minute.", reason="clearing"
        )
    opened = present.opened if present.state is WorkspaceState.OPEN else fresh.opened
    return replace(fresh, opened=opened, turn=present.turn + 1)


def check_can_be_ready(present: Workspace | None) -> None:
    """A workspace is made ready where there is none: none that is open, ready already, or being cleared away."""
    if present is not None and present.state in (WorkspaceState.OPEN, WorkspaceState.READY, WorkspaceState.CLEARING):
        raise ConflictError("There is a workspace already.", reason="workspace-there")


def end_workspace(workspace: Workspace, state: WorkspaceState, reason: EndReason, now: datetime) -> Workspace:
    """Return the workspace after it has ended, or while it is being cleared away."""
    return replace(workspace, state=state, ended=now, reason=reason)


def check_allowance(project: str, others: int, most: int) -> None:
    """A project has at most so many workspaces open at the same time; one's own, opened again, is not counted twice."""
    if others >= most:
        raise ConflictError(
            "The project {name} has {count} workspaces open, and may have {most}; "
            "wait until a member closes one, or ask its lead.",
            reason="allowance",
            name=project,
            count=others,
            most=most,
        )


def due_end(opened: datetime, active: datetime, now: datetime, *, idle: int, lifetime: int) -> EndReason | None:
    """A workspace ends when nobody has used it for ``idle`` seconds, and ``lifetime`` seconds after its opening.

    What is said of activity in the future counts as now; the lifetime ends also what says that it is always in use.
    """
    if now - opened >= timedelta(seconds=lifetime):
        return EndReason.LIFETIME
    if now - max(opened, min(active, now)) >= timedelta(seconds=idle):
        return EndReason.IDLE
    return None
