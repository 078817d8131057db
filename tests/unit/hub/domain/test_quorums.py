"""Quorums: the strictest class of a request's files counts, the unknown one as the strictest, and a split keeps it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.exports import ExportFile, ExportRequest, ExportState
from hub.domain.output_classes import KNOWN, OutputClass
from hub.domain.quorums import Quorum, classes_of
from hub.domain.splits import split_request
from hub.domain.statements import Statement
from hub.domain.votes import check_can_release, check_same_policy

TABLE, FIGURE, CODE, MODEL, TEXT, UNKNOWN = OutputClass
POLICY = "p" * 64
QUORUM = Quorum(POLICY, {TABLE: 2, FIGURE: 2, CODE: 1, MODEL: 3, TEXT: 2})
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def request(*classes: tuple[OutputClass, ...]) -> ExportRequest:
    files = tuple(ExportFile(f"{n}.csv", canonical="a" * 64, classes=held) for n, held in enumerate(classes))
    stated = Statement("author", NOW, "I looked at each file.", "e" * 64)
    return ExportRequest(
        *("export-1", "care", "author", "run", "context", NOW, {}, files, ExportState.IN_REVIEW, POLICY, "1", 1),
        statement=stated,
    )


@pytest.mark.parametrize(
    ("classes", "number", "deciding"),
    [
        ([(CODE,)], 1, CODE),
        ([(CODE,), (TABLE,)], 2, TABLE),
        ([(CODE, TEXT)], 2, TEXT),
        ([(TABLE,), (MODEL,), (CODE,)], 3, MODEL),
        ([(UNKNOWN,), (CODE,)], 3, UNKNOWN),
        ([(), (CODE,)], 3, UNKNOWN),
        ([], 3, UNKNOWN),
        ([(MODEL,), ()], 3, MODEL),
    ],
)
def test_the_strictest_class_counts_and_what_is_unknown_is_the_strictest(
    classes: list[tuple[OutputClass, ...]], number: int, deciding: OutputClass
) -> None:
    asked = request(*classes)
    assert (QUORUM.needed(asked), QUORUM.deciding(asked)) == (number, deciding)


@pytest.mark.parametrize("votes", [{}, {TABLE: 2}, dict.fromkeys(OutputClass, 2), {**QUORUM.votes, CODE: 0}])
def test_a_policy_that_does_not_speak_of_every_class_is_none(votes: dict[OutputClass, int]) -> None:
    with pytest.raises(InvalidError):
        Quorum(POLICY, votes)


def test_both_halves_of_a_split_need_what_the_whole_needed_also_when_they_are_split_and_judged_again() -> None:
    rest, part = split_request(request((CODE,), (CODE,), (MODEL,)), ["2.csv"], "export-2", NOW)
    judged = replace(
        rest, state=ExportState.IN_REVIEW, files=tuple(replace(f, classes=(CODE,)) for f in rest.files), policy=POLICY
    )
    again, third = split_request(judged, ["1.csv"], "export-3", NOW)
    for half in (judged, again, third):
        assert MODEL in classes_of(half)
        assert QUORUM.needed(half) == 3
    assert all(f.classes == () for f in (*rest.files, *part.files))


@pytest.mark.parametrize("state", [ExportState.APPROVED, ExportState.RELEASING])
def test_votes_count_under_no_other_policy_than_the_one_that_they_were_given_under(state: ExportState) -> None:
    decided = replace(request((CODE,)), state=state)
    for policy in ("q" * 64, ""):
        with pytest.raises(ConflictError) as caught:
            check_can_release(replace(decided, policy=policy), QUORUM)
        assert caught.value.reason == "policy-changed"
    with pytest.raises(ConflictError):
        check_same_policy(replace(decided, policy=""), Quorum("", dict.fromkeys(KNOWN, 1)))
    with pytest.raises(RefusedError, match="1 approvals"):
        check_can_release(decided, QUORUM)
