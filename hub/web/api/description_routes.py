"""Routes by which an author says what the files of a request are, makes the statement, and sends it."""

from __future__ import annotations

from typing import Any

from hub.domain.exports import ExportRequest
from hub.domain.statements import StatementAsked
from hub.services.descriptions import describe_request
from hub.services.exports import submit_request
from hub.services.lab import Lab
from hub.services.statements import statements
from hub.web.api.routes import Request, Route
from hub.web.models.review import DescriptionBody, SubmitBody
from hub.web.models.texts import Nothing


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


def submit_export(lab: Lab, actor: str, request: Request[SubmitBody]) -> ExportRequest:
    """Send a request through the gate."""
    return submit_request(lab, actor, request.path["id"], request.body.statement)


def list_statements(lab: Lab, actor: str, _request: Request[Nothing]) -> list[StatementAsked]:
    """Return the statement in each language."""
    return statements(lab, actor)


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET",
        "/statement",
        "What the author of a request states with each submission, with its digest",
        list_statements,
        Nothing,
        list[StatementAsked],
    ),
    Route(
        "POST",
        "/exports/{id}/submit",
        "Send it through the gate, with the statement (the author)",
        submit_export,
        SubmitBody,
        ExportRequest,
    ),
    Route(
        "POST",
        "/exports/{id}/describe",
        "Say anew what its files are, in which groups; a draft, or when returned (the author)",
        describe_export,
        DescriptionBody,
        ExportRequest,
    ),
)
