"""Routes of the views of the queue that a person keeps."""

from __future__ import annotations

from typing import Any

from hub.domain.saved_views import SavedView
from hub.services import saved_views
from hub.services.lab import Lab
from hub.web.api.routes import Request, Route
from hub.web.models.review import QueueFilter
from hub.web.models.texts import Nothing


def list_views(lab: Lab, actor: str, _request: Request[Nothing]) -> list[SavedView]:
    """List what the person keeps."""
    return saved_views.saved_views(lab, actor)


def put_view(lab: Lab, actor: str, request: Request[QueueFilter]) -> list[SavedView]:
    """Keep filters under a name."""
    asked = request.body
    view = SavedView(request.path["name"], asked.show, asked.project, asked.risk, asked.level)
    return saved_views.save_view(lab, actor, view)


def delete_view(lab: Lab, actor: str, request: Request[Nothing]) -> list[SavedView]:
    """Forget a view."""
    return saved_views.forget_view(lab, actor, request.path["name"])


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET",
        "/queue/views",
        "The views of the queue that one keeps (steward, auditor)",
        list_views,
        Nothing,
        list[SavedView],
    ),
    Route(
        "PUT",
        "/queue/views/{name}",
        "Keep filters of the queue under a name, for oneself (steward, auditor)",
        put_view,
        QueueFilter,
        list[SavedView],
    ),
    Route(
        "DELETE",
        "/queue/views/{name}",
        "Forget a view that one keeps (steward, auditor)",
        delete_view,
        Nothing,
        list[SavedView],
    ),
)
