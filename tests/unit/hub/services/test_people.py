"""Facts about people, organisations and who comes in."""

from __future__ import annotations

import pytest

from hub.domain.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from hub.domain.people import Role
from hub.services import datasets, exports, people, projects, runs
from hub.services.lab import Lab
from hub.services.workspaces import open_workspace


def last_event(lab: Lab) -> tuple[str, str]:
    with lab.store.read() as reading:
        entry = reading.last_audit_entry()
    assert entry is not None
    return entry.event.name, entry.event.actor


def test_a_login_is_recorded_and_a_strangers_word_is_not_repeated(lab: Lab) -> None:
    assert people.log_in(lab, "scientist")
    assert last_event(lab) == ("lab:login:accept", "scientist")
    assert not people.log_in(lab, "my password")
    assert last_event(lab) == ("lab:login:refuse", "stranger")


def test_there_is_one_first_administrator(lab: Lab) -> None:
    assert not people.make_first_administrator(lab, "administrator", "lab-office", "Lab office")
    with pytest.raises(ConflictError):
        people.make_first_administrator(lab, "another", "lab-office", "Lab office")


@pytest.mark.parametrize("actor", ["scientist", "health-steward", "auditor"])
def test_only_an_administrator_manages_people(lab: Lab, actor: str) -> None:
    with pytest.raises(RefusedError):
        people.add_person(lab, actor, "newcomer", "N", "lab-office", (Role.RESEARCHER,))
    with pytest.raises(RefusedError):
        people.add_organisation(lab, actor, "new-office", "New")


def test_an_administrator_holds_no_other_role(lab: Lab) -> None:
    with pytest.raises(InvalidError, match="no other role"):
        people.add_person(lab, "administrator", "newcomer", "N", "lab-office", (Role.ADMINISTRATOR, Role.STEWARD))


def test_an_administrator_sees_no_data_and_decides_nothing(lab: Lab) -> None:
    assert datasets.datasets(lab, "administrator") == []
    assert exports.requests(lab, "administrator") == []
    with pytest.raises(RefusedError):
        open_workspace(lab, "administrator", "wages")
    with pytest.raises(NotFoundError):
        projects.add_member(lab, "scientist", "wages", "administrator")


@pytest.mark.parametrize("name", ["", "Upper", "under_score", "-x", "x-", "a--b", "a" * 41, "é", "x\n", "../x"])
def test_a_name_is_plain(lab: Lab, name: str) -> None:
    with pytest.raises(InvalidError):
        people.add_organisation(lab, "administrator", name, "Title")


def test_a_stranger_is_refused_everywhere(lab: Lab) -> None:
    for act in (people.whoami, people.organisations, projects.projects, runs.runs, exports.requests):
        with pytest.raises(RefusedError, match="does not know you"):
            act(lab, "nobody")


def test_only_the_lead_changes_members(lab: Lab) -> None:
    for actor in ("researcher", "administrator", "health-steward"):
        with pytest.raises(RefusedError):
            projects.add_member(lab, actor, "wages", "outsider")
