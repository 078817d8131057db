"""The route by which an author says anew what the files of a request are."""

from __future__ import annotations

from typing import Any

from hub.domain.exports import ExportRequest
from hub.services.descriptions import describe_request
from hub.services.lab import Lab
from hub.web.api.routes import Request, Route
from hub.web.models.review import DescriptionBody


def describe_export(lab: Lab, actor: str, request: Request[DescriptionBody]) -> ExportRequest:
    """Say anew what its files are."""
    body = request.body
    return describe_request(
        lab,
        actor,
        request.path["id"],
        context=body.context,
        groups=body.grouped(),
        supporting=body.supporting,
    )


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "POST",
        "/exports/{id}/describe",
        "Say anew what its files are, in which groups; a draft, or when returned (the author)",
        describe_export,
        DescriptionBody,
        ExportRequest,
    ),
)
