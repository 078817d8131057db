"""Pages of projects, people and organisations."""

from __future__ import annotations

from datasets_mount.catalogue import Tier, check_stewards_for
from hub.domain.people import Role, check_administrates
from hub.domain.projects import check_leads, check_works_in, is_member
from hub.domain.publications import PublicKind
from hub.domain.run_budgets import check_can_grant_runs
from hub.services import datasets, grants, people, policies, projects, ready, run_budgets, workspaces
from hub.web.api import lab_routes as api
from hub.web.api import run_budget_routes
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.records import (
    GrantBody,
    MemberBody,
    OrganisationBody,
    PersonBody,
    PolicyBody,
    ProjectBody,
    RunGrantBody,
)
from hub.web.models.texts import Nothing, ReasonBody
from hub.web.pages.datasets import WAITS
from hub.web.pages.publications import shown_public
from hub.web.pages.types import Context, Form, Landing, Page, Posted, Visit, permitted, refusal

SANDBOX = ("allow-scripts", "allow-same-origin", "allow-forms", "allow-modals")
"""What a workspace's page may do in its frame: nothing that opens a window, saves a file, or leads the portal's own
page elsewhere. It may keep its origin, since that is its person's own and not the portal's."""
OPEN_SANDBOX = ("allow-downloads", "allow-popups", "allow-popups-to-escape-sandbox")
"""What it may do beside in the open tier, whose browser channel is not held."""


def list_projects(visit: Visit) -> Context:
    """List projects."""
    person = people.whoami(visit.lab, visit.actor)
    known = projects.projects(visit.lab, visit.actor)
    return {"projects": known, "mine": {p.name for p in known if is_member(person, p)}}


def show_project(visit: Visit) -> Context:
    """Show a project with members, datasets and, for a dataset owner's steward, the grants that can be made."""
    lab, actor = visit.lab, visit.actor
    person = people.whoami(lab, actor)
    project, given = projects.project(lab, actor, visit.path["name"])
    granted = {g.dataset for g in given}
    known = [d for d, _ in datasets.datasets(lab, actor)]
    mine = permitted(known, lambda dataset: check_stewards_for(person, dataset.owner))
    ready.want_workspace(lab, actor, project.name)
    return {
        "project": project,
        "grants": given,
        "past_grants": grants.past_grants(lab, actor, project.name),
        "waiting_grants": grants.waiting_grants(lab, actor, project.name),
        "mine": {d.name for d in mine},
        "is_member": is_member(person, project),
        "leads": not refusal(lambda: check_leads(person, project)),
        "closed": refusal(lambda: check_works_in(person, project, lab.now().date())),
        "grantable": [d for d in mine if d.name not in granted],
        "room": projects.project_room(lab, actor, project.name),
        **shown_public(lab, actor, PublicKind.PROJECT, project.name),
        "budget": run_budgets.run_budget(lab, actor, project.name),
        "grants_runs": not refusal(lambda: check_can_grant_runs(person, project)),
        "explanation": policies.explain_project(lab, actor, project.name),
        "sets_policy": not refusal(lambda: policies.check_sets_project_policy(person, project)),
        "policy_address": ("projects", project.name, "policy"),
        "workspace": api.workspace_url(lab, actor, project),
        "ends": workspaces.ends_at(lab, actor, project.name),
        "idle_minutes": max(1, lab.settings.workspace.idle_seconds // 60),
    }


def set_policy(posted: Posted) -> Landing:
    """Ask for stricter rules on the project's outputs."""
    request = request_of(PolicyBody, posted.path, {"text": posted.fields.one("layer")})
    kept = api.put_project_policy(posted.lab, posted.actor, request)
    return Landing(("projects", kept.subject), N_("The rules were saved."))


def grant_runs(posted: Posted) -> Landing:
    """Grant the project more runs."""
    asked = posted.fields.one("runs")
    body = {
        "runs": int(asked) if asked.isascii() and asked.isdigit() else 0,
        "reason": posted.fields.one("runs_reason"),
    }
    run_budget_routes.post_runs(posted.lab, posted.actor, request_of(RunGrantBody, posted.path, body))
    return Landing(("projects", posted.path["name"]), N_("The project may start more runs until the end of the month."))


def show_workspace(visit: Visit) -> Context:
    """Show a member's own workspace in a frame, where it has an origin of its own."""
    lab, actor = visit.lab, visit.actor
    person = people.whoami(lab, actor)
    project, _ = projects.project(lab, actor, visit.path["name"])
    check_works_in(person, project, lab.now().date())
    settings = lab.settings
    tier = workspaces.tier_in(lab, project.name)
    frame = (
        f"{settings.origin_of(actor, project.name)}/user/{actor}/{project.name}/" if settings.server.subdomains else ""
    )
    return {
        "project": project,
        "workspace": api.workspace_url(lab, actor, project),
        "frame": frame,
        "sandbox": " ".join(SANDBOX if tier is not Tier.OPEN else SANDBOX + OPEN_SANDBOX),
    }


def new_project(visit: Visit) -> Context:
    """Show the form of a new project to an administrator."""
    check_administrates(people.whoami(visit.lab, visit.actor))
    leads = [p for p in people.people(visit.lab, visit.actor) if Role.ADMINISTRATOR not in p.roles]
    return {"leads": leads, "today": visit.lab.now().date()}


def withdraw_dataset(posted: Posted) -> Landing:
    """Take a dataset back from the project."""
    path = {"name": posted.path["name"], "dataset": posted.fields.one("dataset")}
    reason = {"reason": posted.fields.one("withdraw_reason")}
    api.delete_grant(posted.lab, posted.actor, request_of(ReasonBody, path, reason))
    return Landing(("projects", path["name"]), N_("The dataset was withdrawn from the project."))


def accept_dataset(posted: Posted) -> Landing:
    """Accept a dataset that makes the project stricter."""
    path = {"name": posted.path["name"], "dataset": posted.fields.one("dataset")}
    api.accept_grant(posted.lab, posted.actor, request_of(Nothing, path, {}))
    return Landing(
        ("projects", path["name"]), N_("The project may now use the dataset, and is as strict as it asks for.")
    )


def decline_dataset(posted: Posted) -> Landing:
    """Decline a dataset that the project has not used."""
    path = {"name": posted.path["name"], "dataset": posted.fields.one("dataset")}
    reason = {"reason": posted.fields.one("decline_reason")}
    api.decline_grant(posted.lab, posted.actor, request_of(ReasonBody, path, reason))
    return Landing(("projects", path["name"]), N_("The dataset is declined; its owner reads why."))


def list_people(visit: Visit) -> Context:
    """Show people and organisations to an administrator."""
    check_administrates(people.whoami(visit.lab, visit.actor))
    everybody = people.people(visit.lab, visit.actor)
    return {
        "people": everybody,
        "organisations": people.organisations(visit.lab, visit.actor),
        "roles": list(Role),
        "chosen": next((p for p in everybody if p.name == visit.asked("person")), None),
    }


def create_project(posted: Posted) -> Landing:
    """Make a project."""
    names = ("name", "title", "purpose", "lead", "starts", "ends")
    request = request_of(ProjectBody, {}, {name: posted.fields.one(name) for name in names})
    made = api.post_project(posted.lab, posted.actor, request)
    return Landing(("projects", made.name), N_("The project is made; its lead can now add members."))


def add_member(posted: Posted) -> Landing:
    """Add a member."""
    path = {"name": posted.path["name"], "person": posted.fields.one("person")}
    until = {"until": posted.fields.one("until") or None}
    api.put_member(posted.lab, posted.actor, request_of(MemberBody, path, until))
    return Landing(("projects", path["name"]), N_("The member was added."))


def remove_member(posted: Posted) -> Landing:
    """Remove a member."""
    path = {"name": posted.path["name"], "person": posted.fields.one("person")}
    api.delete_member(posted.lab, posted.actor, request_of(Nothing, path, {}))
    return Landing(("projects", path["name"]), N_("The member was removed."))


def grant_dataset(posted: Posted) -> Landing:
    """Let the project use a dataset."""
    path = {"name": posted.path["name"], "dataset": posted.fields.one("dataset")}
    grant = api.put_grant(
        posted.lab, posted.actor, request_of(GrantBody, path, {"ends": posted.fields.one("ends") or None})
    )
    return Landing(("projects", path["name"]), WAITS if grant.waits else N_("The project may now use the dataset."))


def put_organisation(posted: Posted) -> Landing:
    """Add an organisation, or change its title."""
    path, body = {"name": posted.fields.one("organisation_name")}, {"title": posted.fields.one("organisation_title")}
    api.put_organisation(posted.lab, posted.actor, request_of(OrganisationBody, path, body))
    return Landing(("people",), N_("The organisation was saved."))


def put_person(posted: Posted) -> Landing:
    """Add a person, or change them."""
    fields = posted.fields
    body: dict[str, object] = {
        "title": fields.one("title"),
        "organisation": fields.one("organisation"),
        "roles": fields.many("roles"),
    }
    body |= {"roles_end": fields.one("roles_end") or None}
    api.put_person(posted.lab, posted.actor, request_of(PersonBody, {"name": fields.one("name")}, body))
    return Landing(("people",), N_("The person was saved."))


PROJECT = Page("/projects/{name}", "project.html", show_project)
NEW_PROJECT = Page("/new/project", "new_project.html", new_project)
PEOPLE = Page("/people", "people.html", list_people)
WORKSPACE = Page("/projects/{name}/workspace", "workspace.html", show_workspace)
PAGES = (Page("/projects", "projects.html", list_projects), PROJECT, WORKSPACE, NEW_PROJECT, PEOPLE)
FORMS = (
    Form("/new/project", NEW_PROJECT, create_project),
    Form("/projects/{name}/members", PROJECT, add_member),
    Form("/projects/{name}/members/remove", PROJECT, remove_member),
    Form("/projects/{name}/datasets", PROJECT, grant_dataset),
    Form("/projects/{name}/datasets/withdraw", PROJECT, withdraw_dataset),
    Form("/projects/{name}/datasets/accept", PROJECT, accept_dataset),
    Form("/projects/{name}/datasets/decline", PROJECT, decline_dataset),
    Form("/projects/{name}/policy", PROJECT, set_policy),
    Form("/projects/{name}/runs", PROJECT, grant_runs),
    Form("/people", PEOPLE, put_person),
    Form("/people/organisations", PEOPLE, put_organisation),
)
