"""The stewards' queue, and the claim with which one of them takes a request for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.domain import queue as rules
from hub.domain.audit import event
from hub.domain.exports import ExportRequest, ExportState, Severity
from hub.domain.heads import RequestHead
from hub.domain.people import Person, Role, check_has_role
from hub.domain.projects import Project
from hub.domain.queue import ServiceLevel, Show
from hub.domain.votes import as_seen_by, may_review
from hub.services.exports import load_reviewable
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
    heads, now = waiting(lab, actor, QueueFilter(show, project, risk, level))
    return [entry_of(lab, head, now) for head in heads]


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which part of the queue is asked for."""

    show: Show = Show.ALL
    project: str = ""
    risk: Severity | None = None
    level: ServiceLevel | None = None


def waiting(lab: Lab, actor: str, asked: QueueFilter) -> tuple[list[RequestHead], datetime]:
    """Return what lists show of what waits, the longest first, and the moment of the look."""
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        check_has_role(person, Role.STEWARD, Role.AUDITOR)
        projects = {p.name: p for p in known_projects(reading)}
        found = reading.request_heads(rules.QUEUED)
    now = lab.now()
    wanted = [
        head
        for head in found
        if asked.project in ("", head.project)
        and asked.risk in (None, head.risk)
        and _is_shown(person, head, projects)
        and _belongs(lab, head, asked, actor, now)
    ]
    return sorted(wanted, key=lambda head: (rules.waiting_since(head), head.id)), now


def _is_shown(person: Person, request: RequestHead, projects: dict[str, Project]) -> bool:
    project = projects.get(request.project)
    return project is not None and (Role.AUDITOR in person.roles or may_review(person, request, project))


def _belongs(lab: Lab, head: RequestHead, asked: QueueFilter, actor: str, now: datetime) -> bool:
    review = lab.settings.review
    if asked.level not in (None, rules.level_of(head, now, review.soon, review.late) if asked.level else None):
        return False
    match asked.show:
        case Show.UNCLAIMED:
            return head.state in rules.IN_REVIEW and not rules.holder(head, now, review.claim)
        case Show.MINE:
            return rules.holder(head, now, review.claim) == actor
        case Show.RETURNED:
            return head.state is ExportState.RETURNED
    return True


def entry_of(lab: Lab, request: RequestHead, now: datetime) -> QueueEntry:
    """Return a request that waits, with how late it is and who has claimed it."""
    review = lab.settings.review
    held = rules.holder(request, now, review.claim)
    since = rules.waiting_since(request)
    return QueueEntry(
        request.id,
        request.project,
        request.author,
        request.state,
        request.turn,
        request.files,
        since,
        now - since,
        rules.level_of(request, now, review.soon, review.late),
        request.risk,
        held,
        request.claimed + review.claim if held and request.claimed else None,
    )


def claim_request(lab: Lab, actor: str, identifier: str) -> ExportRequest:
    """Take a request for a while; meanwhile no other steward decides on it."""
    with lab.store.begin() as records:
        seen, project = load_reviewable(records, actor, identifier)
        claimed = rules.claim(seen, actor, lab.now(), lab.settings.review.claim)
        records.save(claimed, event("export:request:claim", actor, identifier, seen.project))
        return as_seen_by(load_person(records, actor), claimed, project)


def unclaim_request(lab: Lab, actor: str, identifier: str) -> ExportRequest:
    """Give a request back before the time is over."""
    with lab.store.begin() as records:
        seen, project = load_reviewable(records, actor, identifier)
        free = rules.unclaim(seen, actor, lab.now(), lab.settings.review.claim)
        records.save(free, event("export:request:unclaim", actor, identifier, seen.project))
        return as_seen_by(load_person(records, actor), free, project)
