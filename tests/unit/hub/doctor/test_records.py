"""What the doctor says of the log: each missing trigger and each edit is one ✗, and nothing stays of the try."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from hub.adapters.store import SqlStore
from hub.doctor import records
from hub.doctor.records import log_tried
from hub.domain.errors import UnavailableError
from hub.domain.examinations import Verdict
from hub.services.lab import Lab


def store_of(lab: Lab) -> SqlStore:
    assert isinstance(lab.store, SqlStore)
    return lab.store


def run(store: SqlStore, statement: str) -> None:
    with store.engine.begin() as connection:
        connection.execute(text(statement))


def broken(store: SqlStore) -> list[str]:
    return [a.name for a in log_tried(store) if a.verdict is not Verdict.HOLDS]


def test_a_sound_log_holds_and_nothing_is_added_to_it(lab: Lab) -> None:
    store = store_of(lab)
    with store.read() as reading:
        before = reading.last_audit_entry()
    assert broken(store) == []
    with store.read() as reading:
        assert reading.last_audit_entry() == before


@pytest.mark.parametrize(
    ("trigger", "names"),
    [
        ("audit_no_update", ["update"]),
        ("audit_no_delete", ["delete", "delete-of-all"]),
        ("audit_no_replace", ["replace", "insert-out-of-turn"]),
    ],
)
def test_a_missing_trigger_is_seen_and_its_edit_is_undone(lab: Lab, trigger: str, names: list[str]) -> None:
    store = store_of(lab)
    run(store, f"DROP TRIGGER {trigger}")
    assert broken(store) == names
    assert next(iter(log_tried(store))).verdict is Verdict.HOLDS


def test_an_edit_of_the_log_is_named(lab: Lab) -> None:
    store = store_of(lab)
    run(store, "DROP TRIGGER audit_no_update")
    run(store, "UPDATE audit SET actor = 'somebody' WHERE seq = 3")
    walked = next(iter(log_tried(store)))
    assert walked.verdict is Verdict.BROKEN
    assert "breaks at entry 3" in walked.seen


def test_a_walk_that_finds_no_edit_is_seen(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "verify_chain", lambda entries: list(entries)[-1])
    assert broken(store_of(lab)) == ["edit-found"]


def test_a_database_that_fails_otherwise_proves_nothing(lab: Lab) -> None:
    store = store_of(lab)
    run(store, "ALTER TABLE audit RENAME COLUMN actor TO who")
    tried = log_tried(store)
    assert next(tried).verdict is Verdict.UNSEEN
    with pytest.raises(UnavailableError):
        next(tried)
