"""Facts about comments: who writes and reads them, and what takes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from hub.domain.comments import (
    LONGEST_COMMENT,
    MOST_COMMENTS,
    OPEN,
    Audience,
    Place,
    canonical_at,
    check_can_comment,
    check_room,
    check_takes_comments,
    check_text,
    reads_stewards_comments,
)
from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.exports import ExportFile, ExportRequest, ExportState
from hub.domain.freezes import Freeze
from hub.domain.people import Person, Role
from hub.domain.projects import Project

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FILES = (ExportFile("one.csv", canonical="a" * 64), ExportFile("two.csv"))
REQUEST = ExportRequest("export-1", "care", "author", "run-1", "context", NOW, {}, FILES, ExportState.IN_REVIEW)
PROJECT = Project("care", "Care", "p", "lead", date(2026, 1, 1), date(2026, 12, 31), 1, ("author",), ("former",))


def person(name: str, *roles: Role) -> Person:
    return Person(name, name, "office", roles)


@pytest.mark.parametrize(
    ("who", "stewards", "project"),
    [
        (person("steward", Role.STEWARD), True, True),
        (person("author", Role.RESEARCHER, Role.STEWARD), False, True),
        (person("lead", Role.STEWARD), False, False),
        (person("former", Role.STEWARD), False, False),
        (person("auditor", Role.AUDITOR), False, False),
        (person("administrator", Role.ADMINISTRATOR), False, False),
    ],
)
def test_who_may_review_comments_for_both_and_the_author_for_the_project(
    who: Person, stewards: bool, project: bool
) -> None:
    for audience, may in ((Audience.STEWARDS, stewards), (Audience.PROJECT, project)):
        if may:
            check_can_comment(who, REQUEST, PROJECT, audience)
        else:
            with pytest.raises(RefusedError):
                check_can_comment(who, REQUEST, PROJECT, audience)


def test_stewards_and_auditors_outside_the_project_read_what_stewards_say() -> None:
    for role in (Role.STEWARD, Role.AUDITOR):
        assert reads_stewards_comments(person("outside", role), REQUEST, PROJECT)
        for name in ("author", "lead", "former"):
            assert not reads_stewards_comments(person(name, role), REQUEST, PROJECT)
    for role in (Role.RESEARCHER, Role.APPROVER, Role.ADMINISTRATOR):
        assert not reads_stewards_comments(person("outside", role), REQUEST, PROJECT)


@pytest.mark.parametrize("state", ExportState)
def test_a_request_that_has_ended_or_was_never_sent_takes_none(state: ExportState) -> None:
    request = replace(REQUEST, state=state)
    if state in OPEN:
        check_takes_comments(request, [])
        return
    with pytest.raises(ConflictError) as refused:
        check_takes_comments(request, [])
    assert refused.value.reason == "no-comments"


@pytest.mark.parametrize("frozen", ["", "care"])
def test_a_frozen_request_takes_none(frozen: str) -> None:
    other = Freeze("freeze-2", "mobility", "why it is", "steward", NOW)
    check_takes_comments(REQUEST, [other])
    with pytest.raises(ConflictError) as refused:
        check_takes_comments(REQUEST, [other, Freeze("freeze-1", frozen, "why it is", "steward", NOW)])
    assert refused.value.reason == "frozen"


def test_a_comment_says_something_and_not_too_much() -> None:
    assert check_text("  Which year?\n") == "Which year?"
    assert len(check_text("x" * LONGEST_COMMENT)) == LONGEST_COMMENT
    for text, reason in (("", "comment-empty"), (" \n\t ", "comment-empty"), ("x" * 2001, "comment-long")):
        with pytest.raises(InvalidError) as refused:
            check_text(text)
        assert refused.value.reason == reason


def test_a_comment_is_on_something_that_the_request_has() -> None:
    assert canonical_at(REQUEST, Place()) == canonical_at(REQUEST, Place("two.csv")) == ""
    assert canonical_at(REQUEST, Place("one.csv", 3, 2)) == "a" * 64
    for place in (
        Place("none.csv"),
        Place("", 1, 1),
        Place("one.csv", 1),
        Place("one.csv", 0, 1),
        Place("one.csv", -1),
    ):
        with pytest.raises(InvalidError):
            canonical_at(REQUEST, place)


def test_a_request_takes_a_bounded_number() -> None:
    check_room(MOST_COMMENTS - 1)
    with pytest.raises(ConflictError, match="no more"):
        check_room(MOST_COMMENTS)
