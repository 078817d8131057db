"""The stewards' queue, with its filters in the address, and the forms with which one of them claims a request."""

from __future__ import annotations

from collections.abc import Mapping

from hub.domain.exports import Severity
from hub.domain.people import Role
from hub.domain.queue import ServiceLevel, Show
from hub.services import people, projects, queue
from hub.web.api import gate_routes as api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.review import QueueFilter
from hub.web.models.texts import Nothing
from hub.web.pages.exports import EXPORT
from hub.web.pages.types import Context, Form, Landing, Page, Posted, Visit

MOST_SHOWN = 50
FILTERS = ("show", "project", "risk", "level")


def asked_for(query: Mapping[str, str]) -> dict[str, str]:
    """Return the filters of an address; an empty one is none."""
    return {name: query[name] for name in FILTERS if query.get(name)}


def show_queue(visit: Visit) -> Context:
    """Show what waits, the longest first."""
    lab, actor = visit.lab, visit.actor
    filters = asked_for(visit.query)
    asked = request_of(QueueFilter, {}, filters).body
    wanted = queue.QueueFilter(asked.show, asked.project, asked.risk, asked.level)
    heads, count, now = queue.waiting(lab, actor, wanted, MOST_SHOWN)
    return {
        "entries": [queue.entry_of(lab, head, now) for head in heads],
        "left_out": count - len(heads),
        "filters": filters,
        "shows": list(Show),
        "risks": list(Severity),
        "levels": list(ServiceLevel),
        "projects": [p.name for p in projects.projects(lab, actor)],
        "claims": Role.STEWARD in people.whoami(lab, actor).roles,
    }


def claim(posted: Posted) -> Landing:
    """Take a request for a while."""
    api.claim_export(posted.lab, posted.actor, request_of(Nothing, posted.path, {}))
    return Landing(("exports", posted.path["id"]), N_("You have claimed the request."))


def unclaim(posted: Posted) -> Landing:
    """Give it back."""
    api.unclaim_export(posted.lab, posted.actor, request_of(Nothing, posted.path, {}))
    return Landing(("exports", posted.path["id"]), N_("The request is free for another steward."))


PAGES = (Page("/queue", "queue.html", show_queue),)
FORMS = (Form("/exports/{id}/claim", EXPORT, claim), Form("/exports/{id}/unclaim", EXPORT, unclaim))
