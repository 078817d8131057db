from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.errors import ConflictError, InvalidError, LabError, RefusedError
from hub.domain.freezes import (
    Freeze,
    check_can_freeze,
    check_can_lift,
    check_leaves,
    check_not_frozen_twice,
    lift,
)
from hub.domain.people import Person, Role
from hub.domain.projects import Project
from hub.domain.reasons import check_reason

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PROJECT = Project("care", "Care", "p", "lead", date(2026, 1, 1), date(2026, 12, 31), 1, ("member",), ("former",))
PROJECTS = st.sampled_from(["", "care", "mobility"])


def person(name: str, *roles: Role) -> Person:
    return Person(name, name.title(), "office", roles)


def frozen(project: str = "", why: str = "a suspicion") -> Freeze:
    return Freeze(f"freeze-{project}", project, why, "steward", NOW)


def refused(check: object) -> bool:
    try:
        check()  # type: ignore[operator]
    except LabError:
        return True
    return False


@given(in_force=st.lists(PROJECTS, max_size=4), project=st.sampled_from(["care", "mobility"]))
def test_something_leaves_exactly_where_neither_the_lab_nor_its_project_is_frozen(
    in_force: list[str], project: str
) -> None:
    held = refused(lambda: check_leaves(map(frozen, in_force), project))
    assert held == bool({"", project} & set(in_force))


@given(roles=st.sets(st.sampled_from(list(Role))))
def test_a_steward_freezes_and_lifts_and_nobody_who_administrates_does(roles: set[Role]) -> None:
    somebody = person("somebody", *roles)
    may = Role.STEWARD in roles and Role.ADMINISTRATOR not in roles
    assert refused(lambda: check_can_freeze(somebody)) != may
    assert refused(lambda: check_can_lift(somebody, PROJECT)) != may
    assert refused(lambda: check_can_lift(somebody, None)) != may


@pytest.mark.parametrize("name", ["lead", "member", "former"])
def test_whoever_worked_in_a_project_may_freeze_it_and_not_lift_its_freeze(name: str) -> None:
    steward = person(name, Role.STEWARD)
    check_can_freeze(steward)
    with pytest.raises(RefusedError, match="cannot lift its freeze"):
        check_can_lift(steward, PROJECT)


def test_a_freeze_is_lifted_once_and_says_by_whom_and_why() -> None:
    lifted = lift(frozen(), "other", "  it was nothing ", NOW)
    assert (lifted.lifted, lifted.lifted_by, lifted.lifted_reason) == (NOW, "other", "it was nothing")
    with pytest.raises(ConflictError, match="lifted already, by other"):
        lift(lifted, "third", "it was nothing", NOW)


@pytest.mark.parametrize("reason", ["", "    ", "why", " why \n"])
def test_neither_is_done_without_a_reason(reason: str) -> None:
    with pytest.raises(InvalidError):
        check_reason(reason)
    with pytest.raises(InvalidError):
        lift(frozen(), "other", reason, NOW)


def test_what_is_frozen_is_not_frozen_again_and_a_project_is_beside_the_lab() -> None:
    with pytest.raises(ConflictError, match="by steward: a suspicion"):
        check_not_frozen_twice([frozen("care")], "care")
    check_not_frozen_twice([frozen("")], "care")
    check_not_frozen_twice([frozen("care")], "")
