"""Facts about how long a workspace may stay, and how many a project may have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.domain.errors import ConflictError, UnavailableError
from hub.domain.workspaces import (
    EndReason,
    Workspace,
    WorkspaceState,
    check_allowance,
    due_end,
    end_workspace,
    reopen,
)

OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FRESH = Workspace("0" * 16, "scientist", "care", OPENED + timedelta(hours=5))
OPEN = replace(FRESH, opened=OPENED, turn=3)


def after(**passed: float) -> datetime:
    return OPENED + timedelta(**passed)


@pytest.mark.parametrize(
    ("active", "now", "why"),
    [
        (after(minutes=50), after(minutes=59), None),
        (after(minutes=0), after(minutes=59, seconds=59), None),
        (after(minutes=0), after(minutes=60), EndReason.IDLE),
        (after(minutes=-500), after(minutes=59), None),  # used last before it was opened: the opening counts
        (after(hours=11, minutes=59), after(hours=12), EndReason.LIFETIME),
        (after(hours=99), after(hours=11), None),  # whoever claims use in the future gains no more than now
        (after(hours=99), after(hours=12), EndReason.LIFETIME),
    ],
)
def test_a_workspace_ends_when_it_is_idle_or_old_whatever_it_says(
    active: datetime, now: datetime, why: EndReason | None
) -> None:
    assert due_end(OPENED, active, now, idle=3600, lifetime=12 * 3600) is why


def test_a_project_has_at_most_so_many_open() -> None:
    check_allowance("care", 4, 5)
    with pytest.raises(ConflictError, match="has 5 workspaces open, and may have 5"):
        check_allowance("care", 5, 5)


def test_one_that_is_open_and_opened_again_keeps_its_time_and_counts_its_turns() -> None:
    assert reopen(None, FRESH) == FRESH
    again = reopen(OPEN, FRESH)
    assert (again.opened, again.turn, again.state) == (OPENED, 4, WorkspaceState.OPEN)


def test_one_that_had_ended_begins_anew() -> None:
    ended = end_workspace(OPEN, WorkspaceState.CLOSED, EndReason.IDLE, after(hours=1))
    assert (ended.ended, ended.reason) == (after(hours=1), "idle")
    again = reopen(ended, FRESH)
    assert (again.opened, again.turn, again.ended, again.reason) == (FRESH.opened, 4, None, "")


def test_what_is_being_cleared_away_is_not_opened() -> None:
    clearing = end_workspace(OPEN, WorkspaceState.CLEARING, EndReason.LEFT_BEHIND, after(hours=1))
    with pytest.raises(UnavailableError, match="try again in a minute"):
        reopen(clearing, FRESH)
