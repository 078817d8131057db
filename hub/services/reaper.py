"""The reaper: whatever is left of a workspace that nobody looks after is removed, whoever was killed.

Invariants:

* what is there is listed before the hub is asked which servers it knows, so that one being started is never a suspect;
* a hub that cannot be asked knows all servers: nothing is removed;
* what the hub knows is not touched; what it does not know must be unknown for a while, and not just opened again;
* a loop device without a mount is let go only after the same while: between the two there is a moment;
* that a workspace is being cleared away is recorded first, and it cannot be opened until that has ended: a worker that
  is killed half-way leaves a record by which the next one goes on.
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.domain.audit import event
from hub.domain.workspaces import EndReason, Workspace, WorkspaceState, end_workspace
from hub.services.lab import Lab
from hub.services.ports import HubServers

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
        turns = {w.id: w.turn for state in _UNENDED for w in reading.find(Workspace, state=state)}
    containers = lab.engine.workspaces()
    there = set(turns) | set(containers) | set(lab.storage.servers())
    unknown = there - hub.servers()
    loops = lab.storage.loose_loops()
    now = lab.clock.seconds()  # after the hub's answer, which may have been long in coming
    since = {one: suspects.get(one, now) for one in unknown | loops}
    over = {one for one, moment in since.items() if now - moment >= GRACE}
    for server in over - loops:
        _clear(lab, server, turns.get(server), containers.get(server, ""))
    for loop in over & loops:
        lab.storage.release_loop(loop)
    return {one: moment for one, moment in since.items() if one not in over}


_UNENDED = (WorkspaceState.OPEN, WorkspaceState.CLEARING)


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
