"""Splitting a request through the use cases: the gate judges both halves, and each needs its own votes."""

from __future__ import annotations

import pytest

from doubles.people import CONTEXT, cast_vote, finished_run, play, registered_dataset, submit, work_off
from doubles.sandbox import GoodPrograms
from hub.domain.ballots import Decision
from hub.domain.errors import ConflictError, InvalidError, LabError, NotFoundError, RefusedError
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.table_context import TableContext
from hub.services import exports, grants, projects, queue, releases
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.splits import split

WHY = "This one needs another look"


@pytest.fixture
def programs(lab: Lab) -> GoodPrograms:
    played = play(lab)
    played.outputs = {name: f"{name}\n1980,545\n".encode() for name in ("a.csv", "b.csv", "c.csv")}
    registered_dataset(lab)
    return played


@pytest.fixture
def request_(lab: Lab, programs: GoodPrograms) -> ExportRequest:
    files = {name: TableContext("jobs", ("year",), "", "count") for name in programs.outputs}
    source = finished_run(lab).id
    made = exports.create_request(lab, "researcher", "wages", source=source, files=files, context=CONTEXT)
    submit(lab, "researcher", made.id)
    work_off(lab)
    return exports.request(lab, "health-steward", made.id)


def now(lab: Lab, request: ExportRequest) -> ExportRequest:
    return exports.request(lab, "auditor", request.id)


def test_the_gate_judges_both_halves_as_sets_of_their_own(
    lab: Lab, programs: GoodPrograms, request_: ExportRequest
) -> None:
    rest, part = split(lab, "researcher", request_.id, ["b.csv"])
    asked: list[list[str]] = []
    beside: list[list[str]] = []
    real = programs.check

    def note(body: dict[str, object]) -> None:
        real(body)
        asked.append([f["path"] for f in programs.asked["files"] if not f["other"]])
        beside.append([f["path"] for f in programs.asked["files"] if f["other"]])

    programs.check = note  # type: ignore[method-assign]
    work_off(lab)
    assert sorted(asked) == [["a.csv", "c.csv"], ["b.csv"]]
    # What small parts tell adds up over both halves.
    assert sorted(beside) == sorted(
        [[f"under-way/{half.id}/{name}.csv" for name in names] for half, names in ((part, "b"), (rest, "ac"))]
    )
    rest, part = now(lab, rest), now(lab, part)
    assert (rest.state, part.state) == (ExportState.SUBMITTED, ExportState.SUBMITTED)
    assert all(f.canonical for half in (rest, part) for f in half.files)
    assert (rest.split_into, part.split_from) == ((part.id,), rest.id)
    assert [f.sha256 for f in part.files] == [f.sha256 for f in request_.files if f.path == "b.csv"]


def test_votes_of_before_count_for_neither_half(lab: Lab, request_: ExportRequest) -> None:
    cast_vote(lab, "health-steward", request_)
    rest, part = split(lab, "researcher", request_.id, ["b.csv"])
    work_off(lab)
    for half in (rest, part):
        with pytest.raises(RefusedError):
            releases.release(lab, "jobs-steward", half.id)
        checked = now(lab, half)
        assert checked.votes == ()
        assert cast_vote(lab, "jobs-steward", checked).state is ExportState.IN_REVIEW
        assert cast_vote(lab, "transport-steward", checked).state is ExportState.APPROVED
    made = releases.release(lab, "jobs-steward", part.id)
    assert [f.name for f in made.files] == ["b.csv"]


def test_one_half_leaves_while_the_other_one_is_returned(lab: Lab, request_: ExportRequest) -> None:
    cast_vote(lab, "health-steward", request_, Decision.CHANGES)
    rest, part = split(lab, "health-steward", request_.id, ["b.csv"], WHY)
    assert (rest.reason, part.reason, part.author) == (WHY, WHY, "researcher")
    work_off(lab)
    assert cast_vote(lab, "jobs-steward", now(lab, part), Decision.CHANGES).state is ExportState.RETURNED
    for who in ("health-steward", "jobs-steward"):
        cast_vote(lab, who, now(lab, rest))
    assert [f.name for f in releases.release(lab, "jobs-steward", rest.id).files] == ["a.csv", "c.csv"]
    with pytest.raises(RefusedError):
        releases.release(lab, "jobs-steward", part.id)


def test_what_the_gate_blocks_is_not_let_through_by_splitting(
    lab: Lab, programs: GoodPrograms, request_: ExportRequest
) -> None:
    block = {"check": "dominance", "severity": "block", "place": "x", "sentence": "One unit holds most."}
    programs.findings = [block]
    _, part = split(lab, "researcher", request_.id, ["b.csv"])
    work_off(lab)
    assert now(lab, request_).state is now(lab, part).state is ExportState.BLOCKED
    programs.findings = []
    _, second = split(lab, "researcher", request_.id, ["c.csv"])
    work_off(lab)
    assert (now(lab, second).state, now(lab, part).state) == (ExportState.SUBMITTED, ExportState.BLOCKED)


def test_both_ways_stand_in_the_audit_log(lab: Lab, request_: ExportRequest) -> None:
    rest, part = split(lab, "health-steward", request_.id, ["b.csv"], WHY)
    with lab.store.read() as reading:
        told = [e.event for e in pages(reading) if e.event.name.startswith("export:request:split")]
    assert [(e.name, e.actor, e.subject, dict(e.details)["other"]) for e in told] == [
        ("export:request:split", "health-steward", rest.id, part.id),
        ("export:request:split_from", "health-steward", part.id, rest.id),
    ]


@pytest.mark.parametrize("who", ["scientist", "outsider", "auditor", "administrator"])
def test_nobody_else_splits(lab: Lab, request_: ExportRequest, who: str) -> None:
    with pytest.raises((RefusedError, NotFoundError)):
        split(lab, who, request_.id, ["b.csv"], WHY)
    assert now(lab, request_) == request_


def test_a_steward_says_why_and_waits_for_who_has_claimed_it(lab: Lab, request_: ExportRequest) -> None:
    with pytest.raises(InvalidError):
        split(lab, "health-steward", request_.id, ["b.csv"])
    queue.claim_request(lab, "jobs-steward", request_.id)
    with pytest.raises(ConflictError) as refused:
        split(lab, "health-steward", request_.id, ["b.csv"], WHY)
    assert refused.value.reason == "claimed"
    rest, _ = split(lab, "jobs-steward", request_.id, ["b.csv"], WHY)
    assert rest.claimed_by == ""


def test_who_saw_an_earlier_submission_splits_nothing(lab: Lab, request_: ExportRequest) -> None:
    split(lab, "researcher", request_.id, ["b.csv"])
    work_off(lab)
    with pytest.raises(ConflictError) as refused:
        split(lab, "researcher", request_.id, ["c.csv"], turn=1)
    assert refused.value.reason == "vote-stale"


def test_what_may_no_longer_be_used_is_not_split(lab: Lab, request_: ExportRequest) -> None:
    grants.withdraw_grant(lab, "jobs-steward", "wages", "jobs", "The contract is over")
    with pytest.raises(LabError):
        split(lab, "researcher", request_.id, ["b.csv"])
    assert now(lab, request_) == request_


def test_an_author_who_left_the_project_splits_nothing(lab: Lab, request_: ExportRequest) -> None:
    projects.remove_member(lab, "scientist", "wages", "researcher")
    with pytest.raises(LabError):
        split(lab, "researcher", request_.id, ["b.csv"])
