"""Members come and go; a project forgets none of them."""

from __future__ import annotations

from datetime import date

from hub.domain.people import Person, Role
from hub.domain.projects import Project, is_member, was_ever_member, with_member, without_member

PROJECT = Project("care", "Care", "purpose", "lead", date(2026, 1, 1), date(2026, 12, 31), 200000, ("researcher",))
RESEARCHER = Person("researcher", "Researcher", "health-observatory", (Role.RESEARCHER,))


def test_who_left_is_no_member_and_not_forgotten() -> None:
    left = without_member(PROJECT, "researcher")
    assert not is_member(RESEARCHER, left)
    assert was_ever_member(RESEARCHER, left)
    assert was_ever_member(RESEARCHER, without_member(with_member(left, "researcher"), "researcher"))


def test_taking_out_somebody_who_is_no_member_changes_nothing() -> None:
    assert without_member(PROJECT, "steward") == PROJECT
    assert without_member(PROJECT, "lead") == PROJECT


def test_members_stand_once_and_in_order() -> None:
    assert with_member(with_member(PROJECT, "a"), "researcher").members == ("a", "researcher")
