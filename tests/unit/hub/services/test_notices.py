"""Notices through the use cases: who is told of what, and what a message holds."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from doubles.lab import SteppingClock
from doubles.people import (
    approved_request,
    cast_vote,
    checked_request,
    finished_run,
    play,
    registered_dataset,
    submitted_notebook,
)
from hub.domain.audit import event
from hub.domain.ballots import Decision
from hub.domain.comments import Audience
from hub.domain.errors import LabError, NotFoundError, RefusedError
from hub.domain.exports import ExportRequest
from hub.domain.notices import Message, Notice, NoticeKind
from hub.services import comments, exports, freezes, grants, notebooks, notices, projects, queue, releases, votes
from hub.services.lab import Lab
from hub.services.ports import pages

K = NoticeKind


@pytest.fixture
def request_(lab: Lab) -> ExportRequest:
    play(lab)
    registered_dataset(lab)
    return checked_request(lab)


def kinds(lab: Lab, who: str) -> list[NoticeKind]:
    return [n.kind for n in notices.notices(lab, who, unread=True)]


def cleared(lab: Lab) -> None:
    for who in ("researcher", "scientist", "health-steward", "jobs-steward", "transport-steward"):
        notices.read_all(lab, who)


def test_an_author_reads_of_every_step_from_the_gate_to_the_release(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)
    request = approved_request(lab)
    releases.release(lab, "health-steward", request.id)
    releases.revoke(lab, "health-steward", request.id, "a mistake in it")
    told = [n for n in notices.notices(lab, "researcher") if n.subject == request.id]
    assert [n.kind for n in told[::-1]] == [
        K.EXPORT_CHECKED, K.EXPORT_APPROVED, K.EXPORT_RELEASED, K.EXPORT_REVOKED,
    ]  # fmt: skip
    assert {(n.project, n.place) for n in told} == {("wages", "exports")}


def test_a_return_a_rejection_and_a_question_reach_the_author(lab: Lab, request_: ExportRequest) -> None:
    cleared(lab)
    comments.add_comment(lab, "health-steward", request_.id, "Which year is it?", Audience.PROJECT)
    cast_vote(lab, "health-steward", request_, Decision.CHANGES)
    assert kinds(lab, "researcher") == [K.EXPORT_RETURNED, K.EXPORT_QUESTION]
    comments.add_comment(lab, "researcher", request_.id, "All of them", Audience.PROJECT)
    assert kinds(lab, "health-steward") == [K.EXPORT_COMMENT]
    other = checked_request(lab)
    exports.request(lab, "jobs-steward", other.id)
    assert kinds(lab, "researcher")[0] is K.EXPORT_IN_REVIEW
    votes.reject_request(lab, "jobs-steward", other.id, "not for this purpose")
    assert kinds(lab, "researcher")[0] is K.EXPORT_REJECTED


def test_what_stewards_say_among_themselves_is_told_to_no_author(lab: Lab, request_: ExportRequest) -> None:
    cleared(lab)
    queue.claim_request(lab, "health-steward", request_.id)
    comments.add_comment(lab, "jobs-steward", request_.id, "I know this one", Audience.STEWARDS)
    assert (kinds(lab, "researcher"), kinds(lab, "health-steward")) == ([], [K.EXPORT_COMMENT])


def test_a_claim_that_ran_out_is_given_back_and_told_once(lab: Lab, request_: ExportRequest) -> None:
    queue.claim_request(lab, "health-steward", request_.id)
    notices.end_claims(lab)
    assert kinds(lab, "health-steward") == []
    assert isinstance(lab.clock, SteppingClock)
    lab.clock.wait(lab.settings.review.claim_seconds)
    for _ in range(2):
        notices.end_claims(lab)
    assert kinds(lab, "health-steward") == [K.CLAIM_ENDED]
    seen = exports.request(lab, "auditor", request_.id)
    assert (seen.claimed_by, seen.claimed, seen.files, seen.state) == ("", None, request_.files, request_.state)


def test_a_freeze_is_told_to_whom_it_concerns(lab: Lab) -> None:
    mine = freezes.freeze(lab, "jobs-steward", "wages", "a suspicion")
    assert kinds(lab, "scientist") == kinds(lab, "researcher") == [K.FROZEN]
    assert kinds(lab, "outsider") == kinds(lab, "health-steward") == []
    freezes.lift_freeze(lab, "jobs-steward", mine.id, "it was nothing")
    freezes.freeze(lab, "jobs-steward", "", "another one")
    assert kinds(lab, "scientist") == [K.FROZEN, K.THAWED, K.FROZEN]
    assert kinds(lab, "outsider") == kinds(lab, "health-steward") == [K.FROZEN]
    assert kinds(lab, "jobs-steward") == []


def test_decisions_on_notebooks_and_datasets_are_told(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)
    refused = submitted_notebook(lab)
    notebooks.decide(lab, "jobs-steward", refused.id, approve=False, reason="not now", parameters=None)
    finished_run(lab)
    grants.withdraw_grant(lab, "jobs-steward", "wages", "jobs", "its purpose is over")
    assert kinds(lab, "scientist") == [
        K.DATASET_WITHDRAWN, K.NOTEBOOK_APPROVED, K.NOTEBOOK_REFUSED, K.DATASET_GRANTED,
    ]  # fmt: skip


def test_who_left_the_project_is_told_nothing_of_it(lab: Lab, request_: ExportRequest) -> None:
    exports.request(lab, "jobs-steward", request_.id)
    cleared(lab)
    projects.remove_member(lab, "scientist", "wages", "researcher")
    votes.reject_request(lab, "jobs-steward", request_.id, "not for this purpose")
    assert kinds(lab, "researcher") == []


def test_a_change_that_is_not_saved_tells_nobody(lab: Lab, request_: ExportRequest) -> None:
    cleared(lab)

    def torn() -> None:
        with lab.store.begin() as records:
            records.save(request_, event("export:request:reject", "health-steward", request_.id, "wages"))
            assert records.find(Notice, person="researcher", read=None)
            raise RuntimeError("torn")

    with pytest.raises(RuntimeError, match="torn"):
        torn()
    assert kinds(lab, "researcher") == []


def test_only_its_person_reads_and_ticks_a_notice_and_the_log_says_when(lab: Lab, request_: ExportRequest) -> None:
    mine = notices.notices(lab, "researcher")[0]
    for other in ("scientist", "health-steward", "administrator", "auditor"):
        assert mine.id not in [n.id for n in notices.notices(lab, other)]
        with pytest.raises(NotFoundError):
            notices.read_notice(lab, other, mine.id)
    with pytest.raises(RefusedError):
        notices.read_all(lab, "nobody")
    before = notices.unread_count(lab, "researcher")
    first = notices.read_notice(lab, "researcher", mine.id)
    assert notices.read_notice(lab, "researcher", mine.id) == first
    assert notices.unread_count(lab, "researcher") == before - 1
    assert len(notices.read_all(lab, "researcher")) == before - 1
    assert (notices.unread_count(lab, "researcher"), notices.read_all(lab, "researcher")) == (0, [])
    with lab.store.read() as reading:
        ticked = [e.event.actor for e in pages(reading) if e.event.name == "lab:notice:read"]
    assert ticked == ["researcher"] * before


def test_without_a_channel_no_message_is_kept(lab: Lab, request_: ExportRequest) -> None:
    with lab.store.read() as reading:
        assert reading.find(Message) == []
        assert reading.find(Notice)


def test_a_notice_says_nothing_of_what_is_in_a_request(lab: Lab, request_: ExportRequest) -> None:
    hostile = replace(request_, reason="Zebedee 42", context="Zebedee 42 in a context")
    with lab.store.begin() as records:
        records.save(hostile, event("export:request:fail", "worker", hostile.id, "wages"))
    told = notices.notices(lab, "researcher")[0]
    assert told.subject == hostile.id
    assert "Zebedee" not in str(asdict(told))
    assert "table.csv" not in str(asdict(told))


def test_a_person_without_a_record_is_refused(lab: Lab) -> None:
    with pytest.raises(LabError):
        notices.notices(lab, "nobody")
