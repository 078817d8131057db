"""Figures: what the lab is doing in numbers, for those who watch over it; no person, project or value is among them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from hub.domain.space import Alarm, Place
from hub.domain.work import WorkKind, WorkState
from hub.domain.workspaces import Workspace, WorkspaceState
from hub.services.lab import Lab


@dataclass(frozen=True, slots=True)
class Figures:
    """All numbers of one moment; times are seconds, places have their free bytes."""

    work: dict[tuple[WorkKind, WorkState], int]
    oldest_queued: float
    durations: dict[WorkKind, list[float]]
    workspaces_open: int
    audit_entries: int
    beats: dict[str, datetime]
    places: list[Place]
    alarms: int


def figures(lab: Lab) -> Figures:
    """Count what the records say, so that the numbers survive every process that could count them."""
    with lab.store.read() as reading:
        times = reading.work_times()
        last = reading.last_audit_entry()
        open_now = len(reading.find(Workspace, state=WorkspaceState.OPEN))
        alarms = sum(alarm.ended is None for alarm in reading.find(Alarm))
    counted = Counter((t.kind, t.state) for t in times)
    queued = [t.created for t in times if t.state is WorkState.QUEUED]
    return Figures(
        work={(kind, state): counted[kind, state] for kind in WorkKind for state in WorkState},
        oldest_queued=(lab.now() - min(queued)).total_seconds() if queued else 0.0,
        durations={
            kind: [(t.ended - t.started).total_seconds() for t in times if t.kind is kind and t.started and t.ended]
            for kind in WorkKind
        },
        workspaces_open=open_now,
        audit_entries=last.seq if last else 0,
        beats=lab.store.beats(),
        places=lab.storage.places(),
        alarms=alarms,
    )
