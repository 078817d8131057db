"""Facts about the chain of the audit log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.audit import AuditEntry, chain, event, verify_chain
from hub.domain.errors import ConflictError

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def make_chain(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number in range(length):
        happened = event("lab:thing:do", "steward", f"thing-{number}", "care", number=number)
        entries.append(chain(happened, entries[-1] if entries else None, START + timedelta(seconds=number)))
    return entries


def test_an_untouched_chain_verifies_to_its_head() -> None:
    entries = make_chain(5)
    assert verify_chain(entries) == entries[-1]
    assert verify_chain([]) is None


EDITS = {
    "actor": lambda e: replace(e, event=replace(e.event, actor="somebody")),
    "name": lambda e: replace(e, event=replace(e.event, name="lab:thing:undo")),
    "subject": lambda e: replace(e, event=replace(e.event, subject="other")),
    "project": lambda e: replace(e, event=replace(e.event, project="")),
    "details": lambda e: replace(e, event=replace(e.event, details=(("number", "99"),))),
    "time": lambda e: replace(e, at=e.at + timedelta(microseconds=1)),
    "previous": lambda e: replace(e, previous="f" * 64),
    "digest": lambda e: replace(e, digest="f" * 64),
}


@pytest.mark.parametrize("field", EDITS)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_any_edit_is_found_and_named(field: str, place: int) -> None:
    entries = make_chain(5)
    entries[place] = EDITS[field](entries[place])
    with pytest.raises(ConflictError, match=f"entry {place + 1}"):
        verify_chain(entries)


@given(st.integers(0, 3), st.integers(0, 4))
def test_a_missing_or_moved_entry_is_found(removed: int, place: int) -> None:
    entries = make_chain(5)
    moved = entries.pop(removed)
    with pytest.raises(ConflictError):
        verify_chain(entries)
    entries.insert(place, moved)
    if place != removed:
        with pytest.raises(ConflictError):
            verify_chain(entries)
