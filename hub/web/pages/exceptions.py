"""Exceptions on a request's page: what was asked for, the author's form, and the stewards' word."""

from __future__ import annotations

from collections.abc import Sequence

from hub.domain.exceptions import GateException, Ground, Word, check_can_be_excepted, check_not_asked
from hub.domain.exports import ExportFile, ExportRequest, Finding, finding_id
from hub.services import exceptions
from hub.services.lab import Lab
from hub.web.api import exception_routes as api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.review import ExceptionBody, ExceptionVoteBody
from hub.web.pages.types import Context, Form, Landing, Page, Posted, refusal

SEPARATOR = ":"


def shown_exceptions(lab: Lab, actor: str, request: ExportRequest, asked: Sequence[GateException]) -> Context:
    """Return what was asked for, and from which findings the author may still ask, by number and file."""
    counting = exceptions.counting_now(lab, request) if asked else frozenset()

    def may_ask(file: ExportFile, finding: Finding) -> bool:
        return not refusal(
            lambda: check_can_be_excepted(request, file, finding),
            lambda: check_not_asked(request, file.path, finding_id(finding), asked, counting),
        )

    open_ = [
        (f"{number}{SEPARATOR}{file.path}", file.path, finding)
        for file in (request.files if request.author == actor else ())
        for number, finding in enumerate(file.findings, 1)
        if may_ask(file, finding)
    ]
    return {
        "tier_rule": refusal(lambda: exceptions.check_tier_allows(lab, request)) if open_ else None,
        "asked": asked,
        "askable": open_,
        "grounds": list(Ground),
        "counting": counting,
    }


def ask(posted: Posted) -> Landing:
    """Ask for an exception."""
    number, _, path = "".join(posted.fields.exact("finding")[-1:]).partition(SEPARATOR)
    body = {
        "path": path,
        "finding": number,
        "ground": posted.fields.one("ground"),
        "text": posted.fields.one("exception_text"),
        "turn": posted.fields.one("turn", "0"),
    }
    api.post_exception(posted.lab, posted.actor, request_of(ExceptionBody, posted.path, body))
    return Landing(("exports", posted.path["id"]), N_("The exception is asked for; the stewards decide on it."))


def decide(posted: Posted) -> Landing:
    """Grant or deny it, by the digests that stood on the page."""
    fields = posted.fields
    body = {name: fields.one(name) for name in ("word", "canonical", "policy")}
    body["reason"] = fields.one("exception_reason")
    api.post_vote(posted.lab, posted.actor, request_of(ExceptionVoteBody, posted.path, body))
    if body["word"] == Word.DENY:
        return Landing(("exports", posted.path["id"]), N_("The exception is denied; the author reads your reason."))
    return Landing(("exports", posted.path["id"]), N_("Your word on the exception counts."))


def forms(page: Page) -> tuple[Form, ...]:
    """Return the forms that stand on the request's page."""
    return (
        Form("/exports/{id}/exceptions", page, ask),
        Form("/exports/{id}/exceptions/{exception}/votes", page, decide),
    )
