"""Projects: the unit of isolation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from hub.domain.errors import InvalidError, NotFoundError, RefusedError
from hub.domain.people import Person, Role


@dataclass(frozen=True, slots=True)
class Project:
    """A purpose, a lead, members and dates.

    ``uid`` is the user and group number of the project's containers; no two projects share one. ``former`` are people
    who were members once, and are not forgotten. ``until`` names the last day of those members who have one.
    """

    name: str
    title: str
    purpose: str
    lead: str
    starts: date
    ends: date
    uid: int
    members: tuple[str, ...] = field(default=())
    former: tuple[str, ...] = field(default=())
    until: dict[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Room:
    """How much room a project's disk has and how much of it is used, in bytes and in files.

    ``growing`` is whether its last growth is in force only once the disk is mounted anew.
    """

    size: int
    used: int
    files: int
    files_used: int
    growing: bool = False


def check_grows(room: Room, size: int) -> None:
    """A project's room is given for good: it grows, and is never taken away from under what lies there."""
    if size <= room.size:
        raise InvalidError(
            "The project has {present} MB already, and never gets less; name a larger size.",
            reason="never-shrinks",
            present=room.size // 2**20,
        )


def is_member(person: Person, project: Project) -> bool:
    """The lead is a member, too."""
    return person.name == project.lead or person.name in project.members


def was_ever_member(person: Person, project: Project) -> bool:
    """Whoever leaves a project stays somebody who worked in it, whoever took them out and why."""
    return is_member(person, project) or person.name in project.former


def project_on(project: Project, today: date) -> Project:
    """Return the project as it stands on a day: whoever's last day is over has left it."""
    for name, last in project.until.items():
        if last < today:
            project = without_member(project, name)
    return project


def with_member(project: Project, name: str, until: date | None = None) -> Project:
    """Return the project with one more member, to the end of a day where one is named."""
    others = {member: last for member, last in project.until.items() if member != name}
    last_days = others if until is None else {**others, name: until}
    return replace(project, members=tuple(sorted({*project.members, name})), until=last_days)


def check_membership_end(project: Project, name: str, until: date | None, today: date) -> None:
    """A membership that ends at a date ends today or later; the lead is a member for as long as they lead."""
    if until is None:
        return
    if until < today:
        raise InvalidError("The last day of a member is today or later.", reason="membership-dates")
    if name == project.lead:
        raise InvalidError("The lead of a project is its member for as long as it runs.", reason="lead-stays")


def without_member(project: Project, name: str) -> Project:
    """Return the project without a member, which it remembers; somebody who is none changes nothing."""
    if name not in project.members:
        return project
    left = tuple(m for m in project.members if m != name)
    last_days = {member: last for member, last in project.until.items() if member != name}
    return replace(project, members=left, former=tuple(sorted({*project.former, name})), until=last_days)


def sees_project(person: Person, project: Project) -> bool:
    """A project is known to its members, and to stewards, approvers, auditors and administrators."""
    seeing = {Role.STEWARD, Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR}
    return is_member(person, project) or bool(seeing & set(person.roles))


def check_can_see_project(person: Person, project: Project | None, name: str) -> Project:
    """A project that a person may not know of looks the same as one that is not there."""
    if project is None or not sees_project(person, project):
        raise NotFoundError(
            "There is no project {name}, or you are not a member of it; ask its lead.",
            reason="unknown-project",
            name=name,
        )
    return project


def check_works_in(person: Person, project: Project, today: date) -> None:
    """Only a member works in a project, between its first and its last day, and never an administrator."""
    if not is_member(person, project):
        raise RefusedError(
            "Only members of the project {name} can do this; ask its lead.", reason="not-a-member", name=project.name
        )
    if Role.ADMINISTRATOR in person.roles:
        raise RefusedError("An administrator sees no data and works in no project.", reason="administrator")
    if not project.starts <= today <= project.ends:
        raise RefusedError(
            "The project {name} runs from {starts} to {ends}; ask its lead to have the dates changed.",
            reason="project-not-running",
            name=project.name,
            starts=project.starts.isoformat(),
            ends=project.ends.isoformat(),
        )


def check_leads(person: Person, project: Project) -> None:
    """Only the lead of a project changes its members."""
    if person.name != project.lead:
        raise RefusedError(
            "Only the lead of the project {name} can change its members.", reason="not-the-lead", name=project.name
        )
