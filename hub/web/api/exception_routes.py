"""Routes of exceptions from findings of the gate."""

from __future__ import annotations

from typing import Any

from hub.domain.exceptions import GateException
from hub.services import exceptions
from hub.services.lab import Lab
from hub.web.api.routes import Request, Route
from hub.web.models.review import ExceptionBody, ExceptionVoteBody
from hub.web.models.texts import Nothing


def list_exceptions(lab: Lab, actor: str, request: Request[Nothing]) -> list[GateException]:
    """List what was asked for."""
    return exceptions.exceptions(lab, actor, request.path["id"])


def post_exception(lab: Lab, actor: str, request: Request[ExceptionBody]) -> GateException:
    """Ask for one."""
    body, identifier = request.body, request.path["id"]
    return exceptions.ask(
        lab, actor, identifier, body.path, body.finding, ground=body.ground, text=body.text, turn=body.turn
    )


def post_vote(lab: Lab, actor: str, request: Request[ExceptionVoteBody]) -> GateException:
    """Decide on one."""
    body, path = request.body, request.path
    return exceptions.decide(
        lab,
        actor,
        path["id"],
        path["exception"],
        word=body.word,
        reason=body.reason,
        canonical=body.canonical,
        policy=body.policy,
    )


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET",
        "/exports/{id}/exceptions",
        "The exceptions that were asked for, oldest first",
        list_exceptions,
        Nothing,
        list[GateException],
    ),
    Route(
        "POST",
        "/exports/{id}/exceptions",
        "Ask for an exception from a finding (its author)",
        post_exception,
        ExceptionBody,
        GateException,
    ),
    Route(
        "POST",
        "/exports/{id}/exceptions/{exception}/votes",
        "Grant or deny an exception (a reviewing steward)",
        post_vote,
        ExceptionVoteBody,
        GateException,
    ),
)
