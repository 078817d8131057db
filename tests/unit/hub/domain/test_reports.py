"""What became of submissions, told from the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from hub.domain.audit import AuditEntry, event
from hub.domain.exports import ExportFile, ExportRequest, ExportState, Finding, Severity
from hub.domain.reports import Wait, figures_of, submissions_of, wait_of, within

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
FOUND, NOTED = Finding("freq", Severity.REVIEW, "p", "s"), Finding("x", Severity.NOTE, "p", "s")
FILES = (ExportFile("a.csv", size=100, findings=(FOUND,)), ExportFile("b.csv", size=20, findings=(FOUND, NOTED)))
REQUEST = ExportRequest("export-1", "care", "anna", "workspace", "c", NOON, {}, FILES, ExportState.APPROVED, turn=2)
KNOWN = {REQUEST.id: REQUEST}


def log(*happened: tuple[float, str, str, dict[str, object]]) -> Iterator[AuditEntry]:
    """Entries by hours after noon."""
    for seq, (hours, name, who, more) in enumerate(happened, 1):
        what = event(f"export:request:{name}", who, REQUEST.id, "care", **more)
        yield AuditEntry(seq, NOON + timedelta(hours=hours), what, "", "")


TWO_TURNS = list(
    log(
        (0, "submit", "anna", {"turn": 1}),
        (0.1, "pass", "worker", {}),
        (1, "claim", "ben", {}),
        (2, "claim", "ben", {}),
        (5, "vote", "ben", {"state": "in_review"}),
        (6, "vote", "carl", {"state": "returned"}),
        (30, "submit", "anna", {"turn": 2}),
        (31, "vote", "carl", {"state": "approved"}),
    )
)


def test_each_submission_has_its_row_with_first_claim_first_decision_and_reviewers() -> None:
    first, second = submissions_of(TWO_TURNS, KNOWN)
    assert (first.turn, first.turns, first.state, first.reviewers) == (1, 2, ExportState.RETURNED, ("ben", "carl"))
    assert (first.submitted, first.claimed) == (NOON, NOON + timedelta(hours=1))
    assert first.first_decision == NOON + timedelta(hours=5)
    assert (second.state, second.reviewers, second.claimed) == (ExportState.APPROVED, ("carl",), None)


def test_files_and_findings_are_those_of_the_last_submission() -> None:
    first, second = submissions_of(TWO_TURNS, KNOWN)
    assert (first.files, first.size, first.findings, first.rules) == (None, None, None, ())
    assert (second.files, second.size, second.rules) == (2, 120, ("freq",))
    assert second.findings == {Severity.REVIEW: 2, Severity.NOTE: 1}


@pytest.mark.parametrize(
    ("name", "state"),
    [("block", ExportState.BLOCKED), ("fail", ExportState.FAILED), ("split", None), ("reject", ExportState.REJECTED)],
)
def test_an_earlier_submission_stands_where_it_was_left(name: str, state: ExportState | None) -> None:
    entries = log((0, "submit", "anna", {"turn": 1}), (1, name, "ben", {"turn": 2}), (2, "submit", "anna", {"turn": 2}))
    rows = submissions_of(entries, KNOWN)
    assert rows[0].state is (state or ExportState.CHECKING)
    assert (len(rows), rows[1].turn) == ((3, 2) if state is None else (2, 2))


def test_what_is_split_off_is_a_submission_of_its_own() -> None:
    [row] = submissions_of(log((0, "split_from", "ben", {"turn": 2})), KNOWN)
    assert (row.turn, row.files) == (2, 2)


def test_entries_of_unknown_requests_and_before_a_submission_say_nothing() -> None:
    assert submissions_of(log((0, "vote", "ben", {"state": "approved"})), KNOWN) == []
    assert submissions_of(TWO_TURNS, {}) == []


def test_waits_are_counted_to_the_bound_and_not_beyond() -> None:
    [row] = submissions_of(log((0, "submit", "anna", {"turn": 2}), (1, "vote", "ben", {"state": "approved"})), KNOWN)
    assert wait_of(row) is Wait.HOUR
    [row] = submissions_of(log((0, "submit", "anna", {"turn": 2}), (1.01, "reject", "ben", {})), KNOWN)
    assert wait_of(row) is Wait.HALF_DAY
    [row] = submissions_of(log((0, "submit", "anna", {"turn": 2}), (24 * 8, "reject", "ben", {})), KNOWN)
    assert wait_of(row) is Wait.LONGER
    assert wait_of(submissions_of(log((0, "submit", "anna", {"turn": 2})), KNOWN)[0]) is Wait.NONE_YET


def test_figures_count_months_states_rules_and_the_median() -> None:
    told = figures_of(submissions_of(TWO_TURNS, KNOWN))
    assert told.submissions == 2
    assert told.median == timedelta(hours=3)
    assert told.months == {"2026-03": (1, 0), "2026-04": (1, 0)}
    assert told.states == {ExportState.RETURNED: 1, ExportState.APPROVED: 1}
    assert told.rules == {"freq": 1}
    assert sum(told.waits.values()) == 2
    assert figures_of([]).median is None


def test_both_days_of_a_span_count() -> None:
    row = submissions_of(TWO_TURNS, KNOWN)[0]
    day = date(2026, 3, 31)
    assert within(row, day, day)
    assert not within(row, date(2026, 4, 1), None)
    assert not within(row, None, date(2026, 3, 30))
