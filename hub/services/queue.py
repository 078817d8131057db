"""The stewards' queue, and the claim with which one of them takes a request for a while."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hub.domain import queue as rules
from hub.domain.audit import event
from hub.domain.exports import ExportRequest, ExportState, Severity
from hub.domain.heads import Asker, RequestHead
from hub.domain.people import Person, Role, check_has_role
from hub.domain.projects import Project
from hub.domain.queue import ServiceLevel, Show, Waiting
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
    heads, _, now = waiting(lab, actor, QueueFilter(show, project, risk, level))
    return [entry_of(lab, head, now) for head in heads]


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which part of the queue is asked for."""

    show: Show = Show.ALL
    project: str = ""
    risk: Severity | None = None
    level: ServiceLevel | None = None


def waiting(lab: Lab, actor: str, asked: QueueFilter, limit: int = 0) -> tuple[list[RequestHead], int, datetime]:
    """Return what lists show of what waits, the longest first, how much there is, and the moment of the look.

    The rule of who may review is asked once for each project and author; the database counts, orders and cuts.
    """
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        check_has_role(person, Role.STEWARD, Role.AUDITOR)
        projects = {p.name: p for p in known_projects(reading)}
        now = lab.now()
        wanted = _wanted(lab, asked, actor, now)
        counts = reading.waiting_counts(wanted)
        shown = {asker: count for asker, count in counts.items() if _is_shown(person, asker, projects)}
        return reading.waiting_heads(wanted, shown, limit), sum(shown.values()), now


def _is_shown(person: Person, request: Asker, projects: dict[str, Project]) -> bool:
    project = projects.get(request.project)
    return project is not None and (Role.AUDITOR in person.roles or may_review(person, request, project))


def _wanted(lab: Lab, asked: QueueFilter, actor: str, now: datetime) -> Waiting:
    """Say a filter in what a database compares; see ``holder`` and ``level_of`` for the rules."""
    review = lab.settings.review
    wanted = Waiting(
        project=asked.project, risk=asked.risk, claimed_after=now - review.claim, claimed_until=now, held_by=actor
    )
    match asked.show:
        case Show.UNCLAIMED:
            wanted = replace(wanted, states=rules.IN_REVIEW, held=False)
        case Show.MINE:
            wanted = replace(wanted, states=rules.IN_REVIEW, held=True)
        case Show.RETURNED:
            wanted = replace(wanted, states=(ExportState.RETURNED,))
    if asked.level is None:
        return wanted
    after, until = _since(asked.level, now - review.soon, now - review.late)
    states = tuple(state for state in wanted.states if state is not ExportState.RETURNED)
    return replace(wanted, states=states, after=after, until=until)


def _since(level: ServiceLevel, soon: datetime, late: datetime) -> tuple[datetime | None, datetime | None]:
    """Between which moments a wait of that level has begun."""
    match level:
        case ServiceLevel.LATE:
            return None, late
        case ServiceLevel.SOON:
            return late, soon
        case ServiceLevel.IN_TIME:
            return max(soon, late), None


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
        rules.whole_seconds(now - since),
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
