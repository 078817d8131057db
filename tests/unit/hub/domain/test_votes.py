"""Sealed first votes, dissent and its overriding, and who counts: no life of a request passes them by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.ballots import Ballot, Cause, Decision, Override, Vote, seal_of
from hub.domain.descriptions import check_can_be_described, described
from hub.domain.errors import ConflictError, InvalidError, LabError, RefusedError
from hub.domain.exports import (
    ExportFile,
    ExportRequest,
    ExportState,
    ExportStep,
    Finding,
    Severity,
    contexts_of,
    step_request,
    without_votes,
)
from hub.domain.file_cards import FileCard
from hub.domain.file_groups import FileGroup
from hub.domain.output_classes import KNOWN, OutputClass
from hub.domain.people import Person, Role, check_roles
from hub.domain.projects import Project, with_member
from hub.domain.quorums import Quorum
from hub.domain.staying_votes import may_stay, read_of, staying
from hub.domain.votes import (
    add_votes,
    as_seen_by,
    check_can_override,
    check_can_release,
    check_can_review,
    counting,
    dissents,
    entitled,
    is_approved,
    judge,
    open_if_complete,
    override,
    salted,
    seal,
    voters,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
A, B, P, Q = "a" * 64, "b" * 64, "c" * 64, "d" * 64
FILES = (ExportFile("one.csv", canonical=A), ExportFile("two.csv", canonical=B))
PROJECT = Project("care", "Care", "p", "lead", date(2026, 1, 1), date(2026, 12, 31), 1, ("author",))
REQUEST = ExportRequest(
    "export-1", "care", "author", "run-1", "context", NOW, {}, FILES, ExportState.IN_REVIEW, P, "1", 1
)
YES, NO = Decision.APPROVE, Decision.CHANGES
WHY = "The institute has published this very table."
ROLES = {
    "health": (Role.STEWARD,),
    "jobs": (Role.STEWARD,),
    "transport": (Role.STEWARD,),
    "chief": (Role.STEWARD, Role.LEAD_STEWARD),
}
PEOPLE = {name: Person(name, name, "office", roles) for name, roles in ROLES.items()}
SEALED = seal(REQUEST, is_blind=True)


def cast(request: ExportRequest, who: str, decision: Decision, path: str = "", at: datetime = NOW) -> ExportRequest:
    files = [f for f in request.files if path in ("", f.path)]
    cause, contexts = Cause.CONTEXT if decision is NO else None, contexts_of(request)
    return add_votes(
        request,
        tuple(
            Vote(
                *(who, f.path, f.canonical, request.policy, decision, f"by {who}", at, cause),
                context=contexts[f.group],
                seen=read_of(request, f),
            )
            for f in files
        ),
    )


def voted(request: ExportRequest, *said: tuple[str, Decision], needed: int = 2) -> ExportRequest:
    for who, decision in said:
        request = judge(open_if_complete(cast(request, who, decision), PEOPLE, needed), needed)
    return request


def test_first_votes_are_sealed_only_before_there_is_any() -> None:
    assert SEALED.ballot is Ballot.SEALED
    assert seal(REQUEST, is_blind=False).ballot is Ballot.OPEN
    assert seal(cast(REQUEST, "health", YES), is_blind=True).ballot is Ballot.OPEN


def test_nothing_comes_of_sealed_votes_until_every_file_has_as_many_as_are_needed() -> None:
    one = voted(SEALED, ("health", NO))
    assert (one.ballot, one.state) == (Ballot.SEALED, ExportState.IN_REVIEW)
    half = judge(open_if_complete(cast(one, "jobs", YES, "one.csv"), PEOPLE, 2), 2)
    assert half.ballot is Ballot.SEALED
    assert judge(open_if_complete(cast(half, "jobs", YES, "two.csv"), PEOPLE, 2), 2).ballot is Ballot.OPENED


def test_a_vote_of_somebody_who_is_not_entitled_opens_nothing() -> None:
    assert open_if_complete(cast(cast(SEALED, "health", YES), "jobs", YES), {"health"}, 2).ballot is Ballot.SEALED


def test_opened_votes_approve_return_or_stand_apart() -> None:
    assert voted(SEALED, ("health", YES), ("jobs", YES)).state is ExportState.APPROVED
    returned = voted(SEALED, ("health", NO), ("jobs", NO))
    assert (returned.state, returned.reason) == (ExportState.RETURNED, "by health by jobs")
    assert returned.causes == (Cause.CONTEXT,)
    apart = voted(SEALED, ("health", YES), ("jobs", NO))
    assert (apart.state, apart.ballot) == (ExportState.IN_REVIEW, Ballot.OPENED)
    assert {v.steward for v in dissents(apart)} == {"jobs"}


def test_a_dissent_is_resolved_by_who_voted_so_or_by_all_the_others() -> None:
    apart = voted(SEALED, ("health", YES), ("jobs", NO))
    assert voted(apart, ("transport", YES)).state is ExportState.IN_REVIEW
    assert voted(apart, ("jobs", YES)).state is ExportState.APPROVED
    assert voted(apart, ("health", NO)).state is ExportState.RETURNED


def test_votes_that_are_known_as_they_are_cast_return_a_request_at_once() -> None:
    assert voted(REQUEST, ("health", YES), ("jobs", NO)).state is ExportState.RETURNED


@pytest.mark.parametrize(
    ("person", "sees"),
    [
        (PEOPLE["health"], {"health"}),
        (PEOPLE["jobs"], set()),
        (PEOPLE["chief"], set()),
        (Person("author", "a", "o", (Role.RESEARCHER,)), set()),
        (Person("auditor", "a", "o", (Role.AUDITOR,)), {"health"}),
        (Person("both", "b", "o", (Role.AUDITOR, Role.STEWARD)), set()),
        (Person("lead", "l", "o", (Role.AUDITOR,)), set()),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_a_sealed_vote_is_seen_by_who_cast_it_and_by_an_auditor(person: Person, sees: set[str]) -> None:
    one = voted(SEALED, ("health", NO))
    assert {v.steward for v in as_seen_by(person, one, PROJECT).votes} == sees
    opened = voted(one, ("jobs", YES))
    assert {v.steward for v in as_seen_by(person, opened, PROJECT).votes} == {"health", "jobs"}


def test_details_and_cards_are_seen_by_who_may_review_the_request_alone() -> None:
    found = Finding("a-rule", Severity.NOTE, "t.csv", "Something was found.", detail="The smallest: 4.")
    one = replace(SEALED, files=(replace(SEALED.files[0], findings=(found,), card=FileCard()),))
    assert as_seen_by(PEOPLE["health"], one, PROJECT).files == one.files
    for name in ("author", "lead"):
        (file,) = as_seen_by(Person(name, name, "office", ()), one, PROJECT).files
        assert (file.card, [f.detail for f in file.findings]) == (None, [""])


def test_a_seal_is_of_all_of_a_stewards_votes_and_of_no_others() -> None:
    one, two = (salted(cast(SEALED, "health", decision), "health", "salt") for decision in (YES, NO))
    assert seal_of(one.votes) == seal_of(tuple(reversed(one.votes)))
    other = salted(one, "health", "other")
    assert len({seal_of(one.votes), seal_of(two.votes), seal_of(other.votes), seal_of(one.votes[:1])}) == 4


def said(by: str, request: ExportRequest, reason: str = WHY) -> ExportRequest:
    check_can_override(PEOPLE[by], request, PROJECT)
    return override(request, Override(by, reason, NOW, dissents(request)))


def test_a_lead_steward_overrides_a_dissent_and_takes_no_approvals_place() -> None:
    apart = voted(SEALED, ("health", YES), ("jobs", NO))
    assert judge(said("chief", apart), 2).state is ExportState.IN_REVIEW
    three = voted(apart, ("transport", YES))
    assert judge(said("chief", three), 2).state is ExportState.APPROVED
    own = voted(apart, ("chief", YES))
    assert judge(said("chief", own), 2).state is ExportState.APPROVED


def test_an_override_is_of_the_dissent_that_there_is_and_of_none_that_comes_later() -> None:
    gone_on = said("chief", voted(SEALED, ("health", YES), ("jobs", NO), ("transport", YES)))
    assert dissents(gone_on) == ()
    again = cast(gone_on, "jobs", NO)
    again = replace(again, votes=tuple(replace(v, reason="still") if v.steward == "jobs" else v for v in again.votes))
    assert {v.steward for v in dissents(again)} == {"jobs"}
    assert {v.steward for v in dissents(cast(gone_on, "health", NO))} == {"health"}


def test_who_overrides_no_dissent() -> None:
    apart = voted(SEALED, ("health", YES), ("jobs", NO))
    with pytest.raises(RefusedError) as refused:
        said("transport", apart)
    assert refused.value.reason == "not-a-lead-steward"
    alone = voted(SEALED, ("chief", YES), ("jobs", NO))
    with pytest.raises(RefusedError) as refused:
        said("chief", alone)
    assert refused.value.reason == "only-approver"
    own = voted(SEALED, ("health", YES), ("chief", NO))
    with pytest.raises(RefusedError) as refused:
        said("chief", own)
    assert refused.value.reason == "own-dissent"
    for name, reason in (("author", "own-request"), ("lead", "member-of-project")):
        with pytest.raises(RefusedError) as refused:
            check_can_override(replace(PEOPLE["chief"], name=name), apart, PROJECT)
        assert refused.value.reason == reason
    for none in (REQUEST, voted(SEALED, ("jobs", NO)), voted(SEALED, ("health", YES), ("jobs", YES))):
        with pytest.raises(ConflictError):
            said("chief", none)
    with pytest.raises(InvalidError):
        said("chief", apart, "too short")


def test_where_an_organisation_is_barred_its_stewards_neither_vote_nor_count() -> None:
    people = PEOPLE | {"jobs": replace(PEOPLE["jobs"], organisation="institute")}
    barred = replace(REQUEST, barred="institute")
    with pytest.raises(RefusedError) as refused:
        check_can_review(people["jobs"], barred, PROJECT)
    assert refused.value.reason == "own-organisation"
    check_can_review(PEOPLE["jobs"], barred, PROJECT)
    assert (entitled(REQUEST, PROJECT, people), entitled(barred, PROJECT, people)) == (
        set(ROLES),
        set(ROLES) - {"jobs"},
    )
    approved = voted(barred, ("health", YES), ("jobs", YES))
    assert {vote.steward for vote in counting(approved, PROJECT, people).votes} == {"health"}


def test_a_lead_steward_is_a_steward_too() -> None:
    check_roles((Role.STEWARD, Role.LEAD_STEWARD))
    for roles in ((Role.LEAD_STEWARD,), (Role.LEAD_STEWARD, Role.AUDITOR)):
        with pytest.raises(InvalidError):
            check_roles(roles)


def approved(request: ExportRequest) -> bool:
    return is_approved(request, 2)


def test_what_counts_is_asked_of_the_people_as_they_are() -> None:
    whole = voted(SEALED, ("health", YES), ("jobs", YES))
    assert approved(counting(whole, PROJECT, PEOPLE))
    ended = PEOPLE | {"jobs": replace(PEOPLE["jobs"], roles=())}
    assert not approved(counting(whole, PROJECT, ended))
    assert not approved(counting(whole, PROJECT, {"health": PEOPLE["health"]}))
    assert not approved(counting(whole, with_member(PROJECT, "jobs"), PEOPLE))


def test_a_dissent_stands_whatever_became_of_its_steward_and_an_override_falls_with_its_lead() -> None:
    apart = voted(SEALED, ("health", YES), ("jobs", NO), ("transport", YES))
    gone = {name: person for name, person in PEOPLE.items() if name != "jobs"}
    assert dissents(counting(apart, PROJECT, gone))
    gone_on = said("chief", apart)
    assert approved(counting(gone_on, PROJECT, gone))
    plain = PEOPLE | {"chief": replace(PEOPLE["chief"], roles=(Role.STEWARD,))}
    assert not approved(counting(gone_on, PROJECT, plain))
    assert not approved(counting(gone_on, with_member(PROJECT, "chief"), PEOPLE))
    alone = PEOPLE | {name: replace(PEOPLE[name], roles=()) for name in ("health", "transport")}
    assert not is_approved(counting(cast(gone_on, "chief", YES), PROJECT, alone), 1)


DRAFT = replace(REQUEST, state=ExportState.DRAFT, policy="", turn=0)
NUMBERS = {P: {OutputClass.CODE: 1, OutputClass.MODEL: 3}, Q: {OutputClass.MODEL: 4}}
"""How two policies differ from the number of votes that all other classes need."""


def asked_by(policy: str, needed: int) -> Quorum:
    return Quorum(policy, {each: NUMBERS[policy].get(each, needed) for each in KNOWN})


@dataclass
class Life:
    """A request through the rules as the use cases put them together; ``ledger`` is read by no rule.

    It holds what each steward last said of which bytes under which policy and beside what else they read, since the
    check that last dropped votes (``era``), with what ``stayed`` over it, and against whose words a lead steward went
    on. ``needed`` votes are asked for where ``NUMBERS`` say nothing else of a class; ``force`` is the policy in force.
    """

    needed: int
    blind: bool
    request: ExportRequest = DRAFT
    project: Project = PROJECT
    people: dict[str, Person] = field(default_factory=lambda: dict(PEOPLE))
    ledger: dict[tuple[int, str, str], tuple[str, str, str, Decision]] = field(default_factory=dict)
    against: set[tuple[int, str, str, str]] = field(default_factory=set)
    releases: int = 0
    over_a_dissent: int = 0
    supported: int = 0
    stayed: int = 0
    era: int = 0
    may: dict[tuple[str, str], tuple[str, str, str, Decision]] = field(default_factory=dict)
    moment: datetime = NOW
    force: str = P
    numbers: set[int] = field(default_factory=set)

    def _needed(self) -> int:
        return asked_by(self.force, self.needed).needed(self.request)

    def enforce(self, policy: str) -> None:
        self.force = policy

    def _counted(self) -> ExportRequest:
        known = {name: self.people[name] for name in voters(self.request)}
        return counting(self.request, self.project, known)

    def submit(self) -> None:
        sent = step_request(self.request, ExportStep.SUBMIT)
        self.may = self._may_by_hand()
        self.request = replace(without_votes(sent), votes=may_stay(self.request), policy="", turn=sent.turn + 1)

    def _may_by_hand(self) -> dict[tuple[str, str], tuple[str, str, str, Decision]]:
        """Who said yes to what was known to all, of files that nobody said no to."""
        if self.blind:
            return {}
        of = {(who, path): said for (era, who, path), said in self.ledger.items() if era == self.era}
        contested = {path for (_, path), said in of.items() if said[-1] is NO}
        return {(who, path): said for (who, path), said in of.items() if path not in contested}

    def check(self, canonical: str, *classes: OutputClass) -> None:
        policy = self.force
        first = replace(FILES[0], canonical=canonical, classes=classes)
        groups = {f.path: f.group for f in self.request.files}
        judged = (first, replace(FILES[1], classes=(OutputClass.CODE,)))
        files = tuple(replace(f, group=groups[f.path]) for f in judged)
        same = (self.request.files, self.request.policy) == (files, policy)
        is_again = self.request.state is ExportState.RECHECKING
        stepped = step_request(self.request, ExportStep.CONFIRM if is_again and same else ExportStep.PASS)
        judged = replace(stepped, files=files, policy=policy)
        if not (is_again and same):
            votes = () if is_again or self.blind else staying(self.request.votes, judged)
            judged = replace(without_votes(judged), votes=votes)
            self._begin_era({} if is_again else self.may, judged)
        self.request = judged

    def _begin_era(self, may: dict[tuple[str, str], tuple[str, str, str, Decision]], judged: ExportRequest) -> None:
        """What was said stays said of files that are read as they were."""
        self.era += 1
        files = {f.path: (f.canonical, judged.policy, self._read_by_hand(judged, f)) for f in judged.files}
        for (who, path), said in may.items():
            if said[:3] == files[path]:
                self.ledger[self.era, who, path] = said
        self.stayed += bool(judged.votes)

    def recheck(self) -> None:
        self.request = step_request(self.request, ExportStep.RECHECK)

    def vote(self, who: str, decision: Decision, path: str) -> None:
        seen = self._counted()
        check_can_review(self.people[who], seen, self.project)
        if seen.state is ExportState.SUBMITTED:
            seen = step_request(seen, ExportStep.REVIEW)
        if seen.state is ExportState.APPROVED and not is_approved(seen, self._needed()):
            seen = step_request(seen, ExportStep.REOPEN)
        if seen.state is not ExportState.IN_REVIEW:
            raise ConflictError("not in review", reason="not-in-review")
        self.moment += timedelta(seconds=1)
        done = cast(seal(seen, is_blind=self.blind), who, decision, path, self.moment)
        may = entitled(done, self.project, {name: self.people[name] for name in voters(done)})
        self.request = judge(open_if_complete(done, may, self._needed()), self._needed())
        for file in done.files:
            if path in ("", file.path):
                read = self._read_by_hand(seen, file)
                self.ledger[self.era, who, file.path] = (file.canonical, seen.policy, read, decision)
                self.against = {a for a in self.against if a[:1] + a[2:] != (self.era, who, file.path)}

    def override(self, who: str) -> None:
        seen = self._counted()
        check_can_override(self.people[who], seen, self.project)
        over = dissents(seen)
        self.request = judge(override(seen, Override(who, WHY, NOW, over)), self._needed())
        self.against |= {(self.era, who, v.steward, v.path) for v in over}

    def end_role(self, who: str) -> None:
        self.people[who] = replace(self.people[who], roles=())

    def begin_role(self, who: str) -> None:
        self.people[who] = replace(self.people[who], roles=ROLES[who])

    def join(self, who: str) -> None:
        self.project = with_member(self.project, who)

    def release(self) -> None:
        request = self._counted()
        check_can_release(request, asked_by(self.force, self.needed))
        self.request = step_request(step_request(request, ExportStep.BEGIN_RELEASE), ExportStep.RELEASE)
        self.releases += 1
        members = {self.project.lead, *self.project.members}
        able = {n for n, p in self.people.items() if Role.STEWARD in p.roles and n not in members}
        heads = {n for n in able if Role.LEAD_STEWARD in self.people[n].roles}
        least = self._least_by_hand(request)
        self.numbers.add(least)
        assert [file.path for file in request.files] == [file.path for file in FILES]
        assert not {file.path for file in request.supporting} & {file.path for file in request.files}
        assert not {vote.path for vote in request.votes} & {file.path for file in request.supporting}
        self.supported += bool(request.supporting)
        for file in request.files:
            of = {who: said for (era, who, path), said in self.ledger.items() if (era, path) == (self.era, file.path)}
            read = self._read_by_hand(request, file)
            yes = {who for who, said in of.items() if said == (file.canonical, request.policy, read, YES)} & able
            no = {who for who, (c, p, _, d) in of.items() if d is NO and (c, p) == (file.canonical, request.policy)}
            assert len(yes) >= least, (request, of)
            for dissenter in no:
                over = {w for t, w, d, p in self.against if (t, d, p) == (self.era, dissenter, file.path)} & heads
                assert over - {dissenter}, (request, of)
                assert any(yes - {lead} for lead in over)
                self.over_a_dissent += 1

    @staticmethod
    def _read_by_hand(request: ExportRequest, file: ExportFile) -> str:
        """What stands above and beside a file, as who votes reads it."""
        above = [request.context if not file.group else "", *(str(g) for g in request.groups if g.name == file.group)]
        return " ".join([*above, *map(str, file.classes), *(f.path for f in request.supporting)])

    def describe(self, words: str, *paths: str) -> None:
        """As an author does it, by the rules; and ``forge`` as nobody can, since the votes themselves must hold."""
        check_can_be_described(self.request)
        self.forge(words, *paths)

    def support(self, *paths: str) -> None:
        """Name supporting files as an author does, among them what is to leave."""
        check_can_be_described(self.request)
        said = described(self.request, "what is in no group, in words", [], paths)
        places = {f.path: f for f in said.files}
        self.request = replace(said, files=tuple(places[f.path] for f in FILES))

    def forge(self, words: str, *paths: str) -> None:
        group = FileGroup("named", *[f"{words} in a sentence of its own"] * 4)
        known = [file.path for file in self.request.supporting]
        said = described(self.request, f"{words} of all that is in no group", [(group, paths)] if paths else [], known)
        places = {f.path: f for f in said.files}
        self.request = replace(said, files=tuple(places[f.path] for f in FILES))

    def _least_by_hand(self, request: ExportRequest) -> int:
        """How many votes the policy that the votes name asks for; the second file is code."""
        (policy,) = {v.policy for v in request.votes}
        said = request.files[0].classes
        if not said or OutputClass.UNKNOWN in said:
            return max(self.needed, *NUMBERS[policy].values())
        code = 1 if policy == P else self.needed
        return max(code, *(NUMBERS[policy].get(each, self.needed) for each in said))


Act = tuple[object, ...]


def acts_of(chance: Random, number: int) -> list[Act]:
    def act() -> Act:
        who = chance.choice(list(ROLES))
        often: list[Act] = [
            ("vote", who, YES, ""),
            ("vote", who, YES, ""),
            ("vote", who, chance.choice([YES, NO]), chance.choice(["", "one.csv", "two.csv"])),
            ("check", A, OutputClass.TABLE),
            ("override", "chief"),
            ("release",),
            ("submit",),
        ]
        seldom: list[Act] = [
            ("recheck",),
            ("enforce", chance.choice([P, Q])),
            ("check", chance.choice([A, B])),
            ("check", A, OutputClass.CODE),
            ("check", A, chance.choice(list(OutputClass)), chance.choice(list(OutputClass))),
            ("vote", who, NO, ""),
            (chance.choice(["describe", "forge"]), chance.choice(["one", "two"])),
            (
                chance.choice(["describe", "forge"]),
                chance.choice(["one", "two"]),
                chance.choice(["one.csv", "two.csv"]),
            ),
            ("support", chance.choice(["words.txt", "one.csv"])),
            ("support", "words.txt", "two.csv"),
            ("override", who),
            ("end_role", who),
            ("begin_role", chance.choice(list(ROLES))),
            ("join", who),
        ]
        return chance.choice(often if chance.random() < 0.85 else seldom)

    return [act() for _ in range(number)]


def lived(needed: int, blind: bool, seed: int) -> Life:
    life = Life(needed, blind)
    first = ("check", A, Random(seed).choice(list(OutputClass)))
    for what, *more in [("support", "words.txt"), ("submit",), first, *acts_of(Random(seed), 40)]:
        try:
            getattr(life, str(what))(*more)
        except LabError:
            continue
    return life


@settings(max_examples=800, deadline=None)
@given(st.integers(1, 3), st.booleans(), st.integers(0, 2**64))
def test_no_life_reaches_a_release_without_the_distinct_eligible_votes_on_exactly_the_digests(
    needed: int, blind: bool, seed: int
) -> None:
    lived(needed, blind, seed)


def test_lives_do_reach_releases_also_over_a_dissent() -> None:
    """The property above would hold of lives in which nothing is ever released; many of these release something."""
    lives = [lived(2, blind, seed) for seed in range(300) for blind in (True, False)]
    assert sum(life.releases for life in lives) >= 30
    assert sum(life.over_a_dissent for life in lives) >= 5
    assert sum(life.supported for life in lives) >= 30
    assert sum(life.stayed for life in lives) >= 10
    assert set().union(*(life.numbers for life in lives)) >= {1, 2, 3}
