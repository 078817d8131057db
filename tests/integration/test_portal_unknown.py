"""What is hidden and what is not there: the same answer, after as many questions to the database, at every address.

How long an answer takes would tell the two apart where one of them is asked more; questions are counted, since time on
a machine that does other things as well proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
import requests

from datasets_mount.catalogue import OwnersPart
from doubles.lab import make_lab
from doubles.portal import served
from hub.domain.people import Role
from hub.services import owner_votes, people
from hub.services.lab import Lab
from hub.web.api.handlers import ARGUMENT
from hub.web.pages.table import FORMS, PAGES
from integration.test_portal_queries import counted
from integration.test_portal_roles import (
    COMMENT,
    FIELDS,
    HIDDEN,
    MATRIX,
    NO,
    PAGE_MATRIX,
    WHO,
    everything,
    filled,
    names_of,
)

STRANGERS = ("outsider", "nobody")
"""Somebody of another project, and somebody whom the lab does not know."""
INSIDERS = {"researcher", "jobs-steward", "health-steward"}
"""Who sees what the addresses name: they are told so of something else, which a body or a second name names."""
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/exports/{id}/comments"): {key: COMMENT[key] for key in ("text", "audience")},
    ("POST", "/releases/{id}/revoke"): {"reason": "because it is so"},
    ("POST", "/releases/{id}/reopen"): {"reason": "because it is so"},
}
"""Bodies that fit, where the matrix has one that does not."""
FIRST = {("GET", "/releases/{id}/downloads/{download}/files/{name}"): ("GET", "/releases/{id}")}
"""Routes whose second name is one person's own, beside the route of the first, which more people see.

What they are told of the second one is compared in test_portal_foreign_names.py.
"""
Names = dict[str, str]


@dataclass(frozen=True)
class Told:
    """What somebody can tell of an answer."""

    status: int
    body: str
    headers: tuple[str, ...]
    questions: int


@dataclass
class Asked:
    """The portal over a lab, and what is there."""

    lab: Lab
    base: str
    made: Names

    def told(self, who: str, method: str, address: str, name: str, **sent: Any) -> Told:
        """Ask, and leave out of the answer what differs each time: the name itself and the page's token."""
        head = {"Authorization": f"token {who}-token"}
        with counted(self.lab) as questions:
            answer = requests.request(
                method, self.base + address, headers=head, timeout=30, allow_redirects=False, **sent
            )  # fmt: skip
        body = re.sub(rf"(?<![\w-]){name}(?![\w-])", "NAME", answer.text)
        body = re.sub(r"MnwxOjB8[\w+/=-]+", "TOKEN", body)
        same = tuple(sorted(set(answer.headers) - {"Set-Cookie"}))
        return Told(answer.status_code, body, same, len(questions))

    def both(self, who: str, method: str, template: str, address: str, **sent: Any) -> tuple[Told, Told]:
        """What is told of the thing that an address names, and of one that is not there."""
        real = first_name(template, address)
        invented = f"{real[:-2]}{'zz' if real[-2:] != 'zz' else 'yy'}"
        there, not_there = address, address.replace(f"/{real}", f"/{invented}", 1)
        assert there != not_there
        return self.told(who, method, there, real, **sent), self.told(who, method, not_there, invented, **sent)


def first_name(template: str, address: str) -> str:
    """What stands in an address for the first argument of its template that names a thing."""
    pairs = zip(template.split("/"), address.partition("?")[0].split("/"), strict=True)
    return next(given for asked, given in pairs if asked.startswith("{") and asked != "{kind}")


def who_is_kept_out(expected: tuple[int, ...]) -> list[str]:
    """Strangers, and all others whom the matrix tells that there is nothing."""
    hidden = {who for who, status in zip(WHO, expected, strict=True) if status == HIDDEN} - INSIDERS
    return sorted(hidden | set(STRANGERS))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    lab = make_lab(tmp_path_factory.mktemp("unknown"))
    made = everything(lab)
    with served(lab) as base:
        yield Asked(lab, base, made)


ROUTES = sorted(route for route in MATRIX if ARGUMENT.search(route[1]))


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_a_route_tells_nobody_what_is_hidden_from_what_is_not_there(asked: Asked, route: tuple[str, str]) -> None:
    path, body, _ = MATRIX[route]
    expected = MATRIX[FIRST.get(route, route)][2]
    sent = filled(BODIES.get(route, body), asked.made)
    address = filled(path, asked.made)
    for who in who_is_kept_out(expected):
        there, not_there = asked.both(who, route[0], f"/api/v1{route[1]}", f"/api/v1{address}", json=sent)
        if there.status < 400:  # it is everybody's, as people and organisations are
            assert (who, there.status) == ("outsider", 200)
        assert there == not_there, who


@pytest.mark.parametrize("page", sorted(page for page in PAGE_MATRIX if ARGUMENT.search(page)))
def test_a_page_tells_nobody_what_is_hidden_from_what_is_not_there(asked: Asked, page: str) -> None:
    path, expected = PAGE_MATRIX[page]
    for who in who_is_kept_out(expected):
        there, not_there = asked.both(who, "GET", page, filled(path, asked.made))
        assert there.status >= 400
        assert there == not_there, who


@pytest.mark.parametrize("form", sorted(form.path for form in FORMS if ARGUMENT.search(form.path)))
def test_a_form_tells_nobody_what_is_hidden_from_what_is_not_there(asked: Asked, form: str) -> None:
    for who in STRANGERS:
        there, not_there = asked.both(who, "POST", form, filled(form, names_of(form, asked.made)), data=FIELDS)
        assert there.status in (NO, HIDDEN)
        assert there == not_there, who


def test_who_may_see_a_thing_is_told_more_so_that_the_comparison_can_fail(asked: Asked) -> None:
    there, not_there = asked.both("auditor", "GET", "/exports/{id}", f"/exports/{asked.made['request']}")
    assert (there.status, not_there.status) == (200, 404)
    assert there.body != not_there.body
    assert there.questions > not_there.questions


@pytest.fixture(scope="module")
def delegated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A lab whose dataset's owner is asked for a vote, and named a clerk to give it."""
    lab = make_lab(tmp_path_factory.mktemp("delegated"))
    made = everything(lab)
    owner_votes.set_part(lab, "jobs-steward", "jobs", OwnersPart.VOTE)
    people.add_person(lab, "administrator", "clerk", "Clerk", "jobs-institute", (Role.RESEARCHER,))
    owner_votes.delegate(lab, "jobs-steward", "jobs", "clerk", date(2026, 12, 31))
    with served(lab) as base:
        yield Asked(lab, base, made)


@pytest.mark.parametrize(
    "address",
    [
        "/exports/{id}",
        "/exports/{id}/file?path=table.csv",
        "/api/v1/exports/{id}",
        "/api/v1/exports/{id}/comments",
        "/api/v1/exports/{id}/canonical?path=table.csv",
    ],
)
def test_who_votes_by_name_is_not_told_what_they_have_no_say_in_from_what_is_not_there(
    delegated: Asked, address: str
) -> None:
    """What was released without their vote is hidden from them again, while what waits for it is theirs to see."""
    released, waiting = (address.replace("{id}", delegated.made[each]) for each in ("released", "request"))
    there, not_there = delegated.both("clerk", "GET", address.partition("?")[0], released)
    assert there.status == HIDDEN
    assert there == not_there
    seen = delegated.told("clerk", "GET", waiting, delegated.made["request"])
    assert (seen.status, seen.questions > there.questions) == (200, True)


def test_every_page_is_asked() -> None:
    assert {page.path for page in PAGES} == set(PAGE_MATRIX)
