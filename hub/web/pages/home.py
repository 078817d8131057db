"""Home: what waits for the person, and what they have under way."""

from __future__ import annotations

from hub.domain.ballots import Ballot
from hub.domain.exports import STEPS, ExportRequest, ExportState
from hub.domain.people import Person
from hub.domain.projects import Project, is_member
from hub.domain.queue import holder
from hub.domain.votes import dissents, may_review
from hub.services import exports, notebooks, outbox, people, projects, runs, space
from hub.services.lab import Lab
from hub.web.pages.types import Context, Page, Visit

MOST_SHOWN = 8
WAITING = (ExportState.SUBMITTED, ExportState.IN_REVIEW, ExportState.APPROVED)
ENDED = frozenset(state for state in ExportState if not any(start is state for start, _ in STEPS)) | {
    ExportState.RELEASED
}
UNDER_WAY = tuple(state for state in ExportState if state not in ENDED)


def home(visit: Visit) -> Context:
    """Gather it."""
    lab, actor = visit.lab, visit.actor
    person = people.whoami(lab, actor)
    known = {p.name: p for p in projects.projects(lab, actor)}
    requests = exports.requests(lab, actor, states=UNDER_WAY)
    return {
        "alarms": space.space_alarms(lab, actor),
        "lost": len(outbox.lost_messages(lab, actor)),
        "mine": [p for p in known.values() if is_member(person, p)],
        "to_decide": notebooks.waiting_for_decision(lab, actor),
        "to_review": [r for r in requests if waits_for(person, r, known) and not claimed_by_another(lab, person, r)],
        "my_requests": [r for r in requests if r.author == actor and r.state not in ENDED][:MOST_SHOWN],
        "my_runs": [(r, w) for r, w in runs.runs(lab, actor) if r.requester == actor][:MOST_SHOWN],
        "notebooks": {n.id: n.name for n in notebooks.notebooks(lab, actor)},
    }


def waits_for(person: Person, request: ExportRequest, known: dict[str, Project]) -> bool:
    """A request waits for a steward who may review it and has not voted on all of it, or who may release it."""
    if request.state not in WAITING or request.project not in known:
        return False
    if not may_review(person, request, known[request.project]):
        return False
    voted = {f.path for f in request.files} <= {v.path for v in request.votes if v.steward == person.name}
    differs = request.ballot is Ballot.OPENED and bool(dissents(request))
    return request.state is ExportState.APPROVED or differs or not voted


def claimed_by_another(lab: Lab, person: Person, request: ExportRequest) -> bool:
    """What another steward has claimed waits for them alone, for a while."""
    return holder(request, lab.now(), lab.settings.review.claim) not in ("", person.name)


PAGES = (Page("/", "home.html", home),)
