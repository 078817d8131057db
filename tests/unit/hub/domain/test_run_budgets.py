"""Facts about budgets of runs: what fits, and who grants more."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hub.domain.errors import RefusedError
from hub.domain.people import Person, Role
from hub.domain.projects import Project
from hub.domain.run_budgets import RunBudget, check_budget, check_can_grant_runs, same_month

PROJECT = Project("care", "Care", "Purpose", "ann", date(2026, 1, 1), date(2026, 12, 31), 200_000, former=("sue",))


@pytest.mark.parametrize(("asked", "started", "fits"), [(1, 9, True), (2, 9, False), (10, 0, True), (1, 10, False)])
def test_a_budget_is_used_up_and_never_overspent(asked: int, started: int, fits: bool) -> None:
    known = RunBudget("care", started, 10)
    if fits:
        check_budget(asked, known)
    else:
        with pytest.raises(RefusedError, match=f"has {10 - started} of its 10 runs left"):
            check_budget(asked, known)


def test_more_runs_than_the_budget_leave_none() -> None:
    assert RunBudget("care", 12, 10).left == 0


def test_a_month_is_a_calendar_month() -> None:
    last = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)
    assert same_month(last, datetime(2026, 3, 1, tzinfo=UTC))
    assert not same_month(last, datetime(2026, 4, 1, tzinfo=UTC))
    assert not same_month(last, datetime(2025, 3, 31, tzinfo=UTC))


@pytest.mark.parametrize(
    ("name", "roles", "reason"),
    [
        ("sue", (Role.STEWARD,), "member-of-project"),
        ("ann", (Role.STEWARD,), "member-of-project"),
        ("ada", (Role.STEWARD, Role.ADMINISTRATOR), "administrator"),
        ("bob", (Role.APPROVER,), ""),
    ],
)
def test_a_former_member_an_administrator_and_who_is_no_steward_grant_nothing(
    name: str, roles: tuple[Role, ...], reason: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        check_can_grant_runs(Person(name, name, "lab", roles), PROJECT)
    assert reason in ("", caught.value.reason)


def test_a_steward_from_outside_grants() -> None:
    check_can_grant_runs(Person("eva", "Eva", "lab", (Role.STEWARD,)), PROJECT)
