"""Routes of notebooks and runs."""

from __future__ import annotations

from typing import Any

from hub.domain.notebooks import Notebook
from hub.domain.reproductions import reproduction
from hub.domain.work import ENDED, Work
from hub.services import notebook_changes, notebooks, reproductions, run_record, runs
from hub.services.lab import Lab
from hub.services.notebook_changes import NotebookChanges
from hub.web.api.answers import RunAnswer, RunProgressAnswer
from hub.web.api.routes import JSON_LD, Download, Request, Route
from hub.web.models.notebooks import ApprovalBody, NotebookBody, PriorityBody, RunBody
from hub.web.models.texts import Nothing, ProjectFilter, ReasonBody
from hub.web.run_crate import run_crate


def list_notebooks(lab: Lab, actor: str, request: Request[ProjectFilter]) -> list[Notebook]:
    """List notebooks."""
    return notebooks.notebooks(lab, actor, request.body.project)


def post_notebook(lab: Lab, actor: str, request: Request[NotebookBody]) -> Notebook:
    """Submit a notebook for approval."""
    body = request.body
    return notebooks.submit_notebook(
        lab, actor, body.project, body.upload, name=body.name, purpose=body.purpose, datasets=body.datasets
    )


def get_notebook(lab: Lab, actor: str, request: Request[Nothing]) -> Notebook:
    """Return a notebook with its source."""
    return notebooks.notebook(lab, actor, request.path["id"])


def get_changes(lab: Lab, actor: str, request: Request[Nothing]) -> NotebookChanges:
    """Return what changed in a notebook since the version approved before."""
    return notebook_changes.notebook_changes(lab, actor, request.path["id"])


def approve_notebook(lab: Lab, actor: str, request: Request[ApprovalBody]) -> Notebook:
    """Approve a notebook with its schema."""
    given = request.body.parameters
    schema = None if given is None else tuple(p.value() for p in given)
    accepted = request.body.accept_free_text
    return notebooks.decide(
        lab, actor, request.path["id"], approve=True, reason="", parameters=schema, accept_free_text=accepted
    )


def refuse_notebook(lab: Lab, actor: str, request: Request[ReasonBody]) -> Notebook:
    """Refuse a notebook."""
    identifier, reason = request.path["id"], request.body.reason
    return notebooks.decide(lab, actor, identifier, approve=False, reason=reason, parameters=None)


def withdraw_notebook(lab: Lab, actor: str, request: Request[ReasonBody]) -> Notebook:
    """Withdraw a notebook."""
    return notebooks.withdraw_notebook(lab, actor, request.path["id"], request.body.reason)


def list_runs(lab: Lab, actor: str, request: Request[ProjectFilter]) -> list[RunAnswer]:
    """List runs, newest first."""
    return [RunAnswer(run, work) for run, work in runs.runs(lab, actor, request.body.project)]


def post_run(lab: Lab, actor: str, request: Request[RunBody]) -> RunAnswer:
    """Queue a run."""
    body = request.body
    run, work = runs.start_run(lab, actor, body.notebook, dict(body.parameters), priority=body.priority)
    return RunAnswer(run, work)


def get_run(lab: Lab, actor: str, request: Request[Nothing]) -> RunProgressAnswer:
    """Return a run, and how far it has come."""
    run, work, progress = runs.run(lab, actor, request.path["id"])
    repeated = reproductions.repetitions(lab, actor, run.id)
    name, place = runs.notebook_name(lab, actor, run), runs.place_in_queue(lab, work)
    times, memory = runs.times(lab, run, work), runs.memory(lab, run, work)
    return RunProgressAnswer(run, work, name, progress, place, times, memory, repeated, reproduction(repeated))


def get_run_live(lab: Lab, actor: str, request: Request[Nothing]) -> RunProgressAnswer:
    """Return a run as it is now; it is asked again and again."""
    return get_run(lab, actor, request)


def get_run_record(lab: Lab, actor: str, request: Request[Nothing]) -> Download:
    """Return the record of a run that has ended, as Workflow Run RO-Crate."""
    identifier = request.path["id"]
    crate = run_crate(run_record.run_record(lab, actor, identifier))
    return Download(f"{identifier}-ro-crate-metadata.json", crate)


def reproduce_run(lab: Lab, actor: str, request: Request[Nothing]) -> RunAnswer:
    """Queue a repetition of a run."""
    return RunAnswer(*reproductions.reproduce_run(lab, actor, request.path["id"]))


def cancel_run(lab: Lab, actor: str, request: Request[Nothing]) -> Work:
    """Ask for a run to be ended."""
    return runs.cancel_run(lab, actor, request.path["id"])


def put_run_priority(lab: Lab, actor: str, request: Request[PriorityBody]) -> Work:
    """Set the priority of a run that waits."""
    return runs.set_run_priority(lab, actor, request.path["id"], request.body.priority)


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET",
        "/notebooks",
        "Notebooks of the projects that one may know of",
        list_notebooks,
        ProjectFilter,
        list[Notebook],
    ),
    Route("POST", "/notebooks", "Submit a notebook for approval (a member)", post_notebook, NotebookBody, Notebook),
    Route(
        "GET", "/notebooks/{id}", "A notebook with its source; the view is recorded", get_notebook, Nothing, Notebook
    ),
    Route(
        "GET",
        "/notebooks/{id}/changes",
        "What changed in a notebook's cells since the version approved before; the view is recorded",
        get_changes,
        Nothing,
        NotebookChanges,
    ),
    Route(
        "POST",
        "/notebooks/{id}/approve",
        "Approve a notebook with its parameter schema (a steward or approver, not the author)",
        approve_notebook,
        ApprovalBody,
        Notebook,
    ),
    Route(
        "POST",
        "/notebooks/{id}/refuse",
        "Refuse a notebook with the reason (a steward or approver, not the author)",
        refuse_notebook,
        ReasonBody,
        Notebook,
    ),
    Route(
        "POST",
        "/notebooks/{id}/withdraw",
        "Withdraw a notebook (its author, or who may decide on it)",
        withdraw_notebook,
        ReasonBody,
        Notebook,
    ),
    Route("GET", "/runs", "Runs, newest first", list_runs, ProjectFilter, list[RunAnswer]),
    Route("POST", "/runs", "Run an approved notebook (a member)", post_run, RunBody, RunAnswer),
    Route("GET", "/runs/{id}", "A run, and how far it has come", get_run, Nothing, RunProgressAnswer),
    Route(
        "GET",
        "/runs/{id}/live",
        "A run each time that something of it changes, until it has ended: server-sent events",
        get_run_live,
        Nothing,
        RunProgressAnswer,
        until=lambda answer: answer.work.state in ENDED,
    ),
    Route(
        "GET",
        "/runs/{id}/record",
        "The record of a run that has ended, as Workflow Run RO-Crate: digests, and no contents",
        get_run_record,
        Nothing,
        Download,
        media=JSON_LD,
    ),
    Route(
        "POST",
        "/runs/{id}/reproduce",
        "Run a run again in a clean container, so that its outputs are compared (a member)",
        reproduce_run,
        Nothing,
        RunAnswer,
    ),
    Route(
        "PUT",
        "/runs/{id}/priority",
        "Let a run that waits go before or behind its project’s others (who asked for it, or the lead)",
        put_run_priority,
        PriorityBody,
        Work,
    ),
    Route("POST", "/runs/{id}/cancel", "Ask for a run to be ended (a member)", cancel_run, Nothing, Work),
)
