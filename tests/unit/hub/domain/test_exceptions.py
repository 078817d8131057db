"""What an exception covers, who grants it, and the life of a request with exceptions: no release without its votes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.ballots import Decision, Vote
from hub.domain.errors import ConflictError, InvalidError, LabError, RefusedError
from hub.domain.exceptions import (
    EXCEPTABLE,
    ExceptionVote,
    GateException,
    Ground,
    Word,
    check_can_be_excepted,
    check_not_asked,
    check_text,
    covered,
    holds,
    say,
    standing,
)
from hub.domain.exports import (
    ExportFile,
    ExportRequest,
    ExportState,
    ExportStep,
    Finding,
    Severity,
    finding_id,
    is_blocked,
    step_checked,
    step_request,
)
from hub.domain.file_groups import UNNAMED, context_digests
from hub.domain.output_classes import KNOWN
from hub.domain.people import Person, Role
from hub.domain.projects import Project
from hub.domain.quorums import Quorum
from hub.domain.votes import add_votes, check_can_release, check_can_review, counting, judge, voters
from hub.gate.checks.catalogue import CHECKS, REQUEST_CHECKS

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LASTS = timedelta(days=30)
BLOCK = Finding("minimum-frequency", Severity.BLOCK, "t.csv, row 1", "A cell stands for few.", "10")
OTHER = Finding("dominance", Severity.BLOCK, "t.csv, row 2", "One holds most.")
A, B, P, Q = "a" * 64, "b" * 64, "p" * 64, "q" * 64
CONTEXT = context_digests("context", ())[UNNAMED]
TWO = Quorum(P, dict.fromkeys(KNOWN, 2))
FILE = ExportFile("t.csv", sha256="s" * 64, size=9, canonical=A, findings=(BLOCK,))
REQUEST = ExportRequest(
    "export-1", "care", "author", "run-1", "context", NOW, {"jobs": "d" * 64}, (FILE,), ExportState.BLOCKED, P, "1", 1
)
PROJECT = Project("care", "Care", "p", "lead", date(2026, 1, 1), date(2026, 12, 31), 1, ("author",), ("former",))
ASKED = GateException(
    "exception-1", "export-1", "care", "t.csv", BLOCK.check, BLOCK.place, finding_id(BLOCK), A, P, Ground.PUBLIC, "why",
    "author", NOW,
)  # fmt: skip


def said(known: GateException, *words: tuple[str, Word], needed: int = 3) -> GateException:
    for who, word in words:
        known = say(known, ExceptionVote(who, word, "because", NOW), needed, A, P, [who for who, _ in words])
    return known


GRANTS = tuple((who, Word.GRANT) for who in ("health", "jobs", "transport"))
GRANTED = said(ASKED, *GRANTS)
STEWARDS = frozenset({"health", "jobs", "transport", "climate"})


def test_what_may_be_excepted_are_rules_that_there_are_and_none_that_tells_of_a_person() -> None:
    known = {check.identifier for check in (*CHECKS, *REQUEST_CHECKS)}
    assert known >= EXCEPTABLE
    assert not EXCEPTABLE & {
        *("row-leak", "column-leak", "canary", "direct-identifiers", "personal-numbers", "enterprise-numbers"),
        *("contacts", "secrets", "encoded-payload", "header-values", "microdata", "residuals", "stored-records"),
        *("scattered-rows", "scattered-identifiers", "scattered-text", "scaled-columns", "membership", "differencing"),
        *("reader", "volume", "provenance", "recompute", "picture", "free-text", "values"),
    }


@pytest.mark.parametrize("check", ["row-leak", "canary", "direct-identifiers", "reader", "a-check-of-tomorrow"])
def test_nobody_asks_for_an_exception_from_what_never_leaves(check: str) -> None:
    with pytest.raises(RefusedError, match="no exception"):
        check_can_be_excepted(REQUEST, FILE, replace(BLOCK, check=check))
    known = replace(GRANTED, check=check)
    assert covered(replace(REQUEST, files=(replace(FILE, findings=(replace(BLOCK, check=check),)),)), [known]) == set()


def test_it_is_asked_for_while_something_can_still_be_decided() -> None:
    for state in ExportState:
        request = replace(REQUEST, state=state)
        if state in (ExportState.BLOCKED, ExportState.SUBMITTED, ExportState.IN_REVIEW, ExportState.APPROVED):
            check_can_be_excepted(request, FILE, BLOCK)
        else:
            with pytest.raises(ConflictError):
                check_can_be_excepted(request, FILE, BLOCK)
    with pytest.raises(RefusedError, match="canonical"):
        check_can_be_excepted(REQUEST, replace(FILE, canonical=""), BLOCK)
    for severity in (Severity.NOTE, Severity.FIXED):
        with pytest.raises(RefusedError):
            check_can_be_excepted(REQUEST, FILE, replace(BLOCK, severity=severity))
    with pytest.raises(InvalidError):
        check_text("too short")


def test_a_granted_exception_covers_its_finding_and_no_other() -> None:
    assert covered(REQUEST, [GRANTED]) == {("t.csv", finding_id(BLOCK))}
    assert not is_blocked(REQUEST, covered(REQUEST, [GRANTED]))
    assert is_blocked(replace(REQUEST, files=(replace(FILE, findings=(BLOCK, OTHER)),)), covered(REQUEST, [GRANTED]))
    assert is_blocked(REQUEST)


@pytest.mark.parametrize(
    "changed",
    [
        replace(REQUEST, files=(replace(FILE, canonical=B),)),
        replace(REQUEST, policy=Q),
        replace(REQUEST, policy=""),
        replace(REQUEST, id="export-2"),
        replace(REQUEST, files=(replace(FILE, path="u.csv"),)),
        replace(REQUEST, files=(replace(FILE, canonical=""),)),
        replace(REQUEST, files=(replace(FILE, findings=(replace(BLOCK, place="t.csv, row 9"),)),)),
        replace(REQUEST, files=(replace(FILE, findings=(replace(BLOCK, rule="20"),)),)),
        replace(REQUEST, files=(replace(FILE, findings=(replace(BLOCK, parameters=(("n", "9"),)),)),)),
    ],
)
def test_another_byte_policy_place_or_number_is_not_covered(changed: ExportRequest) -> None:
    assert covered(changed, [GRANTED]) == set()


def test_it_takes_as_many_different_stewards_as_are_needed() -> None:
    assert said(ASKED, *GRANTS[:2]).granted is None
    assert said(ASKED, GRANTS[0], GRANTS[0], GRANTS[0]).granted is None
    assert GRANTED.granted == NOW
    assert holds(GRANTED, STEWARDS, 3, NOW, LASTS)
    assert not holds(GRANTED, STEWARDS, 4, NOW, LASTS)
    assert not holds(GRANTED, STEWARDS, 0, NOW, LASTS)


def test_one_steward_who_says_no_ends_it() -> None:
    denied = said(ASKED, GRANTS[0], ("jobs", Word.DENY))
    assert denied.denied == NOW
    with pytest.raises(ConflictError, match="decided"):
        said(denied, GRANTS[2])
    assert not holds(replace(GRANTED, denied=NOW), STEWARDS, 3, NOW, LASTS)
    with pytest.raises(InvalidError):
        say(ASKED, ExceptionVote("jobs", Word.DENY, " ", NOW), 3, A, P, STEWARDS)


def test_a_word_names_the_bytes_and_the_policy_that_were_seen() -> None:
    for canonical, policy in ((B, P), (A, Q)):
        with pytest.raises(ConflictError):
            say(ASKED, ExceptionVote("jobs", Word.GRANT, "", NOW), 3, canonical, policy, STEWARDS)


def test_one_that_counts_no_more_is_asked_for_again_and_takes_the_earlier_ones_place() -> None:
    """Of an open one, one that counts and one that was denied there is no second."""
    again = replace(GRANTED, id="exception-2", granted=None, votes=())
    denied = replace(again, denied=NOW)
    where = (REQUEST, GRANTED.path, GRANTED.finding)
    check_not_asked(*where, [], ())
    check_not_asked(*where, [GRANTED], ())
    check_not_asked(*where, [replace(denied, canonical=B)], ())
    for asked, now in (([GRANTED], {GRANTED.id}), ([GRANTED, again], ()), ([GRANTED, denied], ()), ([ASKED], ())):
        with pytest.raises(ConflictError, match="already"):
            check_not_asked(*where, asked, now)
    assert standing([GRANTED, again]) == [again]
    assert standing([GRANTED, replace(GRANTED, canonical=B)]) == [GRANTED, replace(GRANTED, canonical=B)]


def test_it_holds_from_its_grant_to_its_last_moment_whatever_is_stored() -> None:
    assert not holds(GRANTED, STEWARDS, 3, NOW - timedelta(seconds=1), LASTS)
    assert holds(GRANTED, STEWARDS, 3, NOW + LASTS - timedelta(seconds=1), LASTS)
    assert not holds(GRANTED, STEWARDS, 3, NOW + LASTS, LASTS)
    assert not holds(ASKED, STEWARDS, 3, NOW, LASTS)
    assert not holds(replace(ASKED, granted=NOW), STEWARDS, 3, NOW, LASTS)


@pytest.mark.parametrize("who", ["lead", "author", "former"])
def test_the_word_of_whoever_joined_the_project_no_longer_counts(who: str) -> None:
    theirs = said(ASKED, *GRANTS[:2], (who, Word.GRANT))
    assert theirs.granted == NOW
    assert not holds(theirs, STEWARDS, 3, NOW, LASTS)


def test_the_word_of_a_steward_whose_role_has_ended_no_longer_counts() -> None:
    assert not holds(GRANTED, STEWARDS - {"jobs"}, 3, NOW, LASTS)
    late = say(said(ASKED, *GRANTS[:2]), ExceptionVote("climate", Word.GRANT, "", NOW), 3, A, P, STEWARDS - {"jobs"})
    assert late.granted is None
    assert say(late, ExceptionVote("transport", Word.GRANT, "", NOW), 3, A, P, STEWARDS - {"jobs"}).granted == NOW


def test_nothing_is_released_over_a_block_that_nothing_covers() -> None:
    votes = tuple(Vote(w, "t.csv", A, P, Decision.APPROVE, "", NOW, context=CONTEXT) for w in ("health", "jobs"))
    approved = replace(REQUEST, state=ExportState.APPROVED, votes=votes)
    with pytest.raises(RefusedError, match="blocks"):
        check_can_release(approved, TWO)
    check_can_release(approved, TWO, covered(approved, [GRANTED]))
    with pytest.raises(RefusedError, match="blocks"):
        check_can_release(approved, TWO, covered(approved, [replace(GRANTED, canonical=B)]))


@dataclass
class Life:
    """A request with exceptions, through the rules as the use cases put them together.

    ``looked`` and ``granted`` are ledgers of their own: who approved, or granted, what on which bytes under which
    policy. No rule reads them; a release is held against both.
    """

    needed: int
    request: ExportRequest
    now: datetime = NOW
    asked: list[GateException] = field(default_factory=list)
    looked: set[tuple[int, str, str, str]] = field(default_factory=set)
    granted: dict[tuple[str, str, str, str], datetime] = field(default_factory=dict)
    stewards: set[str] = field(default_factory=lambda: set(STEWARDS))
    denied: set[tuple[str, str, str]] = field(default_factory=set)
    asked_again: int = 0
    releases: int = 0
    over_a_block: int = 0

    def _covered(self, request: ExportRequest) -> frozenset[tuple[str, str]]:
        return covered(request, self._counting())

    def _counting(self) -> list[GateException]:
        return [e for e in standing(self.asked) if holds(e, self.stewards, self.needed + 1, self.now, LASTS)]

    def _person(self, name: str) -> Person:
        ended = name in STEWARDS and name not in self.stewards
        return Person(name, name, "office", () if ended else (Role.STEWARD,))

    def end_role(self, who: str) -> None:
        self.stewards.discard(who)

    def begin_role(self, who: str) -> None:
        self.stewards.add(who)

    def submit(self) -> None:
        sent = step_request(self.request, ExportStep.SUBMIT)
        self.request = replace(sent, votes=(), policy="", turn=sent.turn + 1)

    def check(self, canonical: str, policy: str, *found: Finding) -> None:
        files = tuple(replace(f, canonical=canonical, findings=found) for f in self.request.files)
        judged = replace(self.request, files=files, policy=policy)
        step = step_checked(self.request, judged, self._covered(judged))
        votes = self.request.votes if step is ExportStep.CONFIRM else ()
        self.request = replace(step_request(judged, step), votes=votes)

    def recheck(self) -> None:
        again = step_request(self.request, ExportStep.RECHECK)
        self.request = replace(again, turn=again.turn + 1)

    def ask(self, number: int) -> None:
        file = self.request.files[0]
        finding = file.findings[number % len(file.findings)] if file.findings else BLOCK
        check_can_be_excepted(self.request, file, finding)
        counting = {e.id for e in self._counting()}
        check_not_asked(self.request, file.path, finding_id(finding), self.asked, counting)
        which = (file.path, finding.check, finding.place, finding_id(finding), file.canonical, self.request.policy)
        self.asked_again += any(e.granted and e.finding == finding_id(finding) for e in self.asked)
        self.asked.append(
            GateException(f"e{len(self.asked)}", "export-1", "care", *which, Ground.LAW, "why", "author", self.now)
        )

    def word(self, number: int, who: str, word: Word) -> None:
        if not self.asked:
            raise ConflictError("nothing was asked", reason="none")
        check_can_review(self._person(who), self.request, PROJECT)
        place = number % len(self.asked)
        known = self.asked[place]
        if not covered(self.request, [known]):
            raise ConflictError("another file", reason="vote-stale")
        vote = ExceptionVote(who, word, "because", self.now)
        file = self.request.files[0]
        self.asked[place] = say(known, vote, self.needed + 1, file.canonical, self.request.policy, self.stewards)
        if word is Word.GRANT:
            self.granted[who, known.finding, file.canonical, self.request.policy] = self.now
        else:
            self.denied.add((known.finding, file.canonical, self.request.policy))
        if self.request.state is ExportState.BLOCKED and not is_blocked(self.request, self._covered(self.request)):
            self.request = replace(step_request(self.request, ExportStep.EXCEPT), votes=())

    def vote(self, who: str, decision: Decision) -> None:
        seen = self.request
        check_can_review(self._person(who), seen, PROJECT)
        if seen.state is ExportState.SUBMITTED:
            seen = step_request(seen, ExportStep.REVIEW)
        if seen.state is not ExportState.IN_REVIEW:
            raise ConflictError("not in review", reason="not-in-review")
        cast = tuple(
            Vote(who, f.path, f.canonical, seen.policy, decision, "", self.now, context=CONTEXT) for f in seen.files
        )
        voted = add_votes(seen, cast)
        if decision is Decision.APPROVE:
            self.looked |= {(seen.turn, who, v.canonical, v.policy) for v in cast}
        self.request = judge(voted, self.needed)

    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    def release(self) -> None:
        people = {name: self._person(name) for name in voters(self.request)}
        request = counting(self.request, PROJECT, people)
        quorum = Quorum(request.policy, dict.fromkeys(KNOWN, self.needed))
        check_can_release(request, quorum, self._covered(request))
        self.request = step_request(step_request(request, ExportStep.BEGIN_RELEASE), ExportStep.RELEASE)
        self.releases += 1
        strangers = {"author", "lead", "former"} | (STEWARDS - self.stewards)
        file = request.files[0]
        voted = {who for _, who, c, p in self.looked if (c, p) == (file.canonical, request.policy)}
        assert len(voted - strangers) >= self.needed
        for finding in file.findings:
            if finding.severity is Severity.BLOCK:
                bound = {
                    who: at
                    for (who, f, c, p), at in self.granted.items()
                    if (f, c, p) == (finding_id(finding), file.canonical, request.policy) and who not in strangers
                }
                assert len(bound) >= self.needed + 1, (request, finding)
                assert self.now - max(bound.values()) < LASTS
                assert finding.check in EXCEPTABLE
                assert (finding_id(finding), file.canonical, request.policy) not in self.denied
                self.over_a_block += 1


NEVER = Finding("row-leak", Severity.BLOCK, "t.csv, row 1", "A row of the data stands here.")
Act = tuple[object, ...]


def acts_of(chance: Random, number: int) -> list[Act]:
    def act() -> Act:
        steward = chance.choice(["health", "jobs", "transport", "climate"])
        often: list[Act] = [
            ("word", chance.randrange(4), steward, Word.GRANT),
            ("word", chance.randrange(4), steward, Word.GRANT),
            ("word", chance.randrange(4), steward, Word.GRANT),
            ("vote", steward, Decision.APPROVE),
            ("vote", steward, Decision.APPROVE),
            ("ask", chance.randrange(2)),
            ("check", A, P, BLOCK),
            ("release",),
        ]
        seldom: list[Act] = [
            ("submit",),
            ("recheck",),
            ("check", chance.choice([A, B]), chance.choice([P, Q]), *chance.choice([(), (BLOCK, OTHER), (NEVER,)])),
            ("word", chance.randrange(4), chance.choice(["author", "lead", "former"]), Word.GRANT),
            ("word", chance.randrange(4), steward, Word.DENY),
            ("vote", steward, Decision.CHANGES),
            ("wait", chance.choice([1, 31])),
            ("end_role", steward),
            ("begin_role", chance.choice(sorted(STEWARDS))),
        ]
        return chance.choice(often if chance.random() < 0.9 else seldom)

    return [act() for _ in range(number)]


BEGINNING: list[Act] = [("submit",), ("check", A, P, BLOCK), ("ask", 0)]


def lived(needed: int, acts: list[Act]) -> Life:
    life = Life(needed, replace(REQUEST, state=ExportState.DRAFT, policy="", turn=0))
    for what, *more in acts:
        try:
            getattr(life, str(what))(*more)
        except LabError:
            continue
    return life


@settings(max_examples=600, deadline=None)
@given(st.integers(1, 3), st.integers(0, 2**64))
def test_no_life_with_exceptions_reaches_a_release_without_the_votes_on_exactly_the_digests(
    needed: int, seed: int
) -> None:
    lived(needed, BEGINNING + acts_of(Random(seed), 60))


def test_a_life_with_an_exception_does_reach_a_release_over_a_block() -> None:
    """The property above would hold of lives in which nothing blocked is ever released; some of these are no such."""
    lives = [lived(2, BEGINNING + acts_of(Random(seed), 60)) for seed in range(200)]
    assert sum(life.over_a_block for life in lives) >= 10
    assert sum(life.releases for life in lives) >= 10
    assert sum(life.asked_again for life in lives) >= 10
