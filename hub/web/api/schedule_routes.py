"""Routes of schedules."""

from __future__ import annotations

from typing import Any

from hub.domain.schedules import Schedule
from hub.services import schedules
from hub.services.lab import Lab
from hub.web.api.routes import Request, Route
from hub.web.models.notebooks import ScheduleBody
from hub.web.models.texts import Nothing, OptionalReasonBody, ProjectFilter


def list_schedules(lab: Lab, actor: str, request: Request[ProjectFilter]) -> list[Schedule]:
    """List schedules."""
    return schedules.schedules(lab, actor, request.body.project)


def post_schedule(lab: Lab, actor: str, request: Request[ScheduleBody]) -> Schedule:
    """Make a schedule."""
    body = request.body
    values: dict[str, object] = dict(body.parameters)
    return schedules.make_schedule(
        lab,
        actor,
        body.notebook,
        body.cron,
        values,
        files=body.files,
        context=body.context,
        priority=body.priority,
    )


def get_schedule(lab: Lab, actor: str, request: Request[Nothing]) -> Schedule:
    """Return a schedule."""
    return schedules.schedule(lab, actor, request.path["id"])


def stop_schedule(lab: Lab, actor: str, request: Request[OptionalReasonBody]) -> Schedule:
    """Stop a schedule."""
    return schedules.stop_schedule(lab, actor, request.path["id"], request.body.reason)


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", "/schedules", "Schedules, newest first", list_schedules, ProjectFilter, list[Schedule]),
    Route(
        "POST",
        "/schedules",
        "Run an approved notebook at times, and prepare drafts of export requests (a member)",
        post_schedule,
        ScheduleBody,
        Schedule,
    ),
    Route("GET", "/schedules/{id}", "A schedule, and what it did last", get_schedule, Nothing, Schedule),
    Route(
        "POST",
        "/schedules/{id}/stop",
        "Stop a schedule for good (a member, or a steward)",
        stop_schedule,
        OptionalReasonBody,
        Schedule,
    ),
)
