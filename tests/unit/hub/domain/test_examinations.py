"""What an examination says, and how an edit of one is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.domain.audit import AuditEntry, chain, event
from hub.domain.errors import ConflictError
from hub.domain.examinations import (
    SENTENCES,
    Attempt,
    Examination,
    Promise,
    Verdict,
    check_kept,
    examination_digest,
    examination_event,
    is_stale,
    together,
    verdict_of,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def attempt(verdict: Verdict, where: str = "run", seen: str = "None of 3 ways worked.") -> Attempt:
    return Attempt(Promise.NETWORK, "devices", where, "Look for devices.", seen, verdict)


def examination(*verdicts: Verdict) -> Examination:
    return Examination("last", NOW, 12, {"kernel": "6.1"}, tuple(attempt(v) for v in verdicts), 1)


def entry_of(made: Examination) -> AuditEntry:
    return chain(examination_event(made, "doctor"), None, NOW)


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        ([], Verdict.UNSEEN),
        ([Verdict.HOLDS], Verdict.HOLDS),
        ([Verdict.HOLDS, Verdict.NOTE], Verdict.HOLDS),
        ([Verdict.HOLDS, Verdict.UNSEEN], Verdict.UNSEEN),
        ([Verdict.HOLDS, Verdict.UNSEEN, Verdict.BROKEN], Verdict.BROKEN),
        ([Verdict.NOT_YET], Verdict.NOT_YET),
        ([Verdict.NOTE], Verdict.NOTE),
    ],
)
def test_the_worst_attempt_counts_and_nothing_proves_nothing(seen: list[Verdict], verdict: Verdict) -> None:
    assert verdict_of([attempt(v) for v in seen]) is verdict


def test_a_promise_that_was_not_tried_was_not_looked_at() -> None:
    made = examination(Verdict.HOLDS)
    assert made.verdicts[Promise.NETWORK] is Verdict.HOLDS
    assert made.verdicts[Promise.REVIEW] is Verdict.UNSEEN


def test_every_promise_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Promise)


def test_the_audit_log_names_the_digest_and_each_verdict() -> None:
    made = examination(Verdict.BROKEN)
    details = dict(examination_event(made, "doctor").details)
    assert details["digest"] == examination_digest(made)
    assert details["P1"] == "does_not_hold"
    assert details["P6"] == "not_looked_at"
    check_kept(made, entry_of(made))


def test_a_verdict_that_was_changed_afterwards_is_found() -> None:
    made = examination(Verdict.BROKEN)
    mended = replace(made, attempts=(attempt(Verdict.HOLDS),))
    for seen, entry in (
        (mended, entry_of(made)),
        (made, None),
        (made, chain(event("lab:login:accept", "a", "a", digest=examination_digest(made)), None, NOW)),
        (replace(made, began=NOW + timedelta(days=1)), entry_of(made)),
    ):
        with pytest.raises(ConflictError, match="somebody changed it"):
            check_kept(seen, entry)


def test_an_examination_is_stale_after_seven_days() -> None:
    made = examination(Verdict.HOLDS)
    assert not is_stale(made, NOW + timedelta(days=7))
    assert is_stale(made, NOW + timedelta(days=7, seconds=1))


def test_the_same_outcome_in_several_places_is_said_once() -> None:
    seen = [attempt(Verdict.HOLDS, "run"), attempt(Verdict.HOLDS, "reader"), attempt(Verdict.BROKEN, "checker", "x")]
    assert [(a.verdict, places) for a, places in together(seen)] == [
        (Verdict.HOLDS, ("reader", "run")),
        (Verdict.BROKEN, ("checker",)),
    ]
