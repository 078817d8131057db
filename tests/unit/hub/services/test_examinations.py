"""The last examination: kept with its audit event, read by stewards and auditors, found when it was edited."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from hub.domain.errors import ConflictError, RefusedError
from hub.domain.examinations import EXAMINE, Attempt, Examination, Promise, Verdict
from hub.services.examinations import keep_examination, last_examination
from hub.services.lab import Lab

ATTEMPT = Attempt(Promise.NETWORK, "devices", "run", "Look for devices.", "It worked: eth0.", Verdict.BROKEN)
MADE = Examination("", datetime(2026, 3, 2, 9, 0, 1, 2, tzinfo=UTC), 12, {"kernel": "6.1"}, (ATTEMPT,))


def test_there_is_none_at_first(lab: Lab) -> None:
    assert last_examination(lab, "auditor") is None


@pytest.mark.parametrize("who", ["jobs-steward", "auditor"])
def test_stewards_and_auditors_read_the_last_one(lab: Lab, who: str) -> None:
    keep_examination(lab, MADE)
    kept = keep_examination(lab, MADE)
    assert last_examination(lab, who) == kept
    with lab.store.read() as reading:
        assert len(reading.find(Examination)) == 1
        entry = reading.audit_entries(kept.entry - 1, 1)[0]
    assert (entry.event.name, entry.event.actor) == (EXAMINE, "doctor")


@pytest.mark.parametrize("who", ["scientist", "researcher", "administrator", "nobody"])
def test_nobody_else_reads_it(lab: Lab, who: str) -> None:
    keep_examination(lab, MADE)
    with pytest.raises(RefusedError):
        last_examination(lab, who)


def test_one_that_was_edited_in_the_database_is_not_shown(lab: Lab) -> None:
    keep_examination(lab, MADE)
    with lab.store.engine.begin() as connection:  # type: ignore[attr-defined]
        connection.execute(text("UPDATE examination SET attempts = replace(attempts, 'does_not_hold', 'holds')"))
    with pytest.raises(ConflictError) as refused:
        last_examination(lab, "auditor")
    assert refused.value.reason == "examination-changed"
