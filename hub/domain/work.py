"""Work: what a container is started for, and how far it has come.

Invariants:

* a state changes only along ``STEPS``;
* the state is observed from the engine: a row says what was last seen, the container is the durable thing;
* no container is ever started twice for the same work, since its name is made from the work's identifier.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from hub.domain.errors import ConflictError
from hub.domain.priorities import Priority


class WorkKind(StrEnum):
    """What a container is started for."""

    SNAPSHOT = "snapshot"  # offered dataset files -> Parquet
    INSPECT = "inspect"  # a submitted notebook -> its source and draft parameter schema
    TWIN = "twin"  # columns and types of a notebook's datasets -> twins of invented rows
    VALIDATE = "validate"  # a submitted notebook, from top to bottom on the twins -> whether it gets there
    MAKE_TWIN = "make_twin"  # a secret dataset -> a synthetic twin of it
    READ_TWIN = "read_twin"  # files that its owner supplies as a twin -> Parquet
    CHECK_TWIN = "check_twin"  # either of these and the dataset -> whether it may stand in
    RUN = "run"  # an approved notebook -> executed notebook and outputs
    READ = "read"  # offered outputs -> fragments
    SCREEN_READ = "screen_read"  # outputs of a run on secret data -> fragments
    SCREEN = "screen"  # these and the datasets -> whether people see the outputs
    CHECK = "check"  # fragments and datasets -> findings and canonical files


class WorkState(StrEnum):
    """How far it has come."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    LOST = "lost"


class WorkStep(StrEnum):
    """What can happen to it."""

    CLAIM = "claim"
    START = "start"
    SUCCEED = "succeed"
    FAIL = "fail"
    CANCEL = "cancel"
    TIME_OUT = "time_out"
    LOSE = "lose"


UNDER_WAY = (WorkState.STARTING, WorkState.RUNNING)
"""States of work that may have a container."""
ENDED = frozenset({WorkState.SUCCEEDED, WorkState.FAILED, WorkState.CANCELLED, WorkState.TIMED_OUT, WorkState.LOST})

STEPS: dict[tuple[WorkState, WorkStep], WorkState] = {
    (WorkState.QUEUED, WorkStep.CLAIM): WorkState.STARTING,
    (WorkState.QUEUED, WorkStep.CANCEL): WorkState.CANCELLED,
    (WorkState.STARTING, WorkStep.START): WorkState.RUNNING,
    (WorkState.STARTING, WorkStep.FAIL): WorkState.FAILED,
    (WorkState.STARTING, WorkStep.CANCEL): WorkState.CANCELLED,
    (WorkState.RUNNING, WorkStep.SUCCEED): WorkState.SUCCEEDED,
    (WorkState.RUNNING, WorkStep.FAIL): WorkState.FAILED,
    (WorkState.RUNNING, WorkStep.CANCEL): WorkState.CANCELLED,
    (WorkState.RUNNING, WorkStep.TIME_OUT): WorkState.TIMED_OUT,
    (WorkState.RUNNING, WorkStep.LOSE): WorkState.LOST,
}


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work; ``subject`` is the identifier of the run, export request, notebook or dataset it serves.

    ``priority`` is that of a run; other work has the normal one.
    """

    id: str
    kind: WorkKind
    subject: str
    requester: str
    created: datetime
    state: WorkState = WorkState.QUEUED
    cancel_asked: bool = False
    started: datetime | None = None
    ended: datetime | None = None
    exit_code: int | None = None
    reason: str = ""
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a container ended, as the engine tells it."""

    exit_code: int
    out_of_memory: bool
    ended: datetime


def step_work(work: Work, step: WorkStep, *, now: datetime, reason: str = "", exit_code: int | None = None) -> Work:
    """Return the work after one step; a step that does not follow from the present state is a conflict."""
    state = STEPS.get((work.state, step))
    if state is None:
        raise ConflictError(
            "The work {id} is {state}; it cannot {step} any more.",
            reason="work-state",
            id=work.id,
            state=work.state,
            step=step,
        )
    return replace(
        work,
        state=state,
        started=now if state is WorkState.RUNNING else work.started,
        ended=now if state in ENDED else work.ended,
        reason=reason or work.reason,
        exit_code=exit_code if exit_code is not None else work.exit_code,
    )


def with_priority(work: Work, priority: Priority) -> Work:
    """Return work that waits with another priority; what has had its turn has none to wait for."""
    if work.state is not WorkState.QUEUED:
        raise ConflictError(
            "The run {id} waits no longer, so its priority counts no more.", reason="run-not-queued", id=work.id
        )
    return replace(work, priority=priority)
