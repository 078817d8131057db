"""The page of a person's own notices, and the forms that tick them as read."""

from __future__ import annotations

from hub.services import notices
from hub.web.api import notice_routes as api
from hub.web.api.routes import request_of
from hub.web.letters import SENTENCES
from hub.web.marks import N_
from hub.web.models.texts import Nothing
from hub.web.pages.types import Context, Form, Landing, Page, Posted, Visit

ONLY_UNREAD = "yes"


def show_notices(visit: Visit) -> Context:
    """Show them, newest first; the address says whether only those that are unread."""
    only = visit.asked("unread") == ONLY_UNREAD
    found = notices.notices(visit.lab, visit.actor, unread=only)
    return {"shown": [(n, SENTENCES[n.kind]) for n in found], "only_unread": only}


def read_one(posted: Posted) -> Landing:
    """Tick one as read."""
    api.read_notice(posted.lab, posted.actor, request_of(Nothing, posted.path, {}))
    return Landing(("notices",), N_("The notice is marked as read."))


def read_all(posted: Posted) -> Landing:
    """Tick all as read."""
    api.read_all(posted.lab, posted.actor, request_of(Nothing, posted.path, {}))
    return Landing(("notices",), N_("All notices are marked as read."))


NOTICES = Page("/notices", "notices.html", show_notices)
PAGES = (NOTICES,)
FORMS = (Form("/notices", NOTICES, read_all), Form("/notices/{id}/read", NOTICES, read_one))
