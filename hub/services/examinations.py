"""Examinations: the doctor keeps the last one, stewards and auditors read it."""

from __future__ import annotations

from dataclasses import replace

from hub.domain.errors import ConflictError
from hub.domain.examinations import LAST, Examination, check_kept, examination_event
from hub.domain.people import Role, check_has_role
from hub.services.lab import Lab, load_person

DOCTOR = "doctor"


def keep_examination(lab: Lab, examination: Examination) -> Examination:
    """Keep it in the place of the one before, with its verdicts and its digest in the audit log."""
    with lab.store.begin() as records:
        last = records.last_audit_entry()
        kept = replace(examination, id=LAST, entry=last.seq + 1 if last else 1)
        if records.save(kept, examination_event(kept, DOCTOR)).seq != kept.entry:
            raise ConflictError("The audit log moved while the examination was kept; run it again.", reason="entry")
        return kept


def last_examination(lab: Lab, actor: str) -> Examination | None:
    """Return the last examination as the audit log names it, for stewards and auditors; None when there is none."""
    with lab.store.read() as reading:
        check_has_role(load_person(reading, actor), Role.AUDITOR, Role.STEWARD)
        kept = reading.get(Examination, LAST)
        if kept is not None:
            entries = reading.audit_entries(kept.entry - 1, 1)
            check_kept(kept, entries[0] if entries else None)
        return kept
