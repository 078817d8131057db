"""Pages of runs: the form made from a notebook's schema, and how far a run has come."""

from __future__ import annotations

from hub.domain.notebooks import check_can_run
from hub.domain.priorities import Priority, priorities_for
from hub.domain.projects import check_works_in
from hub.domain.reproductions import check_can_reproduce, reproduction
from hub.domain.runs import check_is_shown
from hub.domain.work import ENDED, WorkState
from hub.services import notebooks, people, projects, reproductions, run_budgets, runs
from hub.services.lab import Lab
from hub.web.api import work_routes as api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.notebooks import PriorityBody, RunBody
from hub.web.models.texts import Nothing
from hub.web.pages.types import Context, Form, Landing, Page, Posted, Visit, refusal
from hub.web.pages.values import typed, values_of


def list_runs(visit: Visit) -> Context:
    """List runs, newest first."""
    lab, actor = visit.lab, visit.actor
    return {
        "runs": runs.runs(lab, actor, visit.asked("project")),
        "notebooks": {n.id: n.name for n in notebooks.notebooks(lab, actor)},
    }


def new_run(visit: Visit) -> Context:
    """Show a field for each parameter of an approved notebook, and the limits of its runs."""
    lab, actor = visit.lab, visit.actor
    notebook = notebooks.notebook(lab, actor, visit.path["id"])
    project, _ = projects.project(lab, actor, notebook.project)
    person = people.whoami(lab, actor)
    check_works_in(person, project, lab.now().date())
    check_can_run(notebook)
    priorities = priorities_for(person, project, actor)
    return {"notebook": notebook, "typed": typed, "priorities": priorities, **limits_shown(lab, actor, project.name)}


def limits_shown(lab: Lab, actor: str, project: str) -> Context:
    """Return what one run may use, and how many runs the project may have: at a time, and this month."""
    settings = lab.settings
    at_once = min(settings.runs_in(project), settings.concurrent_work)
    return {"limits": settings.run, "at_once": at_once, "budget": run_budgets.run_budget(lab, actor, project)}


def show_run(visit: Visit) -> Context:
    """Show a run: state, progress, parameters, data, outputs, and what may be done with it."""
    lab, actor = visit.lab, visit.actor
    run, work, progress = runs.run(lab, actor, visit.path["id"])
    person = people.whoami(lab, actor)
    project, _ = projects.project(lab, actor, run.project)
    repeated = reproductions.repetitions(lab, actor, run.id)
    works = refusal(lambda: check_works_in(person, project, lab.now().date()))
    return {
        "run": run,
        "work": work,
        "progress": progress,
        "place_in_queue": runs.place_in_queue(lab, work),
        "times": runs.times(lab, run, work),
        "memory": runs.memory(lab, run, work),
        "ended": work.state in ENDED,
        "priorities": priorities_for(person, project, run.requester) if work.state is WorkState.QUEUED else (),
        "succeeded": work.state is WorkState.SUCCEEDED,
        "notebook_name": runs.notebook_name(lab, actor, run),
        "works": works,
        "repetitions": repeated,
        "reproduction": reproduction(repeated),
        "held": refusal(lambda: check_is_shown(run)),
        "again": works or refusal(lambda: notebooks.check_runs(lab, actor, run.notebook)),
        "repeats": works or refusal(lambda: check_can_reproduce(run, work)),
        "typed": typed,
    }


def run_progress(visit: Visit) -> Context:
    """Say how far a run has come."""
    lab = visit.lab
    run, work, progress = runs.run(lab, visit.actor, visit.path["id"])
    return {
        "run": run,
        "work": work,
        "progress": progress,
        "ended": work.state in ENDED,
        "place_in_queue": runs.place_in_queue(lab, work),
        "times": runs.times(lab, run, work),
        "memory": runs.memory(lab, run, work),
    }


def start_run(posted: Posted) -> Landing:
    """Queue a run."""
    notebook = notebooks.notebook(posted.lab, posted.actor, posted.path["id"])
    texts = {p.name: posted.fields.one(f"value-{p.name}") for p in notebook.parameters}
    parameters, priority = values_of(notebook.parameters, texts), posted.fields.one("priority", Priority.NORMAL)
    body = {"notebook": notebook.id, "parameters": parameters, "priority": priority}
    started = api.post_run(posted.lab, posted.actor, request_of(RunBody, {}, body))
    return Landing(("runs", started.run.id), N_("The run is queued."))


def reproduce_run(posted: Posted) -> Landing:
    """Queue a repetition of a run."""
    started = api.reproduce_run(posted.lab, posted.actor, request_of(Nothing, posted.path, {}))
    return Landing(("runs", started.run.id), N_("The run is repeated; its outputs are compared when it has ended."))


def run_again(posted: Posted) -> Landing:
    """Queue a new run of the same notebook with the same values."""
    run, _, _ = runs.run(posted.lab, posted.actor, posted.path["id"])
    body = {"notebook": run.notebook, "parameters": run.parameters}
    started = api.post_run(posted.lab, posted.actor, request_of(RunBody, {}, body))
    return Landing(("runs", started.run.id), N_("The run is queued."))


def cancel_run(posted: Posted) -> Landing:
    """Ask for a run to be ended."""
    api.cancel_run(posted.lab, posted.actor, request_of(Nothing, posted.path, {}))
    return Landing(("runs", posted.path["id"]), N_("The run will be ended within seconds."))


def set_run_priority(posted: Posted) -> Landing:
    """Set the priority of a run that waits."""
    body = {"priority": posted.fields.one("priority")}
    api.put_run_priority(posted.lab, posted.actor, request_of(PriorityBody, posted.path, body))
    return Landing(("runs", posted.path["id"]), N_("The run’s place in the queue follows its new priority."))


RUN = Page("/runs/{id}", "run.html", show_run)
NEW_RUN = Page("/notebooks/{id}/run", "new_run.html", new_run)
PAGES = (
    Page("/runs", "runs.html", list_runs),
    RUN,
    NEW_RUN,
    Page("/runs/{id}/progress", "run_progress.html", run_progress, is_followed=True),
)
FORMS = (
    Form("/notebooks/{id}/run", NEW_RUN, start_run),
    Form("/runs/{id}/reproduce", RUN, reproduce_run),
    Form("/runs/{id}/again", RUN, run_again),
    Form("/runs/{id}/priority", RUN, set_run_priority),
    Form("/runs/{id}/cancel", RUN, cancel_run),
)
