"""Facts about groups of files: each file has a context, all of it is said, and votes rest on what was read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.domain.ballots import Decision, Vote
from hub.domain.descriptions import DESCRIBED_IN, check_can_be_described, described
from hub.domain.errors import ConflictError, InvalidError
from hub.domain.exports import ExportFile, ExportRequest, ExportState, contexts_of
from hub.domain.file_groups import LONGEST_NAME, MOST_GROUPS, PARTS, FileGroup, check_groups
from hub.domain.owners import seen_digest
from hub.domain.splits import split_request
from hub.domain.statements import Statement
from hub.domain.votes import add_votes, approvals, is_approved

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
P = "p" * 64
WORDS = "Mean wages by year, all persons of the panel."
TABLES = FileGroup("tables", *(f"{part}: said in a whole sentence" for part in PARTS))
FIGURES = replace(TABLES, name="figures")
FILES = tuple(ExportFile(path, sha256="e" * 64, canonical="f" * 64) for path in ("a.csv", "b.csv", "c.csv"))
DRAFT = ExportRequest("export-1", "care", "author", "run-1", "", NOW, {}, FILES)
WHOLE = described(DRAFT, WORDS, [(TABLES, ["a.csv"]), (FIGURES, ["b.csv"])])
STATED = Statement("author", NOW, "I looked at each file.", "e" * 64)
IN_REVIEW = replace(WHOLE, state=ExportState.IN_REVIEW, policy=P, turn=1, statement=STATED)


def voted(request: ExportRequest, *stewards: str) -> ExportRequest:
    contexts = contexts_of(request)
    cast = [
        Vote(who, f.path, f.canonical, P, Decision.APPROVE, "", NOW, context=contexts[f.group])
        for who in stewards
        for f in request.files
    ]
    return add_votes(request, tuple(cast))


def test_files_stand_in_the_order_of_their_groups_and_what_is_in_none_first() -> None:
    assert [(f.path, f.group) for f in WHOLE.files] == [("c.csv", ""), ("a.csv", "tables"), ("b.csv", "figures")]
    assert WHOLE.groups == (TABLES, FIGURES)


def test_a_request_with_its_own_context_alone_is_one_unnamed_group() -> None:
    plain = described(DRAFT, f"  {WORDS} ", [])
    assert (plain.context, plain.groups, {f.group for f in plain.files}) == (WORDS, (), {""})


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("said", ["", "too short", " " * 30])
def test_every_part_of_a_groups_context_is_said(part: str, said: str) -> None:
    with pytest.raises(InvalidError, match="20 characters") as refused:
        described(DRAFT, WORDS, [(replace(TABLES, **{part: said}), ["a.csv"])])
    assert refused.value.reason == "context-missing"


def test_files_in_no_group_need_the_requests_own_context_and_no_others_do() -> None:
    with pytest.raises(InvalidError, match="20 characters"):
        described(DRAFT, "", [(TABLES, ["a.csv"])])
    assert described(DRAFT, "", [(TABLES, ["a.csv", "b.csv", "c.csv"])]).context == ""


@pytest.mark.parametrize(
    "groups",
    [
        [(TABLES, ["a.csv"]), (replace(TABLES, what="w" * 30), ["b.csv"])],
        [(TABLES, ["a.csv"]), (FIGURES, ["a.csv"])],
        [(TABLES, ["a.csv", "a.csv"])],
        [(TABLES, [])],
        [(TABLES, ["d.csv"])],
        [(replace(TABLES, name=""), ["a.csv"])],
        [(replace(TABLES, name="x" * (LONGEST_NAME + 1)), ["a.csv"])],
        [(replace(TABLES, name=f"g{n}"), ["a.csv"]) for n in range(MOST_GROUPS + 1)],
    ],
    ids=["two-of-one-name", "in-two-groups", "twice", "empty", "unknown-file", "no-name", "long-name", "too-many"],
)
def test_what_is_no_division_of_the_files_is_refused(groups: list[tuple[FileGroup, list[str]]]) -> None:
    with pytest.raises(InvalidError):
        check_groups(WORDS, groups, [f.path for f in FILES])


@pytest.mark.parametrize("state", ExportState)
def test_what_people_decide_on_is_not_described_anew(state: ExportState) -> None:
    request = replace(WHOLE, state=state)
    if state in DESCRIBED_IN:
        check_can_be_described(request)
        return
    with pytest.raises(ConflictError, match="draft"):
        check_can_be_described(request)


@pytest.mark.parametrize("part", ["name", *PARTS])
def test_a_changed_context_of_a_group_loses_the_votes_on_its_files_alone(part: str) -> None:
    approved = voted(IN_REVIEW, "health", "jobs")
    assert is_approved(approved, 2)
    other = replace(TABLES, **{part: "something else than was read"})
    files = tuple(replace(f, group=other.name) if f.group == "tables" else f for f in approved.files)
    changed = replace(approved, groups=(other, FIGURES), files=files)
    assert not is_approved(changed, 1)
    held = {f.path: len(approvals(changed, f)) for f in changed.files}
    assert held == {"c.csv": 2, "a.csv": 0, "b.csv": 2}


def test_a_file_in_another_group_and_another_context_of_the_request_lose_votes() -> None:
    approved = voted(IN_REVIEW, "health", "jobs")
    moved = replace(approved, files=tuple(replace(f, group="figures") for f in approved.files))
    assert {f.path: len(approvals(moved, f)) for f in moved.files} == {"c.csv": 0, "a.csv": 0, "b.csv": 2}
    other = replace(approved, context="Something else than what was read before.")
    assert {f.path: len(approvals(other, f)) for f in other.files} == {"c.csv": 0, "a.csv": 2, "b.csv": 2}
    nowhere = replace(approved, groups=())
    assert {f.path: len(approvals(nowhere, f)) for f in nowhere.files} == {"c.csv": 2, "a.csv": 0, "b.csv": 0}


def test_a_vote_beside_another_context_is_stale() -> None:
    vote = Vote("health", "a.csv", "f" * 64, P, Decision.APPROVE, "", NOW, context=contexts_of(IN_REVIEW)["figures"])
    for stale in (vote, replace(vote, context="")):
        with pytest.raises(ConflictError, match="context"):
            add_votes(IN_REVIEW, (stale,))


def test_an_owner_agrees_to_the_contexts_too() -> None:
    other = replace(IN_REVIEW, groups=(replace(TABLES, population="others than it was said"), FIGURES))
    assert len({seen_digest(IN_REVIEW), seen_digest(other), seen_digest(replace(IN_REVIEW, context="x"))}) == 3


def test_groups_go_with_their_files_into_both_halves() -> None:
    rest, part = split_request(IN_REVIEW, ["b.csv"], "export-2", NOW)
    assert ([f.group for f in rest.files], rest.groups) == (["", "tables"], (TABLES,))
    assert ([f.group for f in part.files], part.groups) == (["figures"], (FIGURES,))
