"""The owners' part in what leaves: told, asked, by themselves or by whom they named; no life passes them by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets_mount.catalogue import OwnersPart
from doubles.lab import SteppingClock
from doubles.people import (
    JOBS,
    approved_request,
    cast_vote,
    checked_request,
    play,
    registered_dataset,
    submit,
    work_off,
)
from hub.domain import owners as rules
from hub.domain.audit import event
from hub.domain.ballots import Ballot, Cause, Decision, OwnerVote
from hub.domain.errors import ConflictError, InvalidError, LabError, NotFoundError, RefusedError
from hub.domain.exports import ExportFile, ExportRequest, ExportState, ExportStep, step_request, without_votes
from hub.domain.notices import NoticeKind
from hub.domain.people import Person, Role
from hub.domain.projects import Project, with_member
from hub.services import datasets, exports, notices, owner_votes, owners, people, policies, projects, releases
from hub.services import queue as queues
from hub.services.lab import Lab

DELEGATE, LAST = "clerk", date(2026, 6, 30)
YES, NO = Decision.APPROVE, Decision.CHANGES


@pytest.fixture(autouse=True)
def _asked(lab: Lab) -> None:
    play(lab)
    registered_dataset(lab)
    people.add_person(lab, "administrator", DELEGATE, DELEGATE, "jobs-institute", (Role.RESEARCHER,))
    people.add_person(lab, "administrator", "stranger", "stranger", "lab-office", (Role.RESEARCHER,))


def ask_owner(lab: Lab) -> None:
    owner_votes.set_part(lab, "jobs-steward", "jobs", OwnersPart.VOTE)


def say(lab: Lab, who: str, request: ExportRequest, decision: Decision = YES, **other: Any) -> ExportRequest:
    canonical = {f.path: f.canonical for f in request.files}
    said: dict[str, Any] = {"canonical": canonical, "policy": request.policy, "reason": "as agreed"} | other
    return owner_votes.vote_for_owner(lab, who, request.id, "jobs", decision=decision, **said)


def kinds(lab: Lab, who: str) -> list[NoticeKind]:
    return [n.kind for n in notices.notices(lab, who)]


def test_an_owner_who_is_only_told_is_told_and_asked_for_nothing(lab: Lab) -> None:
    request = approved_request(lab)
    releases.release(lab, "health-steward", request.id)
    assert NoticeKind.DATASET_LEFT in kinds(lab, "jobs-steward")
    assert NoticeKind.DATASET_LEFT not in kinds(lab, "transport-steward")
    assert NoticeKind.OWNER_ASKED not in kinds(lab, "jobs-steward")


def test_an_owner_who_is_asked_has_to_agree_before_the_release(lab: Lab) -> None:
    ask_owner(lab)
    request = approved_request(lab)
    assert NoticeKind.OWNER_ASKED in kinds(lab, "jobs-steward")
    with pytest.raises(RefusedError, match="has not agreed") as refused:
        releases.release(lab, "health-steward", request.id)
    assert refused.value.reason == "owner-vote-missing"
    assert [(a.request, a.agreed) for a in owner_votes.asked_votes(lab, "jobs-steward")] == [(request.id, False)]
    assert owner_votes.asked_votes(lab, "health-steward") == []
    say(lab, "jobs-steward", request)
    assert [a.agreed for a in owner_votes.asked_votes(lab, "jobs-steward")] == [True]
    assert releases.release(lab, "health-steward", request.id).id == request.id
    assert owner_votes.asked_votes(lab, "jobs-steward") == []


def test_an_owners_vote_takes_no_stewards_place(lab: Lab) -> None:
    ask_owner(lab)
    request = checked_request(lab)
    say(lab, "jobs-steward", request)
    cast_vote(lab, "health-steward", request)
    with pytest.raises(RefusedError, match="approvals"):
        releases.release(lab, "health-steward", request.id)


@pytest.mark.parametrize("approve", [False, True])
def test_an_owner_who_says_no_returns_it_with_cause_and_reason_and_all_votes_fall(lab: Lab, approve: bool) -> None:
    ask_owner(lab)
    request = approved_request(lab) if approve else checked_request(lab)
    returned = say(lab, "jobs-steward", request, NO, cause=Cause.AGREEMENT)
    assert (returned.state, returned.reason, returned.causes) == (
        ExportState.RETURNED, "as agreed", (Cause.AGREEMENT,),
    )  # fmt: skip
    assert NoticeKind.EXPORT_RETURNED in kinds(lab, "researcher")
    again = submit(lab, "researcher", request.id)
    assert (again.votes, again.owner_votes) == ((), ())


def test_an_owners_vote_is_on_all_files_as_they_are(lab: Lab) -> None:
    ask_owner(lab)
    request = checked_request(lab)
    for other in (
        {"canonical": {"table.csv": "0" * 64}},
        {"canonical": {**{f.path: f.canonical for f in request.files}, "more.csv": "0" * 64}},
        {"canonical": {}},
        {"policy": "0" * 64},
        {"turn": 9},
    ):
        with pytest.raises(ConflictError):
            say(lab, "jobs-steward", request, **other)
    with pytest.raises(InvalidError):
        say(lab, "jobs-steward", request, NO, reason="")
    with pytest.raises(NotFoundError):
        owner_votes.vote_for_owner(
            lab, "jobs-steward", request.id, "other", decision=YES, canonical={}, policy="", reason=""
        )


def test_what_waits_is_agreed_to_once_the_present_files_are(lab: Lab) -> None:
    """What was said of other bytes is no agreement, in the list as at the release."""
    ask_owner(lab)
    request = checked_request(lab)
    assert [a.agreed for a in owner_votes.asked_votes(lab, "jobs-steward")] == [False]
    say(lab, "jobs-steward", request)
    assert [a.agreed for a in owner_votes.asked_votes(lab, "jobs-steward")] == [True]
    with lab.store.begin() as records:
        stale = replace(request, owner_votes=(OwnerVote("jobs-steward", "jobs", YES, "", lab.now(), "0" * 64),))
        records.save(stale, event("export:request:vote", "jobs-steward", request.id))
    assert [a.agreed for a in owner_votes.asked_votes(lab, "jobs-steward")] == [False]


def test_who_does_not_vote_for_an_owner(lab: Lab) -> None:
    request = checked_request(lab)
    with pytest.raises(ConflictError, match="not asked"):
        say(lab, "jobs-steward", request)
    ask_owner(lab)
    for who, reason in (
        ("researcher", "own-request"),
        ("scientist", "member-of-project"),
        ("health-steward", "not-the-owner"),
        ("auditor", "not-the-owner"),
    ):
        with pytest.raises(RefusedError) as refused:
            say(lab, who, request)
        assert refused.value.reason == reason
    for who in (DELEGATE, "outsider", "administrator"):
        with pytest.raises(NotFoundError):
            say(lab, who, request)


def test_somebody_of_the_organisation_votes_by_name_and_sees_that_request_alone(lab: Lab) -> None:
    ask_owner(lab)
    owner_votes.delegate(lab, "jobs-steward", "jobs", DELEGATE, LAST)
    request = checked_request(lab)
    assert NoticeKind.OWNER_ASKED in kinds(lab, DELEGATE)
    seen = exports.request(lab, DELEGATE, request.id)
    assert not any(f.detail for file in seen.files for f in file.findings)
    assert exports.canonical_file(lab, DELEGATE, request.id, "table.csv")[1]
    assert exports.requests(lab, DELEGATE) == []
    with pytest.raises(RefusedError):
        cast_vote(lab, DELEGATE, request)
    with pytest.raises(NotFoundError):
        projects.project(lab, DELEGATE, "wages")
    cast_vote(lab, "health-steward", request)
    cast_vote(lab, "transport-steward", request)
    say(lab, DELEGATE, request)
    assert [v.person for v in exports.request(lab, DELEGATE, request.id).owner_votes] == [DELEGATE]
    owner_votes.end_delegation(lab, "jobs-steward", "jobs", DELEGATE)
    with pytest.raises(NotFoundError):
        exports.request(lab, DELEGATE, request.id)
    with pytest.raises(RefusedError, match="has not agreed"):
        releases.release(lab, "health-steward", request.id)


def test_a_delegation_ends_with_its_last_day_and_with_the_role_that_it_rests_on(lab: Lab) -> None:
    ask_owner(lab)
    today = lab.now().date()
    owner_votes.delegate(lab, "jobs-steward", "jobs", "health-steward", today)
    request = approved_request(lab)
    say(lab, "health-steward", request)
    with lab.store.read() as reading:
        project = projects.known_project(reading, "wages")
        assert project is not None
        now = reading.get(ExportRequest, request.id)
        assert now is not None
    owners.check_agree_now(lab, now, project)
    assert isinstance(lab.clock, SteppingClock)
    lab.clock.wait(24 * 3600)
    with pytest.raises(RefusedError, match="has not agreed"):
        releases.release(lab, "transport-steward", request.id)
    owner_votes.delegate(lab, "jobs-steward", "jobs", "health-steward", LAST)
    owners.check_agree_now(lab, now, project)
    people.add_person(lab, "administrator", "health-steward", "H", "health-observatory", (Role.RESEARCHER,))
    with pytest.raises(RefusedError, match="has not agreed"):
        owners.check_agree_now(lab, now, project)


def test_who_is_named_and_by_whom(lab: Lab) -> None:
    for who in ("health-steward", "scientist", "administrator", DELEGATE):
        with pytest.raises(RefusedError):
            owner_votes.delegate(lab, who, "jobs", DELEGATE, LAST)
        with pytest.raises(RefusedError):
            owner_votes.set_part(lab, who, "jobs", OwnersPart.VOTE)
    for person, error in (("stranger", InvalidError), ("administrator", InvalidError), ("nobody", NotFoundError)):
        with pytest.raises(error):
            owner_votes.delegate(lab, "jobs-steward", "jobs", person, LAST)
    with pytest.raises(InvalidError):
        owner_votes.delegate(lab, "jobs-steward", "jobs", DELEGATE, date(2026, 1, 1))
    with pytest.raises(NotFoundError):
        owner_votes.end_delegation(lab, "jobs-steward", "jobs", DELEGATE)
    made = owner_votes.delegate(lab, "jobs-steward", "jobs", DELEGATE, LAST)
    assert owner_votes.delegations(lab, "auditor", "jobs") == [made]
    with pytest.raises(RefusedError):
        owner_votes.delegations(lab, "health-steward", "jobs")


def test_a_description_that_is_changed_keeps_the_owners_part(lab: Lab) -> None:
    ask_owner(lab)
    assert datasets.register_dataset(lab, "jobs-steward", replace(JOBS, title="Other")).owners is OwnersPart.VOTE


def test_sealed_votes_hide_owners_votes_too(lab: Lab) -> None:
    ask_owner(lab)
    policies.set_project_layer(lab, "health-steward", "wages", "blind_votes = true\n")
    request = checked_request(lab)
    cast_vote(lab, "health-steward", request)
    say(lab, "jobs-steward", request)
    assert exports.request(lab, "transport-steward", request.id).owner_votes == ()
    assert len(exports.request(lab, "auditor", request.id).owner_votes) == 1
    work_off(lab)


def test_while_votes_are_sealed_no_owner_ends_the_review(lab: Lab) -> None:
    ask_owner(lab)
    policies.set_project_layer(lab, "health-steward", "wages", "blind_votes = true\n")
    request = checked_request(lab)
    cast_vote(lab, "health-steward", request)
    with pytest.raises(ConflictError) as refused:
        say(lab, "jobs-steward", request, NO)
    assert refused.value.reason == "votes-sealed"
    cast_vote(lab, "transport-steward", request)
    assert say(lab, "jobs-steward", request, NO).state is ExportState.RETURNED


def test_a_claim_holds_up_an_owner_who_asks_for_changes_and_not_one_who_agrees(lab: Lab) -> None:
    ask_owner(lab)
    request = checked_request(lab)
    queues.claim_request(lab, "health-steward", request.id)
    with pytest.raises(ConflictError) as refused:
        say(lab, "jobs-steward", request, NO)
    assert refused.value.reason == "claimed"
    assert say(lab, "jobs-steward", request).owner_votes


NOW = datetime(2026, 1, 2, tzinfo=UTC)
A, B, P, Q = "a" * 64, "b" * 64, "c" * 64, "d" * 64
FILES = (ExportFile("one.csv", canonical=A), ExportFile("two.csv", canonical=B))
PROJECT = Project("care", "Care", "p", "lead", date(2026, 1, 1), date(2026, 12, 31), 1, ("author",))
DRAFT = ExportRequest("export-1", "care", "author", "run-1", "context", NOW, {"jobs": Q, "transport": Q}, FILES)
OWNERS = {"jobs": "institute", "transport": "agency"}
PEOPLE = {
    "ina": Person("ina", "I", "institute", (Role.STEWARD,)),
    "ivo": Person("ivo", "I", "institute", (Role.RESEARCHER,)),
    "ada": Person("ada", "A", "agency", (Role.STEWARD,)),
    "sam": Person("sam", "S", "office", (Role.STEWARD,)),
    "author": Person("author", "A", "institute", (Role.STEWARD,)),
}


@dataclass
class Life:
    """A request with owners who are asked; ``ledger`` holds who last said what of which bytes for which dataset."""

    request: ExportRequest = DRAFT
    project: Project = PROJECT
    people: dict[str, Person] = field(default_factory=lambda: dict(PEOPLE))
    asked: set[str] = field(default_factory=lambda: set(OWNERS))
    named: dict[tuple[str, str], date] = field(default_factory=dict)
    today: date = date(2026, 1, 2)
    ledger: dict[tuple[str, str], tuple[tuple[str, ...], str, Decision]] = field(default_factory=dict)
    releases: int = 0

    def _delegates(self, dataset: str) -> list[str]:
        return [who for (name, who), ends in self.named.items() if name == dataset and self.today <= ends]

    def _check(self, who: str, dataset: str) -> None:
        person = self.people[who]
        rules.check_votes_for_owner(person, self.request, self.project, OWNERS[dataset], self._delegates(dataset))

    def submit(self) -> None:
        self.request = replace(without_votes(step_request(self.request, ExportStep.SUBMIT)), policy="")
        self.ledger.clear()

    def check(self, canonical: str, policy: str) -> None:
        files = (replace(FILES[0], canonical=canonical), FILES[1])
        same = (files, policy) == (self.request.files, self.request.policy)
        confirms = self.request.state is ExportState.RECHECKING and same
        stepped = step_request(self.request, ExportStep.CONFIRM if confirms else ExportStep.PASS)
        if not confirms:
            self.ledger.clear()
        self.request = replace(stepped if confirms else without_votes(stepped), files=files, policy=policy)

    def stewards_approve(self) -> None:
        started = step_request(self.request, ExportStep.REVIEW) if self.request.state is ExportState.SUBMITTED else None
        self.request = step_request(started or self.request, ExportStep.APPROVE)

    def recheck(self) -> None:
        self.request = step_request(self.request, ExportStep.RECHECK)

    def vote(self, who: str, dataset: str, decision: Decision) -> None:
        self._check(who, dataset)
        rules.check_is_asked(self.request, dataset, self.asked)
        seen = rules.seen_digest(self.request)
        bytes_ = tuple(f.canonical for f in self.request.files)
        self.ledger[dataset, who] = (bytes_, self.request.policy, decision)
        self.request = rules.with_owner_vote(self.request, OwnerVote(who, dataset, decision, "so", NOW, seen))

    def name(self, dataset: str, who: str, days: int) -> None:
        rules.check_can_be_delegate(self.people[who], OWNERS[dataset])
        self.named[dataset, who] = self.today + timedelta(days=days)

    def unname(self, dataset: str, who: str) -> None:
        self.named.pop((dataset, who), None)

    def wait(self, days: int) -> None:
        self.today += timedelta(days=days)

    def set_part(self, dataset: str, asked: bool) -> None:
        (self.asked.add if asked else self.asked.discard)(dataset)

    def end_role(self, who: str) -> None:
        self.people[who] = replace(self.people[who], roles=())

    def join(self, who: str) -> None:
        self.project = with_member(self.project, who)

    def _able(self, dataset: str) -> set[str]:
        able = set()
        for who in self.people:
            try:
                self._check(who, dataset)
            except LabError:
                continue
            able.add(who)
        return able

    def release(self) -> None:
        rules.check_owners_agree(self.request, {dataset: self._able(dataset) for dataset in self.asked})
        self.request = step_request(step_request(self.request, ExportStep.BEGIN_RELEASE), ExportStep.RELEASE)
        self.releases += 1
        bytes_ = tuple(f.canonical for f in self.request.files)
        strangers = {"author", "lead", *self.project.members}
        for dataset in self.asked:
            own = {n for n, p in self.people.items() if Role.STEWARD in p.roles and p.organisation == OWNERS[dataset]}
            named = {
                who for (name, who), ends in self.named.items()
                if name == dataset and ends >= self.today
                and (Role.STEWARD in self.people[who].roles or self.people[who].organisation == OWNERS[dataset])
            }  # fmt: skip
            said = {
                who
                for (d, who), held in self.ledger.items()
                if d == dataset and held == (bytes_, self.request.policy, YES)
            }
            assert said & ((own | named) - strangers), (dataset, self)


def acts_of(chance: Random, number: int) -> list[tuple[object, ...]]:
    def act() -> tuple[object, ...]:
        who, dataset = chance.choice(list(PEOPLE)), chance.choice(list(OWNERS))
        often: list[tuple[object, ...]] = [
            ("vote", who, dataset, YES), ("vote", chance.choice(["ina", "ada"]), dataset, YES), ("stewards_approve",),
            ("name", dataset, who, chance.choice([0, 3])), ("release",), ("check", A, P),
        ]  # fmt: skip
        seldom: list[tuple[object, ...]] = [
            ("submit",), ("recheck",), ("check", chance.choice([A, B]), chance.choice([P, Q])),
            ("vote", who, dataset, NO), ("unname", dataset, who), ("wait", 1), ("end_role", who), ("join", who),
            ("set_part", dataset, chance.random() < 0.7),
        ]  # fmt: skip
        return chance.choice(often if chance.random() < 0.85 else seldom)

    return [act() for _ in range(number)]


def lived(seed: int) -> Life:
    life = Life()
    for what, *more in [("submit",), ("check", A, P), *acts_of(Random(seed), 40)]:
        try:
            getattr(life, str(what))(*more)
        except LabError:
            continue
    return life


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 2**64))
def test_no_life_reaches_a_release_against_an_owner_who_is_asked(seed: int) -> None:
    lived(seed)


def test_lives_with_owners_do_reach_releases() -> None:
    """The property above would hold of lives in which nothing is ever released; many of these release something."""
    assert sum(lived(seed).releases for seed in range(300)) >= 20
    assert Life().request.ballot is Ballot.OPEN
