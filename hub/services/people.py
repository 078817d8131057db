"""Organisations and people: an administrator manages them; the first one is made at installation."""

from __future__ import annotations

from datetime import date

from hub.domain.audit import event
from hub.domain.errors import ConflictError
from hub.domain.people import (
    Organisation,
    Person,
    Role,
    check_administrates,
    check_name,
    check_roles,
    check_roles_end,
    person_on,
)
from hub.services.lab import Lab, found, known_person, load_person
from hub.services.ports import Reading

INSTALLATION = "installation"
STRANGER = "stranger"


def knows_person(lab: Lab, name: str) -> bool:
    """Say whether somebody may log in: the lab's own records decide, never a claim of the provider."""
    with lab.store.read() as reading:
        return reading.get(Person, name) is not None


def log_in(lab: Lab, name: str) -> bool:
    """Say whether somebody may log in, and record that they did or were refused."""
    with lab.store.begin() as records:
        known = records.get(Person, name) is not None
        # A name that the lab does not know is a stranger's word: it is not repeated in the log.
        happened = event("lab:login:accept", name, name) if known else event("lab:login:refuse", STRANGER, STRANGER)
        records.record(happened)
        return known


def make_first_administrator(lab: Lab, name: str, organisation: str, title: str) -> bool:
    """Make the first administrator and their organisation; False when that very person is one already."""
    check_name(name)
    check_name(organisation)
    with lab.store.begin() as records:
        if (present := known_person(records, name)) and Role.ADMINISTRATOR in present.roles:
            return False
        if any(Role.ADMINISTRATOR in p.roles for p in _people_today(records)):
            raise ConflictError(
                "The lab has an administrator already; ask them to add people.", reason="administrator-exists"
            )
        if records.get(Organisation, organisation) is None:
            records.save(Organisation(organisation, title), event("lab:organisation:add", INSTALLATION, organisation))
        person = Person(name, "Administrator", organisation, (Role.ADMINISTRATOR,))
        records.save(person, event("lab:person:add", INSTALLATION, name, roles=Role.ADMINISTRATOR))
        return True


def _people_today(reading: Reading) -> list[Person]:
    return [person_on(person, reading.moment.date()) for person in reading.find(Person)]


def add_organisation(lab: Lab, actor: str, name: str, title: str) -> Organisation:
    """Add a partner, or change its title."""
    check_name(name)
    with lab.store.begin() as records:
        check_administrates(load_person(records, actor))
        organisation = Organisation(name, title)
        records.save(organisation, event("lab:organisation:add", actor, name))
        return organisation


def add_person(
    lab: Lab,
    actor: str,
    name: str,
    title: str,
    organisation: str,
    roles: tuple[Role, ...],
    roles_end: date | None = None,
) -> Person:
    """Add a person, or change their title, organisation, roles, and the last day of these where one is named."""
    check_name(name)
    check_roles(roles)
    with lab.store.begin() as records:
        check_administrates(load_person(records, actor))
        found(records.get(Organisation, organisation), "organisation", organisation)
        check_roles_end(roles_end, records.moment.date())
        person = Person(name, title, organisation, tuple(sorted(set(roles))), roles_end)
        details = {"organisation": organisation, "roles": " ".join(person.roles)}
        details |= {"until": roles_end.isoformat()} if roles_end else {}
        records.save(person, event("lab:person:add", actor, name, **details))
        return person


def organisations(lab: Lab, actor: str) -> list[Organisation]:
    """List the partners, for anybody whom the lab knows."""
    with lab.store.read() as reading:
        load_person(reading, actor)
        return reading.find(Organisation)


def people(lab: Lab, actor: str) -> list[Person]:
    """List people: all for an administrator, oneself for others."""
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        return reading.find(Person) if Role.ADMINISTRATOR in person.roles else [person]


def whoami(lab: Lab, actor: str) -> Person:
    """Return the person behind a login."""
    with lab.store.read() as reading:
        return load_person(reading, actor)
