"""The stewards' queue, and the claim with which one of them takes a request for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.domain import queue as rules
from hub.domain.audit import event
from hub.domain.exports import ExportRequest, ExportState, Severity
from hub.domain.people import Person, Role, check_has_role
from hub.domain.projects import Project
from hub.domain.queue import ServiceLevel, Show
from hub.services.exports import load_reviewable, may_review
from hub.services.lab import Lab, known_projects, load_person


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A request that waits: since when and how late that is, the gravest finding, who has claimed it and until when."""

    id: str
    project: str
    author: str
    state: ExportState
    turn: int
    files: int
    since: datetime
    waited: timedelta
    level: ServiceLevel | None
    risk: Severity | None
    claimed_by: str
    claimed_until: datetime | None


def queue(
    lab: Lab,
    actor: str,
    show: Show = Show.ALL,
    project: str = "",
    risk: Severity | None = None,
    level: ServiceLevel | None = None,
) -> list[QueueEntry]:
    """List what waits, the longest first: for a steward what they may review, for an auditor all.

    The number of questions to the database does not depend on how much waits.
    """
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        check_has_role(person, Role.STEWARD, Role.AUDITOR)
        projects = {p.name: p for p in known_projects(reading)}
        found = [r for state in rules.QUEUED for r in reading.find(ExportRequest, state=state)]
    now = lab.now()
    entries = [_entry(lab, r, now) for r in found if _is_shown(person, r, projects)]
    wanted = [
        e
        for e in entries
        if _belongs(e, show, actor)
        and project in ("", e.project)
        and risk in (None, e.risk)
        and level in (None, e.level)
    ]
    return sorted(wanted, key=lambda e: (e.since, e.id))


def _is_shown(person: Person, request: ExportRequest, projects: dict[str, Project]) -> bool:
    project = projects.get(request.project)
    return project is not None and (Role.AUDITOR in person.roles or may_review(person, request, project))


def _belongs(entry: QueueEntry, show: Show, actor: str) -> bool:
    match show:
        case Show.UNCLAIMED:
            return entry.state in rules.IN_REVIEW and not entry.claimed_by
        case Show.MINE:
            return entry.claimed_by == actor
        case Show.RETURNED:
            return entry.state is ExportState.RETURNED
    return True


def _entry(lab: Lab, request: ExportRequest, now: datetime) -> QueueEntry:
    review = lab.settings.review
    held = rules.holder(request, now, review.claim)
    since = rules.waiting_since(request)
    return QueueEntry(
        request.id,
        request.project,
        request.author,
        request.state,
        request.turn,
        len(request.files),
        since,
        now - since,
        rules.level_of(request, now, review.soon, review.late),
        rules.risk_of(request),
        held,
        request.claimed + review.claim if held and request.claimed else None,
    )


def claim_request(lab: Lab, actor: str, identifier: str) -> ExportRequest:
    """Take a request for a while; meanwhile no other steward decides on it."""
    with lab.store.begin() as records:
        seen, _ = load_reviewable(records, actor, identifier)
        claimed = rules.claim(seen, actor, lab.now(), lab.settings.review.claim)
        records.save(claimed, event("export:request:claim", actor, identifier, seen.project))
        return claimed


def unclaim_request(lab: Lab, actor: str, identifier: str) -> ExportRequest:
    """Give a request back before the time is over."""
    with lab.store.begin() as records:
        seen, _ = load_reviewable(records, actor, identifier)
        free = rules.unclaim(seen, actor, lab.now(), lab.settings.review.claim)
        records.save(free, event("export:request:unclaim", actor, identifier, seen.project))
        return free
