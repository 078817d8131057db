"""Projects and their members."""

from __future__ import annotations

from datetime import date

from datasets_mount.catalogue import Grant, is_in_force
from datasets_mount.mounts import MAKER
from hub.domain.audit import event
from hub.domain.errors import ConflictError, InvalidError, LabError, NotFoundError
from hub.domain.people import Person, Role, check_administrates, check_name
from hub.domain.projects import (
    Project,
    Room,
    check_can_see_project,
    check_grows,
    check_leads,
    check_membership_end,
    is_member,
    with_member,
    without_member,
)
from hub.services.lab import Lab, found, known_person, known_project, known_projects, load_person
from hub.services.ports import Reading


def load_project(reading: Reading, actor: Person, name: str) -> Project:
    """Return a project that the person may know of."""
    return check_can_see_project(actor, known_project(reading, name), name)


def create_project(
    lab: Lab, actor: str, name: str, *, title: str, purpose: str, lead: str, starts: date, ends: date
) -> Project:
    """Make a project with a user number of its own; an administrator does this, and names the lead."""
    check_name(name)
    if name == MAKER:
        raise InvalidError("This name is the lab's own; choose another.", reason="bad-name")
    if ends < starts:
        raise InvalidError("A project ends after it starts.", reason="project-dates")
    with lab.store.begin() as records:
        check_administrates(load_person(records, actor))
        found(records.get(Person, lead), "person", lead)
        if known_project(records, name) is not None:
            raise ConflictError("There is a project {name} already.", reason="project-exists", name=name)
        taken = [p.uid for p in known_projects(records)]
        uid = max(taken, default=lab.settings.storage.uid_base - 1) + 1
        project = Project(name, title, purpose, lead, starts, ends, uid)
        records.save(project, event("lab:project:create", actor, name, name, lead=lead))
        return project


def add_member(lab: Lab, actor: str, project_name: str, member: str, until: date | None = None) -> Project:
    """Add a member, to the end of a day where one is named, or change that day; the lead does this."""
    with lab.store.begin() as records:
        person = load_person(records, actor)
        project = load_project(records, person, project_name)
        check_leads(person, project)
        newcomer = known_person(records, member)
        if newcomer is None or Role.ADMINISTRATOR in newcomer.roles:
            raise NotFoundError(
                "There is no person {name} who can be a member; ask an administrator to add them.",
                reason="unknown-member",
                name=member,
            )
        check_membership_end(project, member, until, records.moment.date())
        changed = with_member(project, member, until)
        details = {"member": member} | ({"until": until.isoformat()} if until else {})
        records.save(changed, event("lab:project:add-member", actor, project_name, project_name, **details))
        return changed


def remove_member(lab: Lab, actor: str, project_name: str, member: str) -> Project:
    """Remove a member; the lead does this, and the member's open workspace is refused from then on.

    The project remembers them: a steward who worked in it once reviews none of its exports.
    """
    with lab.store.begin() as records:
        person = load_person(records, actor)
        project = load_project(records, person, project_name)
        check_leads(person, project)
        changed = without_member(project, member)
        records.save(changed, event("lab:project:remove-member", actor, project_name, project_name, member=member))
        return changed


def projects(lab: Lab, actor: str) -> list[Project]:
    """List the projects that a person may know of."""
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        sees_all = {Role.STEWARD, Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR} & set(person.roles)
        return [p for p in known_projects(reading) if sees_all or is_member(person, p)]


def project(lab: Lab, actor: str, name: str) -> tuple[Project, list[Grant]]:
    """Return a project with the grants that are in force."""
    with lab.store.read() as reading:
        found_project = load_project(reading, load_person(reading, actor), name)
        today = reading.moment.date()
        return found_project, [g for g in reading.find(Grant, project=name) if is_in_force(g, today)]


def project_room(lab: Lab, actor: str, name: str) -> Room:
    """Return how much room a project has and uses, for whoever may know of it."""
    with lab.store.read() as reading:
        load_project(reading, load_person(reading, actor), name)
    return lab.storage.room(name)


def grow_project(lab: Lab, actor: str, name: str, size: int) -> Room:
    """Give a project more room, in bytes; an administrator does this, and never less than it has.

    That it was asked for is recorded first, then what came of it: no writer waits while the disk grows, and where
    somebody is killed between the two, the disk itself says how large it is.
    """
    with lab.store.begin() as records:
        person = load_person(records, actor)
        check_administrates(person)
        grown = load_project(records, person, name)
        before = lab.storage.room(name)
        check_grows(before, size)
        records.record(event("lab:project:grow", actor, name, name, before=before.size, size=size))
    try:
        lab.storage.grow(name, grown.uid, size)
    except LabError as error:
        _record_growth(lab, actor, name, "lab:project:grow-failed", reason=error.reason)
        raise
    room = lab.storage.room(name)
    _record_growth(lab, actor, name, "lab:project:grown", size=room.size)
    return room


def _record_growth(lab: Lab, actor: str, name: str, what: str, **details: object) -> None:
    with lab.store.begin() as records:
        records.record(event(what, actor, name, name, **details))
