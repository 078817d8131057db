"""Routes of the comments on export requests."""

from __future__ import annotations

from typing import Any

from hub.domain.comments import Comment
from hub.services import comments
from hub.services.lab import Lab
from hub.web.api.routes import Request, Route
from hub.web.models.review import CommentBody
from hub.web.models.texts import Nothing


def list_comments(lab: Lab, actor: str, request: Request[Nothing]) -> list[Comment]:
    """List the comments that the person may read."""
    return comments.comments(lab, actor, request.path["id"])


def post_comment(lab: Lab, actor: str, request: Request[CommentBody]) -> Comment:
    """Add a comment."""
    body = request.body
    return comments.add_comment(lab, actor, request.path["id"], body.text, body.audience, body.place())


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET",
        "/exports/{id}/comments",
        "The comments on it that one may read, oldest first; the view is recorded",
        list_comments,
        Nothing,
        list[Comment],
    ),
    Route(
        "POST",
        "/exports/{id}/comments",
        "Comment on it, a file or a cell (a reviewing steward, its author)",
        post_comment,
        CommentBody,
        Comment,
    ),
)
