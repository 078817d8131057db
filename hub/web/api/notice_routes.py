"""Routes of a person's own notices."""

from __future__ import annotations

from typing import Any

from hub.domain.notices import Notice
from hub.services import notices
from hub.services.lab import Lab
from hub.web.api.routes import Request, Route
from hub.web.models.records import NoticeFilter
from hub.web.models.texts import Nothing


def list_notices(lab: Lab, actor: str, request: Request[NoticeFilter]) -> list[Notice]:
    """List the person's own notices."""
    return notices.notices(lab, actor, unread=request.body.unread)


def read_notice(lab: Lab, actor: str, request: Request[Nothing]) -> Notice:
    """Tick one as read."""
    return notices.read_notice(lab, actor, request.path["id"])


def read_all(lab: Lab, actor: str, _request: Request[Nothing]) -> list[Notice]:
    """Tick all as read."""
    return notices.read_all(lab, actor)


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", "/notices", "One's own notices, newest first", list_notices, NoticeFilter, list[Notice]),
    Route("POST", "/notices", "Tick all of one's own notices as read", read_all, Nothing, list[Notice]),
    Route("POST", "/notices/{id}", "Tick one of one's own notices as read", read_notice, Nothing, Notice),
)
