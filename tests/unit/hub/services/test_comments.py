"""Comments through the use cases."""

from __future__ import annotations

import pytest

from doubles.people import cast_vote, checked_request, play, registered_dataset
from hub.domain.ballots import Decision
from hub.domain.comments import Audience, Comment, Place
from hub.domain.errors import ConflictError, InvalidError, LabError, NotFoundError, RefusedError
from hub.domain.exports import ExportRequest
from hub.services import exports, freezes, projects
from hub.services.comments import add_comment, comments
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.request_looks import look_at_request

STEWARDS, PROJECT = Audience.STEWARDS, Audience.PROJECT
SECRET = "Row three is Zebedee"
CELL = Place("table.csv", 3, 2)


@pytest.fixture
def request_(lab: Lab) -> ExportRequest:
    play(lab)
    registered_dataset(lab)
    return checked_request(lab)


def texts(lab: Lab, who: str, identifier: str) -> list[str]:
    return [c.text for c in comments(lab, who, identifier)]


def events(lab: Lab, name: str) -> list[dict[str, str]]:
    with lab.store.read() as reading:
        return [dict(e.event.details) for e in pages(reading) if e.event.name == name]


def test_what_is_for_the_stewards_is_hidden_from_the_project(lab: Lab, request_: ExportRequest) -> None:
    add_comment(lab, "health-steward", request_.id, SECRET, STEWARDS, CELL)
    add_comment(lab, "jobs-steward", request_.id, "Which year?", PROJECT)
    add_comment(lab, "researcher", request_.id, "All of them", PROJECT)
    for who in ("health-steward", "transport-steward", "auditor"):
        assert texts(lab, who, request_.id) == [SECRET, "Which year?", "All of them"]
    for who in ("researcher", "scientist"):
        assert texts(lab, who, request_.id) == ["Which year?", "All of them"]
    for who in ("outsider", "administrator"):
        with pytest.raises(NotFoundError):
            comments(lab, who, request_.id)


def test_a_steward_who_joins_the_project_no_longer_reads_what_stewards_say(lab: Lab, request_: ExportRequest) -> None:
    add_comment(lab, "health-steward", request_.id, SECRET, STEWARDS)
    projects.add_member(lab, "scientist", "wages", "health-steward")
    assert texts(lab, "health-steward", request_.id) == []
    projects.remove_member(lab, "scientist", "wages", "health-steward")
    assert texts(lab, "health-steward", request_.id) == []


def test_a_comment_keeps_its_turn_its_place_and_the_bytes(lab: Lab, request_: ExportRequest) -> None:
    add_comment(lab, "health-steward", request_.id, "Look here", STEWARDS, CELL)
    said = comments(lab, "auditor", request_.id)[0]
    assert (said.turn, said.path, said.row, said.column) == (1, "table.csv", 3, 2)
    assert said.canonical == request_.files[0].canonical != ""


def test_the_audit_log_knows_who_and_where_but_not_what(lab: Lab, request_: ExportRequest) -> None:
    said = add_comment(lab, "health-steward", request_.id, SECRET, STEWARDS, CELL)
    comments(lab, "auditor", request_.id)
    assert events(lab, "export:comment:add") == [
        {"comment": said.id, "for": "stewards", "turn": "1", "path": "table.csv", "row": "3", "column": "2"}
    ]
    assert events(lab, "export:comment:view") == [{"comments": "1"}]
    with lab.store.read() as reading:
        assert "Zebedee" not in "".join(map(repr, pages(reading)))


@pytest.mark.parametrize("who", ["outsider", "scientist", "auditor", "administrator", "approver", "nobody"])
def test_nobody_else_comments(lab: Lab, request_: ExportRequest, who: str) -> None:
    for audience in Audience:
        with pytest.raises((RefusedError, NotFoundError)):
            add_comment(lab, who, request_.id, "A word", audience)
    assert texts(lab, "health-steward", request_.id) == []


def test_the_author_says_nothing_among_stewards(lab: Lab, request_: ExportRequest) -> None:
    with pytest.raises(RefusedError, match="for the project"):
        add_comment(lab, "researcher", request_.id, "A word", STEWARDS)


def test_an_author_who_left_the_project_comments_no_more(lab: Lab, request_: ExportRequest) -> None:
    projects.remove_member(lab, "scientist", "wages", "researcher")
    with pytest.raises(LabError):
        add_comment(lab, "researcher", request_.id, "A word", PROJECT)


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 2001])
def test_what_is_empty_or_too_long_is_not_kept(lab: Lab, request_: ExportRequest, text: str) -> None:
    with pytest.raises(InvalidError):
        add_comment(lab, "health-steward", request_.id, text, STEWARDS)
    assert texts(lab, "health-steward", request_.id) == []
    assert events(lab, "export:comment:add") == []


def test_a_frozen_and_an_ended_request_take_none(lab: Lab, request_: ExportRequest) -> None:
    for project in ("wages", ""):
        begun = freezes.freeze(lab, "jobs-steward", project, "A suspicion")
        with pytest.raises(ConflictError) as refused:
            add_comment(lab, "health-steward", request_.id, "A word", STEWARDS)
        assert refused.value.reason == "frozen"
        freezes.lift_freeze(lab, "health-steward", begun.id, "It was nothing")
    cast_vote(lab, "health-steward", request_, Decision.CHANGES)
    add_comment(lab, "health-steward", request_.id, "In the returned one", PROJECT)
    exports.withdraw_request(lab, "researcher", request_.id)
    for who in ("health-steward", "researcher"):
        with pytest.raises(ConflictError) as refused:
            add_comment(lab, who, request_.id, "A word", PROJECT)
        assert refused.value.reason == "no-comments"
    assert texts(lab, "researcher", request_.id) == ["In the returned one"]


def test_a_page_is_told_whom_the_person_may_write_for(lab: Lab, request_: ExportRequest) -> None:
    for who, audiences in (("health-steward", [STEWARDS, PROJECT]), ("researcher", [PROJECT])):
        looked = look_at_request(lab, who, request_.id, lambda _: ())
        assert (looked.audiences, looked.comment_rule) == (audiences, None)
    looked = look_at_request(lab, "auditor", request_.id, lambda _: ())
    assert looked.audiences == []
    assert looked.comment_rule is not None
    assert looked.comment_rule.reason == "not-a-steward"


def test_a_comment_stays_what_it_was(lab: Lab, request_: ExportRequest) -> None:
    """A second one of the same words is another; no use case saves one twice."""
    first = add_comment(lab, "health-steward", request_.id, "Look here", STEWARDS)
    second = add_comment(lab, "health-steward", request_.id, "Look here", STEWARDS)
    assert first.id != second.id
    with lab.store.read() as reading:
        assert reading.find(Comment, request=request_.id) == [first, second]
