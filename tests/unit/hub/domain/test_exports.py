"""Facts about export requests: states, votes and what may be released."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.ballots import Decision, Vote
from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.evidence import Evidence, evidence_of
from hub.domain.exports import (
    STEPS,
    ExportFile,
    ExportRequest,
    ExportState,
    ExportStep,
    Finding,
    Severity,
    step_request,
)
from hub.domain.file_groups import UNNAMED, check_context, context_digests
from hub.domain.output_classes import KNOWN
from hub.domain.people import Person, Role
from hub.domain.projects import Project, with_member, without_member
from hub.domain.quorums import Quorum
from hub.domain.votes import (
    add_votes,
    as_seen_by,
    check_can_release,
    check_can_review,
    counting,
    is_approved,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
A, B, POLICY, OTHER = "a" * 64, "b" * 64, "c" * 64, "d" * 64
CONTEXT = context_digests("context", ())[UNNAMED]
TWO = Quorum(POLICY, dict.fromkeys(KNOWN, 2))
FILES = (ExportFile("one.csv", canonical=A), ExportFile("two.csv", canonical=B))
IN_REVIEW = ExportRequest(
    "export-1", "care", "researcher", "run-1", "context", NOW, {}, FILES, ExportState.IN_REVIEW, POLICY
)
PROJECT = Project("care", "Care", "purpose", "scientist", date(2026, 1, 1), date(2026, 12, 31), 200000, ("researcher",))


STEWARDS = {n: Person(n, n, "office", (Role.STEWARD,)) for n in ("health-steward", "jobs-steward", "auditor")}


def vote(steward: str, path: str, canonical: str, policy: str = POLICY, decision: Decision = Decision.APPROVE) -> Vote:
    return Vote(steward, path, canonical, policy, decision, "", NOW, context=CONTEXT)


def approve_all(request: ExportRequest, *stewards: str) -> ExportRequest:
    for steward in stewards:
        request = add_votes(request, tuple(vote(steward, f.path, f.canonical) for f in request.files))
    return request


def test_two_different_stewards_approve_every_file() -> None:
    assert not is_approved(approve_all(IN_REVIEW, "health-steward"), 2)
    assert is_approved(approve_all(IN_REVIEW, "health-steward", "jobs-steward"), 2)


def test_the_vote_of_a_steward_who_joined_the_project_afterwards_does_not_count() -> None:
    approved = replace(approve_all(IN_REVIEW, "health-steward", "jobs-steward"), state=ExportState.APPROVED)
    check_can_release(counting(approved, PROJECT, STEWARDS), TWO)
    joined = with_member(PROJECT, "jobs-steward")
    for project in (joined, without_member(joined, "jobs-steward")):
        with pytest.raises(RefusedError, match="2 approvals"):
            check_can_release(counting(approved, project, STEWARDS), TWO)


def test_the_same_steward_voting_twice_is_one_vote() -> None:
    assert not is_approved(approve_all(IN_REVIEW, "health-steward", "health-steward"), 2)


def test_one_file_without_votes_holds_the_request() -> None:
    one = add_votes(IN_REVIEW, (vote("health-steward", "one.csv", A), vote("jobs-steward", "one.csv", A)))
    assert not is_approved(one, 2)
    assert not is_approved(one, 1)


def test_a_dissent_holds_the_request() -> None:
    approved = approve_all(IN_REVIEW, "health-steward", "jobs-steward")
    assert not is_approved(add_votes(approved, (vote("auditor", "one.csv", A, decision=Decision.CHANGES),)), 2)


@pytest.mark.parametrize(("canonical", "policy"), [(B, POLICY), (A, OTHER), ("", POLICY)])
def test_a_vote_on_other_bytes_or_another_policy_is_stale(canonical: str, policy: str) -> None:
    with pytest.raises(ConflictError, match="changed since"):
        add_votes(IN_REVIEW, (vote("health-steward", "one.csv", canonical, policy),))


def test_votes_count_only_for_the_digest_and_policy_that_they_name() -> None:
    approved = approve_all(IN_REVIEW, "health-steward", "jobs-steward")
    assert not is_approved(replace(approved, policy=OTHER), 2)
    changed = (replace(FILES[0], canonical=OTHER), FILES[1])
    assert not is_approved(replace(approved, files=changed), 2)
    unwritten = (replace(FILES[0], canonical=""), FILES[1])
    assert not is_approved(replace(approved, files=unwritten), 2)


def test_a_request_without_files_or_needed_votes_is_never_approved() -> None:
    assert not is_approved(replace(IN_REVIEW, files=()), 2)
    assert not is_approved(approve_all(IN_REVIEW, "health-steward"), 0)


def test_a_blocked_file_is_not_released_even_with_votes() -> None:
    approved = replace(approve_all(IN_REVIEW, "health-steward", "jobs-steward"), state=ExportState.APPROVED)
    check_can_release(approved, TWO)
    blocked = Finding("minimum-frequency", Severity.BLOCK, "one.csv row 1", "below the threshold")
    with pytest.raises(RefusedError, match="blocks"):
        check_can_release(replace(approved, files=(replace(FILES[0], findings=(blocked,)), FILES[1])), TWO)


@pytest.mark.parametrize("state", [s for s in ExportState if s not in (ExportState.APPROVED, ExportState.RELEASING)])
def test_only_an_approved_request_is_released(state: ExportState) -> None:
    with pytest.raises(RefusedError, match="approvals"):
        check_can_release(replace(approve_all(IN_REVIEW, "health-steward", "jobs-steward"), state=state), TWO)


@given(st.lists(st.sampled_from(ExportStep), max_size=12))
def test_no_path_reaches_released_without_passing_the_gate_and_the_review(steps: list[ExportStep]) -> None:
    request, passed = replace(IN_REVIEW, state=ExportState.DRAFT), []
    for step in steps:
        try:
            request = step_request(request, step)
        except ConflictError:
            continue
        passed.append(step)
    if request.state in (ExportState.RELEASED, ExportState.REVOKED):
        wanted = [ExportStep.PASS, ExportStep.REVIEW, ExportStep.APPROVE, ExportStep.BEGIN_RELEASE, ExportStep.RELEASE]
        assert [s for s in passed if s in wanted][-len(wanted) :] == wanted


def test_every_state_but_the_last_ones_has_a_way_on() -> None:
    last = {ExportState.REJECTED, ExportState.WITHDRAWN, ExportState.REVOKED}
    assert {state for state, _ in STEPS} == set(ExportState) - last


STEWARD = Person("health-steward", "Steward", "health-observatory", (Role.STEWARD,))


def test_a_steward_outside_the_project_may_review() -> None:
    check_can_review(STEWARD, IN_REVIEW, PROJECT)


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (replace(STEWARD, name="researcher"), "own-request"),
        (replace(STEWARD, roles=(Role.RESEARCHER, Role.AUDITOR, Role.APPROVER)), "not-a-steward"),
        (replace(STEWARD, name="scientist"), "member-of-project"),
        (replace(STEWARD, roles=(Role.ADMINISTRATOR,)), "not-a-steward"),
        (replace(STEWARD, name="left-the-project"), "member-of-project"),
    ],
)
def test_author_member_and_others_may_not_review(person: Person, reason: str) -> None:
    joined = with_member(PROJECT, "left-the-project")
    with pytest.raises(RefusedError) as refused:
        check_can_review(person, IN_REVIEW, without_member(joined, "left-the-project"))
    assert refused.value.reason == reason


def test_what_a_run_wrote_is_attested_and_what_a_person_brings_is_claimed() -> None:
    assert evidence_of("run-abc") is Evidence.ATTESTED
    assert evidence_of("workspace") is Evidence.CLAIMED


def test_a_request_says_what_it_is_about() -> None:
    check_context("Mean wages by year for the whole panel.")
    with pytest.raises(InvalidError, match="population"):
        check_context("   table          ")


STEWARD = Person("health-steward", "Health steward", "hospital", (Role.STEWARD,))
FOUND = Finding("dominance", Severity.BLOCK, "one.csv, row 1", "one unit holds most", detail="The share: 97 %.")


def seen_by(person: Person) -> tuple[str, str]:
    request = replace(IN_REVIEW, files=(replace(FILES[0], findings=(FOUND,)),))
    found = as_seen_by(person, request, PROJECT).files[0].findings[0]
    return found.sentence, found.detail


def test_a_steward_who_may_review_sees_the_figures_behind_a_finding() -> None:
    assert seen_by(STEWARD) == (FOUND.sentence, FOUND.detail)


@pytest.mark.parametrize(
    "person",
    [
        Person("researcher", "Author", "hospital", (Role.RESEARCHER,)),
        Person("researcher", "Author and steward", "hospital", (Role.RESEARCHER, Role.STEWARD)),
        Person("scientist", "Member and steward", "hospital", (Role.STEWARD,)),
        Person("auditor", "Auditor", "hospital", (Role.AUDITOR,)),
    ],
)
def test_nobody_else_sees_more_than_the_sentence(person: Person) -> None:
    assert seen_by(person) == (FOUND.sentence, "")
