"""Pages of sweeps: how far all runs of a grid have come, as one."""

from __future__ import annotations

from hub.domain.priorities import priorities_for
from hub.domain.projects import check_works_in
from hub.domain.work import WorkState
from hub.services import notebooks, people, projects, runs, sweeps
from hub.web.api import sweep_routes as api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.notebooks import PriorityBody
from hub.web.models.texts import Nothing
from hub.web.pages.types import Context, Form, Landing, Page, Posted, Visit, refusal
from hub.web.pages.values import typed


def list_sweeps(visit: Visit) -> Context:
    """List sweeps, newest first."""
    lab, actor = visit.lab, visit.actor
    return {
        "sweeps": sweeps.sweeps(lab, actor, visit.asked("project")),
        "notebooks": {n.id: n.name for n in notebooks.notebooks(lab, actor)},
    }


def show_sweep(visit: Visit) -> Context:
    """Show a sweep: its progress, and its runs with the values in which they differ."""
    lab, actor = visit.lab, visit.actor
    sweep = sweeps.sweep(lab, actor, visit.path["id"])
    person = people.whoami(lab, actor)
    project, _ = projects.project(lab, actor, sweep.project)
    first = sweep.runs[0][0].parameters
    varied = [name for name in first if any(run.parameters[name] != first[name] for run, _ in sweep.runs)]
    return {
        "sweep": sweep,
        "progress": sweep.progress,
        "ended": sweep.progress[0] == sweep.progress[1],
        "varied": varied,
        "priorities": priorities_for(person, project, sweep.requester) if WorkState.QUEUED in sweep.states else (),
        "notebook_name": runs.notebook_name(lab, actor, sweep.runs[0][0]),
        "works": refusal(lambda: check_works_in(person, project, lab.now().date())),
        "typed": typed,
    }


def sweep_progress(visit: Visit) -> Context:
    """Say how far a sweep has come."""
    sweep = sweeps.sweep(visit.lab, visit.actor, visit.path["id"])
    return {"sweep": sweep, "progress": sweep.progress, "ended": sweep.progress[0] == sweep.progress[1]}


def cancel_sweep(posted: Posted) -> Landing:
    """Ask for all that is left of a sweep to be ended."""
    api.cancel_sweep(posted.lab, posted.actor, request_of(Nothing, posted.path, {}))
    return Landing(("sweeps", posted.path["id"]), N_("What is left of the sweep will be ended within seconds."))


def set_sweep_priority(posted: Posted) -> Landing:
    """Set the priority of a sweep's runs that wait."""
    body = {"priority": posted.fields.one("priority")}
    api.put_sweep_priority(posted.lab, posted.actor, request_of(PriorityBody, posted.path, body))
    return Landing(("sweeps", posted.path["id"]), N_("The places of its runs in the queue follow their new priority."))


SWEEP = Page("/sweeps/{id}", "sweep.html", show_sweep)
PAGES = (
    Page("/sweeps", "sweeps.html", list_sweeps),
    SWEEP,
    Page("/sweeps/{id}/progress", "sweep_progress.html", sweep_progress, is_followed=True),
)
FORMS = (
    Form("/sweeps/{id}/priority", SWEEP, set_sweep_priority),
    Form("/sweeps/{id}/cancel", SWEEP, cancel_sweep),
)
