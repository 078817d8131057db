"""The route that splits an export request."""

from __future__ import annotations

from typing import Any

from hub.services import splits
from hub.services.lab import Lab
from hub.web.api.answers import SplitAnswer
from hub.web.api.routes import Request, Route
from hub.web.models.review import SplitBody


def split_export(lab: Lab, actor: str, request: Request[SplitBody]) -> SplitAnswer:
    """Split files off a request."""
    body = request.body
    return SplitAnswer(*splits.split(lab, actor, request.path["id"], body.files, body.reason, body.turn))


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "POST",
        "/exports/{id}/split",
        "Split files off it; both halves go through the gate (its author, a reviewing steward)",
        split_export,
        SplitBody,
        SplitAnswer,
    ),
)
