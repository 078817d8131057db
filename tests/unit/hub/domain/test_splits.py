"""Facts about splitting a request, and the life of requests that are split: no path to a release without its votes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.ballots import Decision, Vote
from hub.domain.errors import ConflictError, InvalidError, LabError, RefusedError
from hub.domain.exports import (
    STEPS,
    ExportFile,
    ExportRequest,
    ExportState,
    ExportStep,
    Finding,
    Severity,
    step_checked,
    step_request,
)
from hub.domain.file_groups import UNNAMED, context_digests
from hub.domain.output_classes import KNOWN, OutputClass
from hub.domain.people import Person, Role
from hub.domain.projects import Project
from hub.domain.quorums import Quorum
from hub.domain.splits import BY_STEWARDS, check_can_split, split_request
from hub.domain.statements import Statement
from hub.domain.supporting import SupportingFile
from hub.domain.votes import add_votes, check_can_release, check_can_review, dissents, is_approved

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FOUND = (Finding("dominance", Severity.REVIEW, "a.csv, row 1", "one unit holds most"),)
FILES = tuple(ExportFile(p, sha256=p[0] * 64, size=9, canonical="f" * 64, findings=FOUND) for p in ("a.csv", "b.csv"))
CONTEXT = context_digests("context", ())[UNNAMED]
VOTES = tuple(Vote("health", f.path, f.canonical, "p" * 64, Decision.APPROVE, "", NOW, context=CONTEXT) for f in FILES)
REQUEST = ExportRequest(
    "export-1", "care", "author", "run-1", "context", NOW, {"jobs": "d" * 64}, FILES, ExportState.IN_REVIEW,
    "p" * 64, "1", 3, VOTES, "", NOW, claimed_by="health", claimed=NOW,
    statement=Statement("author", NOW, "I looked at each file.", "e" * 64),
)  # fmt: skip
PROJECT = Project("care", "Care", "p", "lead", date(2026, 1, 1), date(2026, 12, 31), 1, ("author",), ("former",))


def test_each_file_is_in_one_half_as_it_was_taken_in_and_without_votes() -> None:
    rest, part = split_request(REQUEST, ["b.csv"], "export-2", NOW, "why")
    assert [f.path for f in rest.files] == ["a.csv"]
    assert [f.path for f in part.files] == ["b.csv"]
    for half in (rest, part):
        assert (half.votes, half.policy, half.state, half.reason) == ((), "", ExportState.CHECKING, "why")
        assert (half.author, half.source, half.snapshots, half.submitted) == (
            "author",
            "run-1",
            {"jobs": "d" * 64},
            NOW,
        )
        assert (half.claimed_by, half.claimed) == ("", None)
        file = half.files[0]
        assert (file.sha256, file.size, file.canonical, file.findings) == (file.path[0] * 64, 9, "", ())
    assert (rest.turn, part.turn) == (4, 1)


def test_both_halves_name_each_other_also_after_a_second_split() -> None:
    three = replace(REQUEST, files=(*FILES, ExportFile("c.csv", sha256="c" * 64)))
    rest, part = split_request(three, ["b.csv"], "export-2", NOW)
    again, other = split_request(replace(rest, state=ExportState.IN_REVIEW), ["c.csv"], "export-3", NOW)
    assert (again.split_into, part.split_from, other.split_from) == (("export-2", "export-3"), "export-1", "export-1")
    assert (again.split_from, part.split_into) == ("", ())


@pytest.mark.parametrize("paths", [[], ["a.csv", "b.csv"], ["none.csv"], ["a.csv", "none.csv"]])
def test_neither_half_is_empty_and_nothing_is_made_up(paths: list[str]) -> None:
    with pytest.raises(InvalidError):
        split_request(REQUEST, paths, "export-2", NOW)


@pytest.mark.parametrize(
    "other", [{"statement": None}, {"supporting": (SupportingFile("codebook.md"),)}], ids=["unstated", "not-taken-in"]
)
def test_what_its_author_has_not_stated_as_it_is_now_is_not_split(other: dict[str, Any]) -> None:
    with pytest.raises(ConflictError, match="submits it again before it is split"):
        split_request(replace(REQUEST, **other), ["b.csv"], "export-2", NOW)
    assert split_request(REQUEST, ["b.csv"], "export-2", NOW)[1].statement == REQUEST.statement


@pytest.mark.parametrize("state", ExportState)
def test_only_what_is_not_decided_is_split(state: ExportState) -> None:
    request = replace(REQUEST, state=state)
    if (state, ExportStep.SPLIT) in STEPS:
        assert split_request(request, ["a.csv"], "export-2", NOW)[0].state is ExportState.CHECKING
        assert state not in (ExportState.APPROVED, ExportState.RELEASED, ExportState.REJECTED, ExportState.WITHDRAWN)
        return
    with pytest.raises(ConflictError):
        split_request(request, ["a.csv"], "export-2", NOW)


@pytest.mark.parametrize("state", ExportState)
def test_a_steward_splits_what_is_in_review_or_returned(state: ExportState) -> None:
    request, steward = replace(REQUEST, state=state), Person("health", "H", "office", (Role.STEWARD,))
    check_can_split(Person("author", "A", "office", (Role.RESEARCHER,)), request, PROJECT)
    if state in BY_STEWARDS:
        check_can_split(steward, request, PROJECT)
    else:
        with pytest.raises(ConflictError):
            check_can_split(steward, request, PROJECT)


@pytest.mark.parametrize(
    ("name", "role"),
    [("lead", Role.STEWARD), ("former", Role.STEWARD), ("auditor", Role.AUDITOR), ("admin", Role.ADMINISTRATOR)],
)
def test_nobody_else_splits(name: str, role: Role) -> None:
    with pytest.raises(RefusedError):
        check_can_split(Person(name, name, "office", (role,)), REQUEST, PROJECT)


@dataclass
class Life:
    """A request and what was split off it, through the rules as the use cases put them together.

    ``looked`` is a ledger of its own: who approved which bytes under which policy, in which submission of which
    request. No rule reads it; a release is held against it. The first file is a table, which needs ``needed`` votes;
    the others are models, each of which needs one more, and so does what ever stood beside one.
    """

    needed: int
    requests: dict[str, ExportRequest] = field(default_factory=dict)
    looked: set[tuple[str, int, str, str, str, str]] = field(default_factory=set)
    released: list[str] = field(default_factory=list)

    def submit(self, key: str) -> None:
        sent = step_request(self.requests[key], ExportStep.SUBMIT)
        self.requests[key] = replace(sent, votes=(), policy="", turn=sent.turn + 1)

    def check(self, key: str, canonical: str, policy: str, *, blocks: bool) -> None:
        before = self.requests[key]
        found = (Finding("dominance", Severity.BLOCK, "x", "no"),) if blocks else ()
        files = tuple(replace(f, canonical=canonical, findings=found, classes=CLASSES[f.path]) for f in before.files)
        judged = replace(before, files=files, policy=policy)
        step = step_checked(before, judged)
        votes = before.votes if step is ExportStep.CONFIRM else ()
        self.requests[key] = replace(step_request(judged, step), votes=votes)

    def recheck(self, key: str) -> None:
        self.requests[key] = step_request(self.requests[key], ExportStep.RECHECK)

    def vote(self, key: str, who: str, decision: Decision, half: bool) -> None:
        seen = self.requests[key]
        check_can_review(Person(who, who, "office", (Role.STEWARD,)), seen, PROJECT)
        if seen.state is ExportState.SUBMITTED:
            seen = step_request(seen, ExportStep.REVIEW)
        if seen.state is not ExportState.IN_REVIEW:
            raise ConflictError("not in review", reason="not-in-review")
        files = seen.files[:1] if half else seen.files
        cast = tuple(Vote(who, f.path, f.canonical, seen.policy, decision, "", NOW, context=CONTEXT) for f in files)
        voted = add_votes(seen, cast)
        if decision is Decision.APPROVE:
            self.looked |= {(key, seen.turn, who, v.path, v.canonical, v.policy) for v in cast}
        if dissents(voted):
            voted = step_request(voted, ExportStep.RETURN)
        elif is_approved(voted, self._quorum().needed(voted)):
            voted = step_request(voted, ExportStep.APPROVE)
        self.requests[key] = voted

    def _quorum(self) -> Quorum:
        return Quorum(P, {**dict.fromkeys(KNOWN, self.needed), OutputClass.MODEL: self.needed + 1})

    def split(self, key: str, first: bool) -> None:
        before = self.requests[key]
        paths = [before.files[0].path] if first else [f.path for f in before.files[1:]]
        name = f"export-{len(self.requests) + 1}"
        self.requests[key], self.requests[name] = split_request(before, paths, name, NOW)

    def release(self, key: str) -> None:
        request = self.requests[key]
        check_can_release(request, replace(self._quorum(), policy=request.policy))
        self.requests[key] = step_request(step_request(request, ExportStep.BEGIN_RELEASE), ExportStep.RELEASE)
        self.released.append(key)
        for file in request.files:
            bound = {
                who
                for name, turn, who, path, canonical, policy in self.looked
                if (name, turn, path, canonical, policy)
                == (key, request.turn, file.path, file.canonical, request.policy)
            }
            assert len(bound - {"author", "lead", "former"}) >= self.needed + 1, (request, file)


TABLE, MODEL = (OutputClass.TABLE,), (OutputClass.MODEL,)
CLASSES = {"a.csv": TABLE, "b.csv": MODEL, "c.csv": MODEL}
A, B, P, Q = "a" * 64, "b" * 64, "p" * 64, "q" * 64
APPROVE, CHANGES = Decision.APPROVE, Decision.CHANGES
Act = tuple[object, ...]


def acts_of(chance: Random, number: int) -> list[Act]:
    """Acts by chance, most of which lead somewhere: of lives of equally likely acts, hardly one reaches a release."""

    def act() -> Act:
        which = chance.randrange(3)
        often: list[Act] = [
            ("check", which, A, P),
            ("vote", which, chance.choice(["health", "jobs"]), APPROVE, False),
            ("vote", which, chance.choice(["health", "jobs"]), APPROVE, False),
            ("release", which),
            ("split", which, chance.random() < 0.5),
        ]
        seldom: list[Act] = [
            ("submit", which),
            ("check", which, chance.choice([A, B]), chance.choice([P, Q])),
            ("block", which),
            ("recheck", which),
            ("vote", which, chance.choice(["transport", "author", "lead", "former"]), APPROVE, True),
            ("vote", which, "transport", CHANGES, False),
        ]
        return chance.choice(often if chance.random() < 0.9 else seldom)

    return [act() for _ in range(number)]


BEGINNING: list[Act] = [("submit", 0), ("check", 0, A, P)]


def lived(needed: int, acts: list[Act]) -> Life:
    offered = tuple(ExportFile(p, sha256=p[0] * 64, size=9) for p in ("a.csv", "b.csv", "c.csv"))
    draft = replace(REQUEST, files=offered, state=ExportState.DRAFT, votes=(), policy="", turn=0)
    life = Life(needed, {draft.id: draft})
    for what, which, *more in acts:
        key = list(life.requests)[int(str(which)) % len(life.requests)]
        try:
            match what:
                case "block":
                    life.check(key, "a" * 64, "p" * 64, blocks=True)
                case "check":
                    life.check(key, str(more[0]), str(more[1]), blocks=False)
                case _:
                    getattr(life, str(what))(key, *more)
        except LabError:
            continue
    return life


@settings(max_examples=600, deadline=None)
@given(st.integers(1, 3), st.integers(0, 2**64))
def test_no_life_of_split_requests_reaches_a_release_without_its_votes(needed: int, seed: int) -> None:
    life = lived(needed, BEGINNING + acts_of(Random(seed), 60))
    paths = [f.path for request in life.requests.values() for f in request.files]
    assert sorted(paths) == ["a.csv", "b.csv", "c.csv"]
    for key, request in life.requests.items():
        assert all(life.requests[other].split_from == key for other in request.split_into)
        assert not request.split_from or key in life.requests[request.split_from].split_into


def test_a_split_life_does_reach_releases() -> None:
    """The property above would hold of a life in which nothing is ever released; this one is no such life."""
    both: list[Act] = [("submit", 0), ("check", 0, "a" * 64, "p" * 64)]
    both += [("vote", 0, "health", Decision.APPROVE, False), ("split", 0, True)]
    for which in (0, 1):
        both += [("check", which, "a" * 64, "p" * 64), ("release", which)]
        both += [("vote", which, "jobs", Decision.APPROVE, False), ("release", which)]
        both += [("vote", which, "health", Decision.APPROVE, False), ("release", which)]
    life = lived(1, both)
    assert life.released == ["export-1", "export-2"]
    votes = [len(r.votes) for r in life.requests.values()]
    assert votes == [4, 2]
