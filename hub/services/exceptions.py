"""Exceptions from a finding: asked for by the author, decided by stewards, asked after whenever they count."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from datasets_mount.catalogue import Dataset
from hub.domain import exceptions as rules
from hub.domain.audit import event
from hub.domain.errors import ConflictError, NotFoundError, RefusedError
from hub.domain.exceptions import ExceptionVote, GateException, Ground, Word
from hub.domain.exports import (
    ExportRequest,
    ExportState,
    ExportStep,
    check_is_author,
    finding_id,
    is_blocked,
    step_request,
    without_votes,
)
from hub.domain.people import Person
from hub.domain.projects import Project, check_works_in
from hub.domain.queue import Seen, check_fresh
from hub.domain.votes import entitled, may_review
from hub.services.exports import load_reviewable, load_visible
from hub.services.lab import Lab, found, known_project, new_id, people_today
from hub.services.policies import quorum_of
from hub.services.ports import Reading, Transaction
from hub.settings import Settings


def needed_votes(reading: Reading, settings: Settings, request: ExportRequest) -> int:
    """An exception takes more stewards than the request's release: one more, or as many more as the lab says."""
    return quorum_of(reading, settings.gate, request).needed(request) + settings.exceptions.more_votes


def lasting(settings: Settings) -> timedelta:
    """How long a granted exception holds."""
    return timedelta(days=settings.exceptions.days)


def check_tiers(reading: Reading, settings: Settings, request: ExportRequest) -> None:
    """Every dataset behind the request is of a tier that allows exceptions; data that nobody knows allow none."""
    known = [reading.get(Dataset, name) for name in request.snapshots]
    if not known or any(d is None or d.tier.value not in settings.exceptions.tiers for d in known):
        raise RefusedError(
            "The data behind this request are of a tier that allows no exception.", reason="tier-without-exceptions"
        )


def in_force(reading: Reading, settings: Settings, request: ExportRequest) -> list[GateException]:
    """Return the exceptions that hold for the request now: of its tier, its project as it is today, and its bytes."""
    try:
        check_tiers(reading, settings, request)
    except RefusedError:
        return []
    project = known_project(reading, request.project)
    asked = rules.standing(reading.find(GateException, request=request.id))
    if project is None or not asked:
        return []
    may = entitled(request, project, people_today(reading, {name for e in asked for name in rules.granting(e)}))
    needed, lasts, now = needed_votes(reading, settings, request), lasting(settings), reading.moment
    holding = [e for e in asked if rules.holds(e, may, needed, now, lasts)]
    return [e for e in holding if rules.covered(request, [e])]


def excepted(reading: Reading, settings: Settings, request: ExportRequest) -> frozenset[tuple[str, str]]:
    """Return which findings of the request are covered now, by path and identifier."""
    return rules.covered(request, in_force(reading, settings, request))


def ask(
    lab: Lab, actor: str, identifier: str, path: str, number: int, *, ground: Ground, text: str, turn: int = 0
) -> GateException:
    """Ask for an exception from a file's finding, counted from 1; its author does this, while they work in the project.

    ``turn`` is the submission that they saw, 0 where they do not say.
    """
    with lab.store.begin() as records:
        request, person, project = load_visible(records, actor, identifier)
        check_is_author(person, request)
        check_works_in(person, project, lab.now().date())
        check_fresh(request, Seen(turn))
        file = next((f for f in request.files if f.path == path), None)
        if file is None or not 1 <= number <= len(file.findings):
            raise NotFoundError("The request has no finding of that number.", reason="not-found")
        finding = file.findings[number - 1]
        rules.check_can_be_excepted(request, file, finding)
        check_tiers(records, lab.settings, request)
        asked = GateException(
            new_id("exception"),
            identifier,
            request.project,
            path,
            finding.check,
            finding.place,
            finding_id(finding),
            file.canonical,
            request.policy,
            ground,
            rules.check_text(text),
            actor,
            lab.now(),
        )
        earlier = records.find(GateException, request=identifier)
        counting = {e.id for e in in_force(records, lab.settings, request)}
        rules.check_not_asked(request, path, asked.finding, earlier, counting)
        details = {"exception": asked.id, "check": asked.check, "canonical": asked.canonical, "policy": asked.policy}
        records.save(asked, event("export:exception:ask", actor, identifier, request.project, ground=ground, **details))
        return asked


def decide(
    lab: Lab, actor: str, identifier: str, exception: str, *, word: Word, reason: str, canonical: str, policy: str
) -> GateException:
    """Say a steward's word; the last one that is needed lets a blocked request, with nothing else in its way, go on."""
    with lab.store.begin() as records:
        request, project = load_reviewable(records, actor, identifier)
        kept = records.get(GateException, exception)
        known = found(kept if kept is not None and kept.request == identifier else None, "exception", exception)
        if actor == known.asked_by:
            raise RefusedError("You cannot decide on your own exception.", reason="own-request")
        if request.state not in rules.ASKED_IN:
            raise ConflictError(
                "The export request {id} is {state}; an exception is asked for from its checks to its release.",
                reason="request-state",
                id=identifier,
                state=request.state,
            )
        check_tiers(records, lab.settings, request)
        if not rules.covered(request, [known]):
            raise ConflictError(
                "The file or the policy is another than the exception was asked for; reload the request.",
                reason="vote-stale",
            )
        vote = ExceptionVote(actor, word, reason.strip(), records.moment)
        may = entitled(request, project, people_today(records, {actor, *rules.granting(known)}))
        said = rules.say(known, vote, needed_votes(records, lab.settings, request), canonical, policy, may)
        state = "granted" if said.granted else "denied" if said.denied else "open"
        details = {"exception": said.id, "check": said.check, "canonical": said.canonical, "policy": said.policy}
        name = f"export:exception:{word}"
        records.save(said, event(name, actor, identifier, request.project, state=state, **details))
        _let_go_on(lab, records, request)
        return said


def _let_go_on(lab: Lab, records: Transaction, request: ExportRequest) -> None:
    """A blocked request whose every block is covered waits for the stewards' votes, as one that passed."""
    if request.state is not ExportState.BLOCKED or is_blocked(request, excepted(records, lab.settings, request)):
        return
    going = without_votes(step_request(request, ExportStep.EXCEPT))
    records.save(going, event("export:request:except", "worker", request.id, request.project))


def exceptions(lab: Lab, actor: str, identifier: str) -> list[GateException]:
    """Return what was asked for, to whoever sees the request; who cannot review it does not read who voted and why."""
    with lab.store.read() as reading:
        return asked_of(reading, *load_visible(reading, actor, identifier))


def asked_of(reading: Reading, request: ExportRequest, person: Person, project: Project) -> list[GateException]:
    """Return what was asked for of a request, as somebody sees it who sees the request."""
    asked = reading.find(GateException, request=request.id)
    if may_review(person, request, project):
        return asked
    return [e if e.denied else replace(e, votes=()) for e in asked]


def excepted_now(lab: Lab, request: ExportRequest) -> frozenset[tuple[str, str]]:
    """Return which findings are covered, for a page that shows what could be done."""
    with lab.store.read() as reading:
        return excepted(reading, lab.settings, request)


def counting_now(lab: Lab, request: ExportRequest) -> frozenset[str]:
    """Return the identifiers of the exceptions that count now, for a page that tells them from those that do not."""
    with lab.store.read() as reading:
        return frozenset(e.id for e in in_force(reading, lab.settings, request))


def check_tier_allows(lab: Lab, request: ExportRequest) -> None:
    """Say whether the data behind a request allow exceptions, for a page that offers to ask for one."""
    with lab.store.read() as reading:
        check_tiers(reading, lab.settings, request)
