from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.errors import ConflictError
from hub.domain.exports import ExportFile, ExportRequest, ExportState, Finding, Severity
from hub.domain.heads import risk_of
from hub.domain.queue import (
    IN_REVIEW,
    Change,
    Seen,
    ServiceLevel,
    check_fresh,
    check_not_claimed,
    claim,
    holder,
    level_of,
    unclaim,
)

NOW, HOUR = datetime(2026, 3, 2, 9, 0, tzinfo=UTC), timedelta(hours=1)
FILES = (ExportFile("one.csv", canonical="a" * 64), ExportFile("two.csv", canonical="b" * 64))
REQUEST = ExportRequest(
    "export-1", "care", "author", "run-1", "c", NOW, {}, FILES, ExportState.IN_REVIEW, "p" * 64, turn=2
)
STATES = st.sampled_from(list(ExportState))
MOMENTS = st.timedeltas(-3 * HOUR, 3 * HOUR)


@given(state=STATES, passed=MOMENTS)
def test_a_claim_holds_in_review_for_so_long_and_never_before_it_was_made(
    state: ExportState, passed: timedelta
) -> None:
    claimed = replace(claim(REQUEST, "steward", NOW, HOUR), state=state)
    holds = holder(claimed, NOW + passed, HOUR) == "steward"
    assert holds == (state in IN_REVIEW and timedelta() <= passed < HOUR)


@given(passed=MOMENTS)
def test_another_steward_decides_and_claims_only_where_no_claim_holds(passed: timedelta) -> None:
    claimed, then = claim(REQUEST, "first", NOW, HOUR), NOW + passed
    check_not_claimed(claimed, "first", then, HOUR)
    if holder(claimed, then, HOUR):
        for act in (check_not_claimed, claim):
            with pytest.raises(ConflictError, match="claimed by first until 2026-03-02 10:00"):
                act(claimed, "second", then, HOUR)
    else:
        check_not_claimed(claimed, "second", then, HOUR)
        assert holder(claim(claimed, "second", then, HOUR), then, HOUR) == "second"


def test_whoever_has_claimed_a_request_may_have_it_for_longer_and_gives_it_back() -> None:
    claimed = claim(REQUEST, "steward", NOW, HOUR)
    longer = claim(claimed, "steward", NOW + HOUR / 2, HOUR)
    assert holder(longer, NOW + HOUR, HOUR) == "steward"
    assert unclaim(longer, "steward", NOW + HOUR, HOUR) == REQUEST
    for steward, then in (("other", NOW), ("steward", NOW + 2 * HOUR)):
        with pytest.raises(ConflictError, match="have not claimed"):
            unclaim(claimed, steward, then, HOUR)


@given(state=STATES)
def test_nothing_is_claimed_but_what_is_in_review(state: ExportState) -> None:
    there = replace(REQUEST, state=state)
    if state in IN_REVIEW:
        assert claim(there, "steward", NOW, HOUR).claimed == NOW
    else:
        with pytest.raises(ConflictError, match="is not in review"):
            claim(there, "steward", NOW, HOUR)


@given(turn=st.sampled_from([0, 1, 2, 3]), path=st.sampled_from(["one.csv", "gone.csv"]), digest=st.sampled_from("ab"),
       policy=st.sampled_from(["", "p" * 64, "q" * 64]))  # fmt: skip
def test_a_stale_decision_is_told_everything_that_is_another_now(
    turn: int, path: str, digest: str, policy: str
) -> None:
    expected = [
        change
        for change, is_other in (
            (Change.TURN, turn not in (0, 2)),
            (Change.FILES, (path, digest) != ("one.csv", "a")),
            (Change.POLICY, policy == "q" * 64),
        )
        if is_other
    ]
    seen = Seen(turn, {path: digest * 64}, policy)
    if not expected:
        return check_fresh(REQUEST, seen)
    with pytest.raises(ConflictError) as said:
        check_fresh(REQUEST, seen)
    assert (said.value.reason, list(said.value.values["changes"])) == ("vote-stale", expected)  # type: ignore[call-overload]
    return None


@given(hours=st.integers(-5, 100), sent=st.booleans())
def test_how_late_a_request_is_counts_from_when_its_author_sent_it_last(hours: int, sent: bool) -> None:
    waiting = replace(REQUEST, submitted=NOW + HOUR if sent else None)
    level = level_of(waiting, NOW + hours * HOUR + (HOUR if sent else timedelta()), 24 * HOUR, 72 * HOUR)
    assert level is (ServiceLevel.LATE if hours >= 72 else ServiceLevel.SOON if hours >= 24 else ServiceLevel.IN_TIME)
    assert level_of(replace(waiting, state=ExportState.RETURNED), NOW, HOUR, HOUR) is None


@given(found=st.lists(st.sampled_from(list(Severity)), max_size=5))
def test_the_risk_of_a_request_is_its_gravest_finding_in_any_file(found: list[Severity]) -> None:
    files = tuple(ExportFile(f"{n}.csv", findings=(Finding("c", s, "", ""),)) for n, s in enumerate(found))
    order = [Severity.BLOCK, Severity.REVIEW, Severity.FIXED, Severity.NOTE]
    assert risk_of(replace(REQUEST, files=files)) == min(found, key=order.index, default=None)
