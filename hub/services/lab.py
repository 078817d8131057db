"""What every use case is given: the settings and the ports."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from hub.domain.errors import NotFoundError, RefusedError
from hub.domain.people import Person, person_on
from hub.domain.projects import Project, project_on
from hub.services.ports import AccessLog, Clock, Engine, Reading, Signer, Store, Vault
from hub.services.storage_port import Storage
from hub.settings import Settings

T = TypeVar("T")
NOWHERE = ""
"""The name of nothing."""
IDENTIFIER_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


class NoAccessLog:
    """What a lab without a gateway has."""

    def names(self) -> list[str]:
        """Return nothing."""
        return []

    def read(self, name: str, start: int, limit: int) -> bytes:
        """Return nothing."""
        return b""


@dataclass(frozen=True, slots=True)
class Lab:
    """The settings and the ports."""

    settings: Settings
    store: Store
    vault: Vault
    storage: Storage
    engine: Engine
    signer: Signer
    clock: Clock
    access_log: AccessLog = field(default_factory=NoAccessLog)

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return self.clock.now()


def new_id(prefix: str) -> str:
    """Make an identifier that nobody can guess: a prefix and twelve letters or digits, without 0, 1, l and o."""
    return prefix + "-" + "".join(secrets.choice(IDENTIFIER_ALPHABET) for _ in range(12))


def known_person(reading: Reading, name: str) -> Person | None:
    """Return a person as they are today; roles are read nowhere else, so that they end everywhere at once."""
    person = reading.get(Person, name)
    return None if person is None else person_on(person, reading.moment.date())


def people_today(reading: Reading, names: Collection[str]) -> dict[str, Person]:
    """Return those of these people whom the lab knows, as they are today; one question, however many they are."""
    known = reading.find(Person, name=tuple(sorted(names))) if names else []
    return {person.name: person_on(person, reading.moment.date()) for person in known}


def load_person(reading: Reading, name: str) -> Person:
    """Return a person whom the lab's own records know, with the roles that they have today."""
    person = known_person(reading, name)
    if person is None:
        raise RefusedError(
            "The lab does not know you; ask an administrator to add you before you log in.", reason="unknown-person"
        )
    return person


def known_project(reading: Reading, name: str) -> Project | None:
    """Return a project as it stands today: nobody reads one elsewhere, so that a membership ends everywhere at once."""
    project = reading.get(Project, name)
    return None if project is None else project_on(project, reading.moment.date())


class InProject(Protocol):
    """A record that belongs to a project."""

    @property
    def project(self) -> str:
        """Return the project's name."""


def project_behind(reading: Reading, record: InProject | None) -> Project | None:
    """Return a record's project; without a record as much is asked, so that time tells nobody of a hidden one."""
    return known_project(reading, NOWHERE if record is None else record.project)


def known_projects(reading: Reading) -> list[Project]:
    """Return all projects as they stand today."""
    return [project_on(project, reading.moment.date()) for project in reading.find(Project)]


def found(value: T | None, what: str, identifier: str) -> T:
    """Return the value, or say that it is not there, in one way for all things."""
    if value is None:
        raise NotFoundError(
            "There is no {what} {id}, or you may not see it.", reason="not-found", what=what, id=identifier
        )
    return value
