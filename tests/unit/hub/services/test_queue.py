"""The queue and its claims through the use cases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from doubles.lab import SteppingClock
from doubles.people import approved_request, cast_vote, checked_request, play, registered_dataset, submit, work_off
from doubles.sandbox import GoodPrograms
from hub.domain import queue as rules
from hub.domain.ballots import Decision
from hub.domain.errors import ConflictError, NotFoundError, RefusedError
from hub.domain.exports import ExportState, Severity
from hub.domain.queue import ServiceLevel, Show
from hub.services import exports, projects, votes
from hub.services import queue as queues
from hub.services.lab import Lab

HOUR = 3600


@pytest.fixture(autouse=True)
def programs(lab: Lab) -> GoodPrograms:
    played = play(lab)
    registered_dataset(lab)
    return played


def wait(lab: Lab, seconds: float) -> None:
    cast(SteppingClock, lab.clock).wait(seconds)


def listed(lab: Lab, show: Show = Show.ALL, by: str = "health-steward", **filters: object) -> list[str]:
    return [entry.id for entry in queues.queue(lab, by, show, **filters)]  # type: ignore[arg-type]


def test_the_queue_has_what_waits_for_stewards_the_longest_first(lab: Lab) -> None:
    first, second = checked_request(lab), approved_request(lab)
    returned = checked_request(lab)
    cast_vote(lab, "jobs-steward", returned, Decision.CHANGES)
    rejected = checked_request(lab)
    exports.request(lab, "jobs-steward", rejected.id)
    votes.reject_request(lab, "jobs-steward", rejected.id, "Out of the purpose")
    assert listed(lab) == listed(lab, by="auditor") == [first.id, second.id, returned.id]
    assert listed(lab, Show.UNCLAIMED) == [first.id]
    assert listed(lab, Show.RETURNED) == [returned.id]
    assert listed(lab, Show.MINE) == []
    assert listed(lab, project="other") == []


def test_mine_is_what_i_have_claimed_for_as_long_as_it_holds(lab: Lab) -> None:
    request = checked_request(lab)
    queues.claim_request(lab, "health-steward", request.id)
    assert (listed(lab, Show.MINE), listed(lab, Show.UNCLAIMED)) == ([request.id], [])
    assert listed(lab, Show.MINE, by="jobs-steward") == []
    wait(lab, HOUR)
    assert (listed(lab, Show.MINE), listed(lab, Show.UNCLAIMED)) == ([], [request.id])


def test_what_waits_becomes_late_and_is_found_so(lab: Lab) -> None:
    request = checked_request(lab)
    seen = []
    for _ in range(4):
        seen.append(queues.queue(lab, "health-steward")[0].level)
        wait(lab, 24 * HOUR)
    assert seen == [ServiceLevel.IN_TIME, ServiceLevel.SOON, ServiceLevel.SOON, ServiceLevel.LATE]
    assert listed(lab, level=ServiceLevel.LATE) == [request.id]
    assert listed(lab, level=ServiceLevel.SOON) == []


def test_sending_again_begins_the_wait_anew(lab: Lab) -> None:
    request = checked_request(lab)
    cast_vote(lab, "jobs-steward", request, Decision.CHANGES)
    wait(lab, 100 * HOUR)
    submit(lab, "researcher", request.id)
    work_off(lab)
    entry = queues.queue(lab, "health-steward")[0]
    assert (entry.id, entry.level, entry.turn) == (request.id, ServiceLevel.IN_TIME, 2)


def test_the_gravest_finding_is_shown_and_asked_for(lab: Lab, programs: GoodPrograms) -> None:
    plain = checked_request(lab)
    programs.findings = [{"check": "minimum-frequency", "severity": "review", "place": "table.csv", "sentence": "A."}]
    grave = checked_request(lab)
    assert {e.id: e.risk for e in queues.queue(lab, "health-steward")}[grave.id] is Severity.REVIEW
    assert listed(lab, risk=Severity.REVIEW) == [grave.id]
    assert plain.id in listed(lab)


@pytest.mark.parametrize("actor", ["scientist", "researcher", "outsider", "administrator", "nobody"])
def test_the_queue_is_for_stewards_and_auditors(lab: Lab, actor: str) -> None:
    request = checked_request(lab)
    with pytest.raises(RefusedError):
        queues.queue(lab, actor)
    for act in (queues.claim_request, queues.unclaim_request):
        with pytest.raises((RefusedError, NotFoundError)):
            act(lab, actor, request.id)


def test_a_steward_who_worked_in_a_project_sees_and_claims_nothing_of_it(lab: Lab) -> None:
    request = checked_request(lab)
    projects.add_member(lab, "scientist", "wages", "transport-steward")
    projects.remove_member(lab, "scientist", "wages", "transport-steward")
    assert listed(lab, by="transport-steward") == []
    with pytest.raises(RefusedError):
        queues.claim_request(lab, "transport-steward", request.id)


def test_an_auditor_reads_the_queue_and_claims_nothing(lab: Lab) -> None:
    request = checked_request(lab)
    assert listed(lab, by="auditor") == [request.id]
    with pytest.raises(RefusedError):
        queues.claim_request(lab, "auditor", request.id)


def test_nobody_decides_while_another_has_claimed_and_everybody_afterwards(lab: Lab) -> None:
    request = checked_request(lab)
    queues.claim_request(lab, "jobs-steward", request.id)
    for act in (
        lambda: cast_vote(lab, "health-steward", request),
        lambda: cast_vote(lab, "health-steward", request, Decision.CHANGES),
        lambda: votes.reject_request(lab, "health-steward", request.id, "Out of the purpose"),
        lambda: queues.claim_request(lab, "health-steward", request.id),
    ):
        with pytest.raises(ConflictError, match="is claimed by jobs-steward until"):
            act()
    with pytest.raises(ConflictError, match="have not claimed"):
        queues.unclaim_request(lab, "health-steward", request.id)
    wait(lab, HOUR)
    assert cast_vote(lab, "health-steward", request).state is ExportState.IN_REVIEW


def test_a_vote_ends_the_claim_of_its_steward(lab: Lab) -> None:
    request = checked_request(lab)
    queues.claim_request(lab, "jobs-steward", request.id)
    assert cast_vote(lab, "jobs-steward", request).claimed is None
    assert cast_vote(lab, "health-steward", request).state is ExportState.APPROVED


def test_a_claim_that_was_taken_over_does_not_decide(lab: Lab) -> None:
    request = checked_request(lab)
    queues.claim_request(lab, "jobs-steward", request.id)
    wait(lab, HOUR)
    queues.claim_request(lab, "health-steward", request.id)
    with pytest.raises(ConflictError, match="claimed by health-steward"):
        cast_vote(lab, "jobs-steward", request)


def test_two_stewards_who_claim_at_once_are_one(lab: Lab) -> None:
    request = checked_request(lab)
    start = threading.Barrier(2)

    def raced(steward: str) -> str:
        start.wait()
        try:
            queues.claim_request(lab, steward, request.id)
        except ConflictError as error:
            return error.reason
        return "mine"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(raced, ["jobs-steward", "health-steward"])) == ["claimed", "mine"]


def test_a_decision_on_an_earlier_submission_is_stale_and_told_what_changed(lab: Lab) -> None:
    first = checked_request(lab)
    cast_vote(lab, "jobs-steward", first, Decision.CHANGES)
    submit(lab, "researcher", first.id)
    work_off(lab)
    seen = {f.path: f.canonical for f in first.files}
    for act in (
        lambda: votes.vote(
            lab, "health-steward", first.id, decision=Decision.APPROVE, canonical=seen, policy=first.policy, reason="",
            turn=first.turn,
        ),
        lambda: votes.vote(
            lab, "health-steward", first.id, decision=Decision.CHANGES, canonical=seen, policy=first.policy,
            reason="Merge groups", turn=first.turn,
        ),
    ):  # fmt: skip
        with pytest.raises(ConflictError, match=r"changed since you looked.*sent_again"):
            act()
    exports.request(lab, "health-steward", first.id)
    with pytest.raises(ConflictError, match=r"changed since you looked.*sent_again"):
        votes.reject_request(lab, "health-steward", first.id, "Out of the purpose", turn=first.turn)
    assert exports.request(lab, "health-steward", first.id).state is ExportState.IN_REVIEW


def test_a_claim_stands_in_the_audit_log(lab: Lab) -> None:
    request = checked_request(lab)
    queues.claim_request(lab, "jobs-steward", request.id)
    queues.unclaim_request(lab, "jobs-steward", request.id)
    with lab.store.read() as reading:
        told = [e.event.name for e in reading.audit_entries(0) if e.event.subject == request.id]
    assert told[-2:] == ["export:request:claim", "export:request:unclaim"]


def test_the_database_chooses_what_the_rules_choose(lab: Lab) -> None:
    """Every filter, at moments before, at and after each bound, beside the rules asked one request at a time."""
    claimed, returned = checked_request(lab), checked_request(lab)
    cast_vote(lab, "jobs-steward", returned, Decision.CHANGES)
    checked_request(lab)
    queues.claim_request(lab, "health-steward", claimed.id)
    review = lab.settings.review
    for step in (0, HOUR - 1, 1, 24 * HOUR, 48 * HOUR, HOUR):
        wait(lab, step)
        with lab.store.read() as reading:
            heads = reading.request_heads(rules.QUEUED)
        for level in (None, *ServiceLevel):
            now = lab.now()
            fits = [h for h in heads if level in (None, rules.level_of(h, now, review.soon, review.late))]
            held = {h.id: rules.holder(h, now, review.claim) for h in fits}
            free = {h.id for h in fits if h.state in rules.IN_REVIEW and not held[h.id]}
            assert set(listed(lab, level=level)) == {h.id for h in fits}
            assert set(listed(lab, Show.UNCLAIMED, level=level)) == free
            assert set(listed(lab, Show.MINE, level=level)) == {i for i, who in held.items() if who == "health-steward"}
