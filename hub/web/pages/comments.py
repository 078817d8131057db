"""Comments on a request: the form that adds one, from the request's page or a file's."""

from __future__ import annotations

from hub.domain.comments import Audience
from hub.web.api import comment_routes as api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.review import CommentBody
from hub.web.pages.exports import EXPORT
from hub.web.pages.types import Form, Landing, Posted


def add_comment(posted: Posted) -> Landing:
    """Add a comment; an empty row and column are the whole file."""
    fields = posted.fields
    body = {
        "text": fields.one("comment"),
        "audience": fields.one("audience"),
        "path": "".join(fields.exact("on")[-1:]),
        "row": fields.one("row") or "0",
        "column": fields.one("column") or "0",
    }
    said = api.post_comment(posted.lab, posted.actor, request_of(CommentBody, posted.path, body))
    if said.audience is Audience.PROJECT:
        return Landing(("exports", said.request), N_("Your comment stands there; the project reads it."))
    return Landing(("exports", said.request), N_("Your comment stands there; stewards and auditors read it."))


FORMS = (Form("/exports/{id}/comments", EXPORT, add_comment),)
