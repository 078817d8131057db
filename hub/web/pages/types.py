"""Pages and forms: what a row of their tables says, and what its function is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from hub.domain.errors import LabError
from hub.services.lab import Lab

Context = dict[str, object]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visit:
    """A look at a page: who looks, the names in the address, and what was asked behind the question mark."""

    lab: Lab
    actor: str
    path: Mapping[str, str]
    query: Mapping[str, str]

    def asked(self, name: str, default: str = "") -> str:
        """Return a word of the query."""
        return self.query.get(name, default)


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its address, its template, and the function that gathers what it shows.

    ``recorded`` says that every look at it is written to the audit log, ``is_followed`` that below ``/live`` it is sent
    again each time that it changes, until its context says that it has ``ended``.
    """

    path: str
    template: str
    look: Callable[[Visit], Context]
    recorded: bool = False
    is_followed: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """What was typed into a form."""

    values: Mapping[str, list[str]]

    def one(self, name: str, default: str = "") -> str:
        """Return a field's text without the space around it."""
        return self.values.get(name, [default])[-1].strip()

    def many(self, name: str) -> list[str]:
        """Return every text of a field that can be given several times."""
        return [text for value in self.values.get(name, []) if (text := value.strip())]

    def exact(self, name: str) -> list[str]:
        """Return every text of a field as it was sent; a file's name may begin or end with a space."""
        return list(self.values.get(name, []))

    def listed(self, name: str) -> list[str]:
        """Return the words of a field that are separated by commas or line ends."""
        return [w for word in self.one(name).replace("\n", ",").split(",") if (w := word.strip())]


@dataclass(frozen=True, slots=True)
class Posted:
    """A form that was sent."""

    lab: Lab
    actor: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    fields: Fields


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a person lands after a form, and what they are told there."""

    words: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form: the address that it is sent to, the page that it stands on, and what it does."""

    path: str
    page: Page
    act: Callable[[Posted], Landing]


def permitted(items: Iterable[T], check: Callable[[T], object]) -> list[T]:
    """Return the items that a rule lets through."""
    return [item for item in items if not refusal(partial(check, item))]


def refusal(*checks: Callable[[], object]) -> LabError | None:
    """Return the first rule that says no: its sentence stands at the button, which is then disabled."""
    for check in checks:
        try:
            check()
        except LabError as error:
            return error
    return None
