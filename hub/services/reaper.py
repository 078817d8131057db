"""The reaper: whatever is left of a workspace that nobody looks after is removed, whoever was killed.

Invariants:

* what is there is listed before the hub is asked which servers it knows, so that one being started is never a suspect;
* a hub that cannot be asked knows all servers: nothing is removed;
* what the hub knows is not touched; what it does not know must be unknown for a while, and not just opened again;
* what was made ready in advance and waits is its own owner, as long as it should wait, and runs or was just being made;
* a loop device without a mount is let go only after the same while: between the two there is a moment;
* that a workspace is being cleared away is recorded first, and it cannot be opened until that has ended: a worker that
  is killed half-way leaves a record by which the next one goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from hub.domain.audit import event
from hub.domain.workspaces import EndReason, Workspace, WorkspaceState, end_workspace
from hub.services.lab import Lab
from hub.services.ports import HubServers
from hub.services.ready import why_unready

WORKER = "worker"
GRACE = 15.0
"""So many seconds the hub must not know a server before what is left of it is removed."""

Suspects = Mapping[str, float]
"""A server that the hub does not know, or a loop device that is mounted nowhere → since when that has been seen, in
seconds that no set clock moves."""


def reap(lab: Lab, hub: HubServers, suspects: Suspects) -> Suspects:
    """Remove what has been nobody's for a while, and return what is to be looked at again.

    Raises UnavailableError when engine, hub or database do not answer; the next round goes on.
    """
    with lab.store.read() as reading:
        unended = [w for state in _UNENDED for w in reading.find(Workspace, state=state)]
    turns = {w.id: w.turn for w in unended}
    containers = lab.engine.workspaces()
    waiting = _waiting(lab, unended)
    there = set(turns) | set(containers) | set(lab.storage.servers())
    unknown = there - hub.servers() - waiting
    loops = lab.storage.loose_loops()
    now = lab.clock.seconds()  # after the hub's answer, which may have been long in coming
    since = {one: suspects.get(one, now) for one in unknown | loops}
    over = {one for one, moment in since.items() if now - moment >= GRACE}
    for server in over - loops:
        _clear(lab, server, turns.get(server), containers.get(server, ""))
    for loop in over & loops:
        lab.storage.release_loop(loop)
    return {one: moment for one, moment in since.items() if one not in over}


_UNENDED = (WorkspaceState.READY, WorkspaceState.OPEN, WorkspaceState.CLEARING)
MAKING = timedelta(seconds=20)
"""So long one that is being made ready may be without a container that runs."""


def _waiting(lab: Lab, unended: list[Workspace]) -> set[str]:
    """Return those that rightly wait for their person."""
    ready = [w for w in unended if w.state is WorkspaceState.READY]
    running = lab.engine.workspaces(running=True) if ready else {}
    return {w.id for w in ready if (w.id in running or lab.now() - w.opened < MAKING) and not why_unready(lab, w)}


def _clear(lab: Lab, server: str, turn: int | None, container: str) -> None:
    """Claim what is left of a workspace, remove it, and record its end; one that was opened meanwhile is let alone."""
    with lab.store.begin() as records:
        present = records.get(Workspace, server)
        if present is not None and present.state is not WorkspaceState.CLOSED and present.turn != turn:
            return
        left = present or Workspace(server, "", "", lab.now())
        clearing = end_workspace(left, WorkspaceState.CLEARING, EndReason.LEFT_BEHIND, lab.now())
        if left.state is not WorkspaceState.CLEARING:
            records.save(clearing, event("lab:workspace:clear", WORKER, left.project or server, left.project))
    if container:
        lab.engine.kill(container)
        lab.engine.remove(container)
    lab.storage.forget_server(server)
    with lab.store.begin() as records:
        closed = end_workspace(clearing, WorkspaceState.CLOSED, EndReason.LEFT_BEHIND, lab.now())
        details = {"person": left.person, "reason": EndReason.LEFT_BEHIND}
        records.save(closed, event("lab:workspace:close", WORKER, left.project or server, left.project, **details))
