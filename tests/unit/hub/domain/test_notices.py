"""Whom a change tells, and how long a message is tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.domain.audit import event
from hub.domain.ballots import Decision, Vote
from hub.domain.exports import STEPS, ExportFile, ExportRequest, ExportState
from hub.domain.notices import (
    AUTHOR_READS,
    LONGEST_PAUSE,
    Box,
    Channel,
    Message,
    NoticeKind,
    is_due,
    is_too_old,
    request_tells,
    try_later,
    without_actor,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
REQUEST = ExportRequest("export-1", "care", "author", "run-1", "context", NOW, {}, (ExportFile("t.csv"),))
MESSAGE = Message("message-1", Channel.MAIL, "a", None, NoticeKind.FROZEN, "care", "freezes", "", NOW, NOW)


def test_every_state_has_a_row() -> None:
    assert set(AUTHOR_READS) == set(ExportState) == {*STEPS.values(), ExportState.DRAFT}


def told(act: str, state: ExportState, actor: str = "steward") -> list[tuple[NoticeKind, tuple[str, ...]]]:
    happened = event(f"export:request:{act}", actor, REQUEST.id)
    found = without_actor(request_tells(happened, replace(REQUEST, state=state, claimed_by="steward")), actor)
    return [(t.kind, t.people) for t in found]


@pytest.mark.parametrize(
    ("act", "state", "kind"),
    [
        ("block", ExportState.BLOCKED, NoticeKind.EXPORT_BLOCKED),
        ("fail", ExportState.FAILED, NoticeKind.EXPORT_FAILED),
        ("review", ExportState.IN_REVIEW, NoticeKind.EXPORT_IN_REVIEW),
        ("vote", ExportState.RETURNED, NoticeKind.EXPORT_RETURNED),
        ("reject", ExportState.REJECTED, NoticeKind.EXPORT_REJECTED),
        ("recheck", ExportState.RECHECKING, NoticeKind.EXPORT_RECHECKED),
        ("release", ExportState.RELEASED, NoticeKind.EXPORT_RELEASED),
        ("revoke", ExportState.REVOKED, NoticeKind.EXPORT_REVOKED),
        ("split", ExportState.CHECKING, NoticeKind.EXPORT_SPLIT),
    ],
)
def test_its_author_is_told_of_what_others_did_to_a_request(act: str, state: ExportState, kind: NoticeKind) -> None:
    assert told(act, state) == [(kind, ("author",))]


@pytest.mark.parametrize("act", ["create", "submit", "claim", "vote"])
def test_what_changes_no_state_tells_nobody(act: str) -> None:
    assert told(act, ExportState.IN_REVIEW) == []


def test_a_vote_on_the_way_tells_nobody_how_somebody_voted() -> None:
    vote = Vote("steward", "t.csv", "c", "p", Decision.APPROVE, "", NOW)
    voted = replace(REQUEST, state=ExportState.IN_REVIEW, votes=(vote,))
    assert request_tells(event("export:request:vote", "steward", REQUEST.id), voted) == []


def test_what_waits_goes_to_the_stewards_box() -> None:
    checked = replace(REQUEST, state=ExportState.SUBMITTED)
    found = request_tells(event("export:request:pass", "worker", REQUEST.id), checked)
    assert [(t.kind, t.people, t.boxes) for t in found] == [
        (NoticeKind.EXPORT_CHECKED, ("author",), ()),
        (NoticeKind.EXPORT_WAITS, (), (Box.STEWARDS,)),
    ]


def test_nobody_is_told_of_what_they_did_themselves() -> None:
    assert told("split", ExportState.CHECKING, actor="author") == []
    assert told("withdraw", ExportState.WITHDRAWN, actor="author") == [(NoticeKind.EXPORT_WITHDRAWN, ("steward",))]


def test_pauses_grow_to_an_hour_and_no_further() -> None:
    message, now, pauses = MESSAGE, NOW, []
    for _ in range(12):
        message = try_later(message, "mail-down", now)
        pauses.append((message.due - now).total_seconds() / 60)
        now = message.due
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]


def test_a_clock_that_was_set_back_keeps_no_message_waiting_longer_than_a_pause() -> None:
    later = replace(MESSAGE, due=NOW + timedelta(minutes=5))
    assert not is_due(later, NOW)
    assert is_due(later, NOW + timedelta(minutes=5))
    assert is_due(later, NOW - LONGEST_PAUSE)


def test_a_message_is_too_old_after_a_day() -> None:
    assert not is_too_old(MESSAGE, NOW + timedelta(hours=23, minutes=59))
    assert is_too_old(MESSAGE, NOW + timedelta(days=1))
