"""Routes of people, organisations and projects."""

from __future__ import annotations

from typing import Any

from datasets_mount.catalogue import Grant
from hub.domain.people import Organisation, Person
from hub.domain.policy_layers import PolicyLayer
from hub.domain.projects import Project, Room, is_member
from hub.services import grants, people, policies, projects, workspaces
from hub.services.lab import Lab
from hub.web.api.answers import ProjectAnswer
from hub.web.api.routes import Request, Route
from hub.web.models.records import (
    GrantBody,
    MemberBody,
    OrganisationBody,
    PersonBody,
    PolicyBody,
    ProjectBody,
    RoomBody,
)
from hub.web.models.texts import Nothing, ReasonBody


def me(lab: Lab, actor: str, _request: Request[Nothing]) -> Person:
    """Return the person behind the login."""
    return people.whoami(lab, actor)


def list_organisations(lab: Lab, actor: str, _request: Request[Nothing]) -> list[Organisation]:
    """List the partners."""
    return people.organisations(lab, actor)


def put_organisation(lab: Lab, actor: str, request: Request[OrganisationBody]) -> Organisation:
    """Add a partner, or change its title."""
    return people.add_organisation(lab, actor, request.path["name"], request.body.title)


def list_people(lab: Lab, actor: str, _request: Request[Nothing]) -> list[Person]:
    """List people: all for an administrator, oneself for others."""
    return people.people(lab, actor)


def put_person(lab: Lab, actor: str, request: Request[PersonBody]) -> Person:
    """Add a person, or change them."""
    body = request.body
    name = request.path["name"]
    return people.add_person(lab, actor, name, body.title, body.organisation, body.roles, body.roles_end)


def list_projects(lab: Lab, actor: str, _request: Request[Nothing]) -> list[Project]:
    """List the projects that the person may know of."""
    return projects.projects(lab, actor)


def post_project(lab: Lab, actor: str, request: Request[ProjectBody]) -> Project:
    """Make a project."""
    body = request.body
    return projects.create_project(
        lab,
        actor,
        body.name,
        title=body.title,
        purpose=body.purpose,
        lead=body.lead,
        starts=body.starts,
        ends=body.ends,
    )


def get_project(lab: Lab, actor: str, request: Request[Nothing]) -> ProjectAnswer:
    """Return a project with its grants, those that are over apart."""
    project, given = projects.project(lab, actor, request.path["name"])
    url = workspace_url(lab, actor, project) if is_member(people.whoami(lab, actor), project) else ""
    ends, room = workspaces.ends_at(lab, actor, project.name), projects.project_room(lab, actor, project.name)
    past, waiting = (look(lab, actor, project.name) for look in (grants.past_grants, grants.waiting_grants))
    return ProjectAnswer(project, tuple(given), tuple(past), tuple(waiting), url, ends, room)


def workspace_url(lab: Lab, actor: str, project: Project) -> str:
    """Where the hub starts or opens a member's workspace."""
    return f"{lab.settings.public_url}/hub/spawn/{actor}/{project.name}"


def put_room(lab: Lab, actor: str, request: Request[RoomBody]) -> Room:
    """Give a project more room."""
    return projects.grow_project(lab, actor, request.path["name"], request.body.size)


def put_member(lab: Lab, actor: str, request: Request[MemberBody]) -> Project:
    """Add a member, or change their last day."""
    return projects.add_member(lab, actor, request.path["name"], request.path["person"], request.body.until)


def delete_member(lab: Lab, actor: str, request: Request[Nothing]) -> Project:
    """Remove a member."""
    return projects.remove_member(lab, actor, request.path["name"], request.path["person"])


def put_grant(lab: Lab, actor: str, request: Request[GrantBody]) -> Grant:
    """Let a project use a dataset, or change the last day of that."""
    return grants.grant_dataset(lab, actor, request.path["name"], request.path["dataset"], request.body.ends)


def delete_grant(lab: Lab, actor: str, request: Request[ReasonBody]) -> Grant:
    """Take a dataset back from a project."""
    return grants.withdraw_grant(lab, actor, request.path["name"], request.path["dataset"], request.body.reason)


def accept_grant(lab: Lab, actor: str, request: Request[Nothing]) -> Grant:
    """Accept a dataset that makes the project stricter."""
    return grants.accept_grant(lab, actor, request.path["name"], request.path["dataset"])


def decline_grant(lab: Lab, actor: str, request: Request[ReasonBody]) -> Grant:
    """Decline a dataset that the project has not used."""
    return grants.decline_grant(lab, actor, request.path["name"], request.path["dataset"], request.body.reason)


def get_project_policy(lab: Lab, actor: str, request: Request[Nothing]) -> policies.Explanation:
    """Return the policy on a project's outputs."""
    return policies.explain_project(lab, actor, request.path["name"])


def put_project_policy(lab: Lab, actor: str, request: Request[PolicyBody]) -> PolicyLayer:
    """Ask for stricter rules on a project's outputs."""
    return policies.set_project_layer(lab, actor, request.path["name"], request.body.text)


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", "/me", "The person behind the login", me, Nothing, Person),
    Route("GET", "/organisations", "The partners", list_organisations, Nothing, list[Organisation]),
    Route(
        "PUT",
        "/organisations/{name}",
        "Add a partner, or change its title (administrator)",
        put_organisation,
        OrganisationBody,
        Organisation,
    ),
    Route("GET", "/people", "All people for an administrator, oneself for others", list_people, Nothing, list[Person]),
    Route("PUT", "/people/{name}", "Add a person, or change them (administrator)", put_person, PersonBody, Person),
    Route("GET", "/projects", "The projects that one may know of", list_projects, Nothing, list[Project]),
    Route("POST", "/projects", "Make a project (administrator)", post_project, ProjectBody, Project),
    Route("GET", "/projects/{name}", "A project with its grants", get_project, Nothing, ProjectAnswer),
    Route("PUT", "/projects/{name}/room", "Give a project more room (administrator)", put_room, RoomBody, Room),
    Route(
        "PUT",
        "/projects/{name}/members/{person}",
        "Add a member, or change their last day (the lead)",
        put_member,
        MemberBody,
        Project,
    ),
    Route("DELETE", "/projects/{name}/members/{person}", "Remove a member (the lead)", delete_member, Nothing, Project),
    Route(
        "PUT",
        "/projects/{name}/datasets/{dataset}",
        "Let a project use a dataset, or change the last day of that (a steward of its owner)",
        put_grant,
        GrantBody,
        Grant,
    ),
    Route(
        "DELETE",
        "/projects/{name}/datasets/{dataset}",
        "Take a dataset back from a project, with a reason (a steward of its owner)",
        delete_grant,
        ReasonBody,
        Grant,
    ),
    Route(
        "POST",
        "/projects/{name}/datasets/{dataset}/accept",
        "Accept a dataset that makes the project stricter (the lead)",
        accept_grant,
        Nothing,
        Grant,
    ),
    Route(
        "POST",
        "/projects/{name}/datasets/{dataset}/decline",
        "Decline a dataset that the project has not used (the lead)",
        decline_grant,
        ReasonBody,
        Grant,
    ),
    Route(
        "GET",
        "/projects/{name}/policy",
        "The policy on a project's outputs, and where each value comes from",
        get_project_policy,
        Nothing,
        policies.Explanation,
    ),
    Route(
        "PUT",
        "/projects/{name}/policy",
        "Ask for stricter rules on a project's outputs (a steward who never was its member)",
        put_project_policy,
        PolicyBody,
        PolicyLayer,
    ),
)
