"""Routes of sweeps."""

from __future__ import annotations

from typing import Any

from hub.domain.sweeps import Sweep
from hub.services import sweeps
from hub.services.lab import Lab
from hub.web.api.answers import RunAnswer, SweepAnswer, SweepHead
from hub.web.api.routes import Request, Route
from hub.web.models.notebooks import PriorityBody, SweepBody
from hub.web.models.texts import Nothing, ProjectFilter


def head_of(sweep: Sweep) -> SweepHead:
    """Return what lists show of a sweep."""
    states = {str(state): count for state, count in sweep.states.items()}
    return SweepHead(sweep.id, sweep.project, sweep.notebook, sweep.requester, sweep.created, sweep.progress, states)


def answer_of(sweep: Sweep) -> SweepAnswer:
    """Return what the API says of a sweep."""
    head, runs = head_of(sweep), tuple(RunAnswer(run, work) for run, work in sweep.runs)
    return SweepAnswer(
        head.id, head.project, head.notebook, head.requester, head.created, head.progress, head.states, runs
    )


def list_sweeps(lab: Lab, actor: str, request: Request[ProjectFilter]) -> list[SweepHead]:
    """List sweeps, newest first."""
    return [head_of(sweep) for sweep in sweeps.sweeps(lab, actor, request.body.project)]


def post_sweep(lab: Lab, actor: str, request: Request[SweepBody]) -> SweepAnswer:
    """Queue a sweep."""
    body = request.body
    grid: dict[str, tuple[object, ...]] = dict(body.grid)
    started = sweeps.start_sweep(lab, actor, body.notebook, grid, dict(body.parameters), priority=body.priority)
    return answer_of(started)


def get_sweep(lab: Lab, actor: str, request: Request[Nothing]) -> SweepAnswer:
    """Return a sweep with its runs."""
    return answer_of(sweeps.sweep(lab, actor, request.path["id"]))


def cancel_sweep(lab: Lab, actor: str, request: Request[Nothing]) -> SweepAnswer:
    """Ask for all that is left of a sweep to be ended."""
    return answer_of(sweeps.cancel_sweep(lab, actor, request.path["id"]))


def put_sweep_priority(lab: Lab, actor: str, request: Request[PriorityBody]) -> SweepAnswer:
    """Set the priority of the runs of a sweep that wait."""
    return answer_of(sweeps.set_sweep_priority(lab, actor, request.path["id"], request.body.priority))


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", "/sweeps", "Sweeps, newest first, without their runs", list_sweeps, ProjectFilter, list[SweepHead]),
    Route(
        "POST",
        "/sweeps",
        "Run an approved notebook at every point of a grid; all runs are queued, or none (a member)",
        post_sweep,
        SweepBody,
        SweepAnswer,
    ),
    Route("GET", "/sweeps/{id}", "A sweep with its runs, and how far it has come", get_sweep, Nothing, SweepAnswer),
    Route(
        "PUT",
        "/sweeps/{id}/priority",
        "Let a sweep’s waiting runs go before or behind the project’s others (its requester, or the lead)",
        put_sweep_priority,
        PriorityBody,
        SweepAnswer,
    ),
    Route(
        "POST",
        "/sweeps/{id}/cancel",
        "Ask for all runs of a sweep that have not ended to be ended (a member)",
        cancel_sweep,
        Nothing,
        SweepAnswer,
    ),
)
