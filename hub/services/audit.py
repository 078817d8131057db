"""The audit log, for those who may read it: auditors all of it, stewards all of it, others what they did."""

from __future__ import annotations

from hub.domain.audit import AuditEntry, verify_chain
from hub.domain.people import Role, check_has_role
from hub.services.access_log import Checked, verify_access_log
from hub.services.lab import Lab, load_person
from hub.services.ports import pages


def audit_entries(lab: Lab, actor: str, after: int, limit: int) -> list[AuditEntry]:
    """Return entries with a larger sequence number, at most 1,000."""
    with lab.store.read() as reading:
        check_has_role(load_person(reading, actor), Role.AUDITOR, Role.STEWARD)
        return reading.audit_entries(after, min(limit, 1000))


def verify_audit(lab: Lab) -> AuditEntry | None:
    """Walk the whole chain in the store, and what it says of the access log; an edit is named in the error."""
    verify_access_log(lab)
    with lab.store.read() as reading:
        return verify_chain(pages(reading))


def audit_length(lab: Lab, actor: str) -> int:
    """Return the number of entries, for those who may read them."""
    with lab.store.read() as reading:
        check_has_role(load_person(reading, actor), Role.AUDITOR, Role.STEWARD)
        last = reading.last_audit_entry()
        return last.seq if last else 0


def check_access_log(lab: Lab, actor: str) -> Checked:
    """Compare the gateway's access log with what the audit log says of it; an edit is named in the error."""
    with lab.store.read() as reading:
        check_has_role(load_person(reading, actor), Role.AUDITOR, Role.STEWARD)
    return verify_access_log(lab)
