"""Notices: made in the very transaction of the change that they tell of, read by one person, sent by the worker.

Invariants:

* the store asks here after every record that it saves, so no change of state goes by untold, and none is told that
  was not saved;
* who may not know of the project is not told, whatever they did in it before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from datasets_mount.catalogue import Dataset, Grant
from hub.domain.audit import AuditEvent, event
from hub.domain.comments import Audience, Comment
from hub.domain.exceptions import GateException
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.freezes import Freeze
from hub.domain.notebooks import Notebook
from hub.domain.notices import (
    REQUEST,
    Channel,
    Message,
    Notice,
    NoticeKind,
    Telling,
    claim_ends,
    exception_tells,
    notebook_tells,
    request_tells,
    reviewers,
    without_actor,
)
from hub.domain.people import Person, Role, person_on
from hub.domain.projects import sees_project
from hub.domain.queue import IN_REVIEW, holder, without_claim
from hub.domain.run_budgets import may_grant_runs
from hub.domain.runs import Run
from hub.services.lab import Lab, found, known_person, known_project, known_projects, load_person, new_id
from hub.services.owners import asking, speakers
from hub.services.ports import Reading
from hub.settings import Settings

MOST_LISTED = 200
ENDED_CLAIM = f"{REQUEST}claim-end"


def channels_of(settings: Settings) -> tuple[Channel, ...]:
    """Return how messages leave this lab; a channel without an address is off."""
    known = ((Channel.MAIL, settings.mail.host), (Channel.WEBHOOK, settings.webhook.url))
    return tuple(channel for channel, address in known if address)


def told_by(
    reading: Reading, value: object, happened: AuditEvent, channels: tuple[Channel, ...]
) -> list[Notice | Message]:
    """Return what is to be kept beside a record that was just saved: notices for people, messages for the worker."""
    tellings = without_actor(_tellings(reading, value, happened), _doer(value, happened))
    return [kept for telling in tellings for kept in _kept(reading, telling, channels)]


def _doer(value: object, happened: AuditEvent) -> str:
    """Return who knows of it already; what a schedule starts in somebody's name, they did not see."""
    return "" if isinstance(value, Run) and value.schedule else happened.actor


def _kept(reading: Reading, telling: Telling, channels: tuple[Channel, ...]) -> Iterable[Notice | Message]:
    now, where = reading.moment, (telling.project, telling.place, telling.subject)
    # Who is asked for an owner may be of no project, and is told of this one alone.
    project = "" if telling.kind is NoticeKind.OWNER_ASKED else telling.project
    people = [name for name in telling.people if _may_know(reading, name, project)]
    if not people and not telling.boxes:
        return
    for name in people:
        yield Notice(new_id("notice"), name, telling.kind, *where, now)
    if Channel.MAIL in channels:
        for person, box in [*((p, None) for p in people), *(("", b) for b in telling.boxes)]:
            yield Message(new_id("message"), Channel.MAIL, person, box, telling.kind, *where, now, now)
    if Channel.WEBHOOK in channels:
        yield Message(new_id("message"), Channel.WEBHOOK, "", None, telling.kind, *where, now, now)


def _may_know(reading: Reading, name: str, project_name: str) -> bool:
    """Somebody whom the lab knows today and who sees the project; of the whole lab everybody may know."""
    person = known_person(reading, name)
    if person is None or not project_name:
        return person is not None
    project = known_project(reading, project_name)
    return project is not None and sees_project(person, project)


def _tellings(reading: Reading, value: object, happened: AuditEvent) -> list[Telling]:
    match value:
        case ExportRequest() if happened.name == ENDED_CLAIM:
            return claim_ends(value, dict(happened.details)["steward"])
        case ExportRequest() if happened.name.startswith(REQUEST):
            return [*request_tells(happened, value), *_owner_tells(reading, value, happened)]
        case Comment():
            return _comment_tells(reading, value)
        case GateException():
            return exception_tells(value)
        case Notebook():
            return notebook_tells(happened, value)
        case Grant() if happened.name in ("lab:dataset:grant", "lab:dataset:withdraw"):
            kind = NoticeKind.DATASET_GRANTED if value.withdrawn is None else NoticeKind.DATASET_WITHDRAWN
            return [Telling(kind, value.project, "projects", value.project, _members(reading, value.project))]
        case Run() if happened.name == "lab:run:start" and ("runs_left", "0") in happened.details:
            told = _lead_and_granting(reading, value.project)
            return [Telling(NoticeKind.RUNS_USED_UP, value.project, "projects", value.project, told)]
        case Freeze() if happened.name in ("export:freeze:begin", "export:freeze:lift"):
            kind = NoticeKind.FROZEN if value.lifted is None else NoticeKind.THAWED
            return [Telling(kind, value.project, "freezes", "", _frozen(reading, value.project))]
    return []


def _owner_tells(reading: Reading, request: ExportRequest, happened: AuditEvent) -> list[Telling]:
    """Who is asked for an owner is told when a request waits; every owner is told of what left."""
    if happened.name == f"{REQUEST}release":
        names = tuple(sorted(request.snapshots))
        owning = {d.owner for d in reading.find(Dataset, name=names)} if names else set()
        people = [person_on(p, reading.moment.date()) for p in reading.find(Person, organisation=tuple(sorted(owning)))]
        told = tuple(sorted(p.name for p in people if Role.STEWARD in p.roles))
        return [Telling(NoticeKind.DATASET_LEFT, request.project, "releases", request.id, told)]
    if request.state is not ExportState.SUBMITTED or happened.name not in (f"{REQUEST}pass", f"{REQUEST}except"):
        return []
    asked = [d for name in asking(reading, request) if (d := reading.get(Dataset, name)) is not None]
    told = tuple(sorted({name for d in asked for name in speakers(reading, d)} - {request.author}))
    return [Telling(NoticeKind.OWNER_ASKED, request.project, "exports", request.id, told)] if told else []


def _comment_tells(reading: Reading, comment: Comment) -> list[Telling]:
    """A steward's question to the project is for the author; everything else is for those who review."""
    request = reading.get(ExportRequest, comment.request)
    if request is None:
        return []
    asks = comment.audience is Audience.PROJECT and comment.author != request.author
    kind, people = (
        (NoticeKind.EXPORT_QUESTION, (request.author,)) if asks else (NoticeKind.EXPORT_COMMENT, reviewers(request))
    )
    return [Telling(kind, request.project, "exports", request.id, people)]


def _members(reading: Reading, name: str) -> tuple[str, ...]:
    project = known_project(reading, name)
    return (project.lead, *project.members) if project else ()


def _lead_and_granting(reading: Reading, name: str) -> tuple[str, ...]:
    """Return who needs a project's runs, and the stewards who may grant it more."""
    project, today = known_project(reading, name), reading.moment.date()
    if project is None:
        return ()
    people = [person_on(person, today) for person in reading.find(Person)]
    return (project.lead, *(person.name for person in people if may_grant_runs(person, project)))


def _frozen(reading: Reading, project: str) -> tuple[str, ...]:
    """Whom a freeze concerns: the project's members; of the whole lab, all stewards and every project's lead."""
    if project:
        return _members(reading, project)
    stewards = [p.name for p in reading.find(Person) if Role.STEWARD in p.roles]
    return (*stewards, *(p.lead for p in known_projects(reading)))


def notices(lab: Lab, actor: str, *, unread: bool = False) -> list[Notice]:
    """Return the person's own notices, newest first, 200 at most."""
    with lab.store.read() as reading:
        load_person(reading, actor)
        mine = reading.find(Notice, person=actor, **({"read": None} if unread else {}))
        return mine[::-1][:MOST_LISTED]


def unread_count(lab: Lab, actor: str) -> int:
    """Return how many notices the person has not ticked as read."""
    with lab.store.read() as reading:
        return reading.count(Notice, person=actor, read=None)


def read_notice(lab: Lab, actor: str, identifier: str) -> Notice:
    """Tick one of the person's own notices as read; ticking it again changes nothing."""
    with lab.store.begin() as records:
        load_person(records, actor)
        kept = records.get(Notice, identifier)
        own = found(kept if kept is not None and kept.person == actor else None, "notice", identifier)
        if own.read is not None:
            return own
        ticked = replace(own, read=lab.now())
        records.save(ticked, event("lab:notice:read", actor, identifier, own.project))
        return ticked


def read_all(lab: Lab, actor: str) -> list[Notice]:
    """Tick all of the person's own notices as read, and return those that were not."""
    with lab.store.begin() as records:
        load_person(records, actor)
        ticked = [replace(n, read=lab.now()) for n in records.find(Notice, person=actor, read=None)]
        for notice in ticked:
            records.save(notice, event("lab:notice:read", actor, notice.id, notice.project))
        return ticked


def end_claims(lab: Lab) -> None:
    """Give back what was claimed for a while that is over, so that its steward and the others are told."""
    lasts = lab.settings.review.claim
    with lab.store.read() as reading:
        claimed = [r for state in IN_REVIEW for r in reading.find(ExportRequest, state=state) if r.claimed_by]
    for request in [r for r in claimed if not holder(r, lab.now(), lasts)]:
        with lab.store.begin() as records:
            present = records.get(ExportRequest, request.id)
            if present != request:
                continue  # somebody acted on it meanwhile; the next round looks again
            told = event(ENDED_CLAIM, "worker", request.id, request.project, steward=request.claimed_by)
            records.save(without_claim(request), told)
