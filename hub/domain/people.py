"""Organisations, people and what each may do in the lab."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from hub.domain.errors import InvalidError, RefusedError

NAME_PATTERN = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_NAME = 40


class Role(StrEnum):
    """What a person may do in the lab; ``member`` and ``lead`` are of a project instead."""

    RESEARCHER = "researcher"
    STEWARD = "steward"
    LEAD_STEWARD = "lead_steward"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Organisation:
    """A partner of the consortium."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Person:
    """One login, one human; never shared. ``roles_end`` is the last day of their roles, where there is one."""

    name: str
    title: str
    organisation: str
    roles: tuple[Role, ...]
    roles_end: date | None = None


def person_on(person: Person, today: date) -> Person:
    """Return the person as they are on a day: after the last day of their roles they have none."""
    return replace(person, roles=()) if person.roles_end is not None and person.roles_end < today else person


def check_roles_end(roles_end: date | None, today: date) -> None:
    """Roles that end at a date end today or later."""
    if roles_end is not None and roles_end < today:
        raise InvalidError("The last day of roles is today or later.", reason="role-dates")


def check_name(name: str) -> None:
    """A name is lower-case letters and digits in groups joined by single hyphens, at most 40 characters."""
    if len(name) > LONGEST_NAME or not NAME_PATTERN.fullmatch(name):
        raise InvalidError(
            "A name has at most 40 lower-case letters, digits and single hyphens, and starts with a letter.",
            reason="bad-name",
        )


def check_has_role(person: Person, *roles: Role) -> None:
    """The person holds at least one of the roles."""
    if not set(roles) & set(person.roles):
        raise RefusedError(
            "This needs the role {roles}; ask an administrator of the lab if you should have it.",
            reason="role-missing",
            roles=" / ".join(roles),
        )


def check_administrates(person: Person) -> None:
    """An administrator manages organisations, people and projects, and holds no role that sees data or decides."""
    check_has_role(person, Role.ADMINISTRATOR)


def check_roles(roles: tuple[Role, ...]) -> None:
    """An administrator holds no other role, since they can neither see data nor decide; a lead steward is a steward."""
    if Role.ADMINISTRATOR in roles and len(set(roles)) > 1:
        raise InvalidError(
            "An administrator can hold no other role: they neither see data nor decide on exports.",
            reason="administrator-alone",
        )
    if Role.LEAD_STEWARD in roles and Role.STEWARD not in roles:
        raise InvalidError("A lead steward is a steward, too; give both roles.", reason="lead-steward-alone")
