"""Pages of schedules: the form made from a notebook's schema, the list, and what one did last."""

from __future__ import annotations

from hub.domain.errors import LabError
from hub.domain.priorities import Priority
from hub.domain.schedules import ScheduleState
from hub.services import notebooks, runs, schedules
from hub.services.lab import Lab
from hub.web.api import schedule_routes as api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.notebooks import ScheduleBody
from hub.web.models.texts import OptionalReasonBody
from hub.web.pages.runs import new_run
from hub.web.pages.types import Context, Form, Landing, Page, Posted, Visit, refusal
from hub.web.pages.values import typed, values_of


def list_schedules(visit: Visit) -> Context:
    """List schedules, newest first."""
    lab, actor = visit.lab, visit.actor
    return {
        "schedules": schedules.schedules(lab, actor, visit.asked("project")),
        "notebooks": {n.id: n.name for n in notebooks.notebooks(lab, actor)},
    }


def new_schedule(visit: Visit) -> Context:
    """Show the times, a field for each parameter, and what each prepared request offers."""
    return new_run(visit) | {"zone": visit.lab.settings.notebooks.zone}


def show_schedule(visit: Visit) -> Context:
    """Show a schedule."""
    lab, actor = visit.lab, visit.actor
    found = schedules.schedule(lab, actor, visit.path["id"])
    started = [(r, w) for r, w in runs.runs(lab, actor, found.project) if r.schedule == found.id]
    return {
        "schedule": found,
        "active": found.state is ScheduleState.ACTIVE,
        "notebook_name": next((n.name for n in notebooks.notebooks(lab, actor) if n.id == found.notebook), "—"),
        "runs": started[:50],
        "stops": _stops(lab, actor, found.id),
        "typed": typed,
    }


def _stops(lab: Lab, actor: str, identifier: str) -> LabError | None:
    with lab.store.read() as reading:
        found = schedules.load_schedule(reading, actor, identifier)
        return refusal(lambda: schedules.check_can_stop(reading, actor, found))


def make_schedule(posted: Posted) -> Landing:
    """Make a schedule."""
    notebook, fields = notebooks.notebook(posted.lab, posted.actor, posted.path["id"]), posted.fields
    texts = {p.name: fields.one(f"value-{p.name}") for p in notebook.parameters}
    body = {
        "notebook": notebook.id,
        "cron": fields.one("cron"),
        "parameters": values_of(notebook.parameters, texts),
        "files": [line for text in fields.one("files").splitlines() if (line := text.strip())],
        "context": fields.one("context"),
        "priority": fields.one("priority", Priority.NORMAL),
    }
    made = api.post_schedule(posted.lab, posted.actor, request_of(ScheduleBody, {}, body))
    return Landing(("schedules", made.id), N_("The schedule is made; its runs start by themselves."))


def stop_schedule(posted: Posted) -> Landing:
    """Stop a schedule."""
    body = {"reason": posted.fields.one("stop_reason")}
    api.stop_schedule(posted.lab, posted.actor, request_of(OptionalReasonBody, posted.path, body))
    return Landing(("schedules", posted.path["id"]), N_("The schedule has stopped; what it started goes on."))


SCHEDULE = Page("/schedules/{id}", "schedule.html", show_schedule)
NEW_SCHEDULE = Page("/notebooks/{id}/schedule", "new_schedule.html", new_schedule)
PAGES = (Page("/schedules", "schedules.html", list_schedules), SCHEDULE, NEW_SCHEDULE)
FORMS = (
    Form("/notebooks/{id}/schedule", NEW_SCHEDULE, make_schedule),
    Form("/schedules/{id}/stop", SCHEDULE, stop_schedule),
)
