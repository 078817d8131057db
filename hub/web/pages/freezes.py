"""The page of freezes: what is stopped from leaving, by whom and why, and the forms that stop it and let it go on."""

from __future__ import annotations

from hub.domain.errors import InvalidError, LabError
from hub.domain.freezes import check_can_freeze, check_can_lift
from hub.domain.projects import Project
from hub.services import freezes, people, projects
from hub.web.api import gate_routes as api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.records import FreezeBody
from hub.web.models.texts import ReasonBody
from hub.web.pages.types import Context, Fields, Form, Landing, Page, Posted, Visit, refusal

SURE = "yes"


def show_freezes(visit: Visit) -> Context:
    """Show what is frozen; whoever may not freeze or lift reads why beside the buttons."""
    lab, actor = visit.lab, visit.actor
    person = people.whoami(lab, actor)
    known = {p.name: p for p in projects.projects(lab, actor)}
    in_force = freezes.freezes(lab, actor)
    frozen = {freeze.project for freeze in in_force}

    def refused(project: Project | None) -> LabError | None:
        return refusal(lambda: check_can_lift(person, project))

    return {
        "in_force": [(freeze, refused(known.get(freeze.project))) for freeze in in_force],
        "begins": refusal(lambda: check_can_freeze(person)),
        "lab_is_frozen": "" in frozen,
        "free_projects": [p for p in known.values() if p.name not in frozen],
        "sure": SURE,
    }


def begin_freeze(posted: Posted) -> Landing:
    """Stop all that leaves, or what leaves of one project."""
    check_can_freeze(people.whoami(posted.lab, posted.actor))
    _check_sure(posted.fields)
    body = {"project": posted.fields.one("project"), "reason": posted.fields.one("reason")}
    api.post_freeze(posted.lab, posted.actor, request_of(FreezeBody, {}, body))
    return Landing(("freezes",), N_("It is frozen: nothing of it leaves any more."))


def lift_freeze(posted: Posted) -> Landing:
    """Let leave again what a freeze stopped."""
    check_can_freeze(people.whoami(posted.lab, posted.actor))
    _check_sure(posted.fields)
    body = {"reason": posted.fields.one(f"reason-{posted.path['id']}")}
    api.lift_freeze(posted.lab, posted.actor, request_of(ReasonBody, posted.path, body))
    return Landing(("freezes",), N_("The freeze is lifted: releases and downloads go on."))


def _check_sure(fields: Fields) -> None:
    """Nothing is frozen or lifted by a slip: the box beside the button must be ticked."""
    if fields.one("sure") != SURE:
        raise InvalidError("Tick the box that says what will happen, then press the button again.", reason="not-sure")


FREEZES = Page("/freezes", "freezes.html", show_freezes)
PAGES = (FREEZES,)
FORMS = (Form("/freezes", FREEZES, begin_freeze), Form("/freezes/{id}/lift", FREEZES, lift_freeze))
