"""The stewards' queue, with its filters in the address, and the forms with which one of them claims a request."""

from __future__ import annotations

from collections.abc import Mapping

from hub.domain.exports import Severity
from hub.domain.people import Role
from hub.domain.queue import ServiceLevel, Show
from hub.domain.saved_views import SavedView
from hub.services import people, projects, queue, saved_views
from hub.web.api import gate_routes as api
from hub.web.api import saved_view_routes as views
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
        "views": [(view, address_of(view)) for view in saved_views.saved_views(lab, actor)],
        "entries": [queue.entry_of(lab, head, now) for head in heads],
        "left_out": count - len(heads),
        "filters": filters,
        "shows": list(Show),
        "risks": list(Severity),
        "levels": list(ServiceLevel),
        "projects": [p.name for p in projects.projects(lab, actor)],
        "claims": Role.STEWARD in people.whoami(lab, actor).roles,
    }


def address_of(view: SavedView) -> dict[str, str]:
    """Return the filters of a view as an address has them; the queue as it is has none."""
    said = {"show": view.show if view.show is not Show.ALL else "", "project": view.project}
    said |= {"risk": view.risk or "", "level": view.level or ""}
    return {name: str(value) for name, value in said.items() if value}


def save_view(posted: Posted) -> Landing:
    """Keep the filters of the page that the form stood on under a name."""
    name, filters = posted.fields.one("view_name"), asked_for(posted.query)
    views.put_view(posted.lab, posted.actor, request_of(QueueFilter, {"name": name}, filters))
    return Landing(("queue",), N_("The view is kept; only you see it."))


def forget_view(posted: Posted) -> Landing:
    """Forget a view."""
    views.delete_view(posted.lab, posted.actor, request_of(Nothing, {"name": posted.fields.one("forget")}, {}))
    return Landing(("queue",), N_("The view is forgotten."))


def claim(posted: Posted) -> Landing:
    """Take a request for a while."""
    api.claim_export(posted.lab, posted.actor, request_of(Nothing, posted.path, {}))
    return Landing(("exports", posted.path["id"]), N_("You have claimed the request."))


def unclaim(posted: Posted) -> Landing:
    """Give it back."""
    api.unclaim_export(posted.lab, posted.actor, request_of(Nothing, posted.path, {}))
    return Landing(("exports", posted.path["id"]), N_("The request is free for another steward."))


QUEUE = Page("/queue", "queue.html", show_queue)
PAGES = (QUEUE,)
FORMS = (
    Form("/exports/{id}/claim", EXPORT, claim),
    Form("/exports/{id}/unclaim", EXPORT, unclaim),
    Form("/queue/views", QUEUE, save_view),
    Form("/queue/views/forget", QUEUE, forget_view),
)
