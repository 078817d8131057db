"""Pages of notebooks: submit, look, decide."""

from __future__ import annotations

from datasets_mount.catalogue import Grant
from hub.domain.notebooks import (
    Notebook,
    NotebookState,
    ParameterType,
    check_can_decide,
    check_can_run,
    next_state,
)
from hub.domain.people import Person
from hub.domain.projects import check_works_in
from hub.services import notebook_changes, notebooks, people, projects
from hub.web.api import work_routes as api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.notebooks import ApprovalBody, NotebookBody
from hub.web.models.texts import ReasonBody
from hub.web.pages.types import Context, Fields, Form, Landing, Page, Posted, Visit, permitted, refusal
from hub.web.pages.values import number_of, typed, value_of

CELL_TYPES = (N_("code"), N_("markdown"), N_("raw"))


def list_notebooks(visit: Visit) -> Context:
    """List notebooks, newest first."""
    return {"notebooks": notebooks.notebooks(visit.lab, visit.actor, visit.asked("project"))[::-1]}


def new_notebook(visit: Visit) -> Context:
    """Show the form; it asks for the project first, since the datasets depend on it."""
    lab, actor = visit.lab, visit.actor
    person = people.whoami(lab, actor)
    today = lab.now().date()
    mine = permitted(projects.projects(lab, actor), lambda project: check_works_in(person, project, today))
    asked = visit.asked("project") or (mine[0].name if len(mine) == 1 else "")
    grants: list[Grant] = []
    if asked:
        project, grants = projects.project(lab, actor, asked)
        check_works_in(person, project, today)
    return {"mine": mine, "project": asked, "datasets": [g.dataset for g in grants]}


def show_notebook(visit: Visit) -> Context:
    """Show a notebook's source and schema, and what the person may do with it."""
    lab, actor = visit.lab, visit.actor
    notebook = notebooks.notebook(lab, actor, visit.path["id"])
    person = people.whoami(lab, actor)
    project, _ = projects.project(lab, actor, notebook.project)
    may_decide = refusal(lambda: check_can_decide(person, notebook))
    may_approve = refusal(
        lambda: check_can_decide(person, notebook), lambda: notebooks.check_can_be_approved(lab, notebook)
    )
    return {
        "notebook": notebook,
        "packages": notebooks.image_packages(lab, notebook),
        "changes": notebook_changes.shown_changes(lab, notebook),
        "inspecting": notebook.state is NotebookState.INSPECTING,
        "types": list(ParameterType),
        "typed": typed,
        "waits": notebook.state is NotebookState.SUBMITTED,
        "approvals_left": notebooks.approvals_needed(lab, notebook),
        "decides": may_decide,
        "approves": may_approve,
        "withdraws": refusal(lambda: _check_withdraws(person, notebook)),
        "runs": refusal(
            lambda: check_works_in(person, project, lab.now().date()),
            lambda: check_can_run(notebook),
        ),
    }


def _check_withdraws(person: Person, notebook: Notebook) -> None:
    if person.name != notebook.author:
        check_can_decide(person, notebook)
    next_state(notebook, "withdraw")


def notebook_progress(visit: Visit) -> Context:
    """Say whether inspection has ended; not a view, so nothing is recorded."""
    state = notebooks.notebook_state(visit.lab, visit.actor, visit.path["id"])
    inspecting = state is NotebookState.INSPECTING
    return {"id": visit.path["id"], "state": state, "inspecting": inspecting, "ended": not inspecting}


def submit_notebook(posted: Posted) -> Landing:
    """Submit a notebook."""
    fields = posted.fields
    body = {
        "project": fields.one("project"),
        "upload": fields.one("upload"),
        "name": fields.one("name"),
        "purpose": fields.one("purpose"),
        "datasets": fields.many("datasets"),
    }
    made = api.post_notebook(posted.lab, posted.actor, request_of(NotebookBody, {}, body))
    return Landing(
        ("notebooks", made.id), N_("The notebook was sent; containers read its source and try it on invented data now.")
    )


def approve(posted: Posted) -> Landing:
    """Approve a notebook with the schema as the form has it."""
    fields = posted.fields
    names = fields.many("parameter")
    body = {
        "parameters": [_parameter(fields, number, name) for number, name in enumerate(names)],
        "accept_free_text": bool(fields.one("accept_free_text")),
    }
    made = api.approve_notebook(posted.lab, posted.actor, request_of(ApprovalBody, posted.path, body))
    if made.state is NotebookState.SUBMITTED:
        return Landing(("notebooks", made.id), N_("Your approval is kept; the notebook waits for others."))
    return Landing(("notebooks", made.id), N_("The notebook is approved; members can run it."))


def _parameter(fields: Fields, number: int, name: str) -> dict[str, object]:
    """One row of the schema's table."""
    kind = fields.one(f"type-{number}")
    choices = [c for line in fields.one(f"choices-{number}").splitlines() if (c := line.strip())]
    return {
        "name": name,
        "type": kind,
        "default": value_of(kind, fields.one(f"default-{number}")),
        "minimum": number_of(fields.one(f"minimum-{number}")),
        "maximum": number_of(fields.one(f"maximum-{number}")),
        "choices": choices if kind == ParameterType.CHOICE else [],
    }


def refuse(posted: Posted) -> Landing:
    """Refuse a notebook."""
    body = {"reason": posted.fields.one("refuse_reason")}
    api.refuse_notebook(posted.lab, posted.actor, request_of(ReasonBody, posted.path, body))
    return Landing(("notebooks", posted.path["id"]), N_("The notebook is refused; its author reads your reason."))


def withdraw(posted: Posted) -> Landing:
    """Withdraw a notebook."""
    body = {"reason": posted.fields.one("withdraw_reason")}
    api.withdraw_notebook(posted.lab, posted.actor, request_of(ReasonBody, posted.path, body))
    return Landing(("notebooks", posted.path["id"]), N_("The notebook is withdrawn; it runs no more."))


NOTEBOOK = Page("/notebooks/{id}", "notebook.html", show_notebook)
NEW_NOTEBOOK = Page("/new/notebook", "new_notebook.html", new_notebook)
PAGES = (
    Page("/notebooks", "notebooks.html", list_notebooks),
    NOTEBOOK,
    NEW_NOTEBOOK,
    Page("/notebooks/{id}/progress", "notebook_progress.html", notebook_progress, is_followed=True),
)
FORMS = (
    Form("/new/notebook", NEW_NOTEBOOK, submit_notebook),
    Form("/notebooks/{id}/approve", NOTEBOOK, approve),
    Form("/notebooks/{id}/refuse", NOTEBOOK, refuse),
    Form("/notebooks/{id}/withdraw", NOTEBOOK, withdraw),
)
