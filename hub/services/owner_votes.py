"""What owners of datasets do: say what their part is, name who votes for them, and vote."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from datasets_mount.catalogue import Dataset, OwnersPart
from hub.domain import owners as rules
from hub.domain.audit import event
from hub.domain.ballots import Cause, Decision, OwnerVote, check_says_what_changes
from hub.domain.errors import NotFoundError
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.owners import ASKED_IN, Delegation, delegation_id
from hub.domain.people import Person, Role
from hub.domain.queue import Seen, check_fresh, check_not_claimed
from hub.domain.votes import as_seen_by, check_not_sealed
from hub.services.datasets import check_owns
from hub.services.exports import load_visible
from hub.services.lab import Lab, found, known_person, known_projects, load_person
from hub.services.owners import asking, delegates_of, voted_for_by_name, votes_for


@dataclass(frozen=True, slots=True)
class AskedVote:
    """A request that waits for the owner of a dataset, for whom the person may vote, and whether they agreed to it."""

    request: str
    project: str
    dataset: str
    state: ExportState
    submitted: datetime | None
    agreed: bool


def set_part(lab: Lab, actor: str, name: str, part: OwnersPart) -> Dataset:
    """Say whether the dataset's owner is told of what leaves, or has to agree; a steward of the owner does this."""
    with lab.store.begin() as records:
        check_owns(records, actor, name)
        changed = replace(found(records.get(Dataset, name), "dataset", name), owners=part)
        records.save(changed, event("lab:dataset:owners-part", actor, name, part=part))
        return changed


def delegate(lab: Lab, actor: str, name: str, person: str, ends: date) -> Delegation:
    """Name somebody who votes for the dataset's owner to the end of a day; a steward of the owner does this."""
    with lab.store.begin() as records:
        check_owns(records, actor, name)
        dataset = found(records.get(Dataset, name), "dataset", name)
        rules.check_can_be_delegate(found(known_person(records, person), "person", person), dataset.owner)
        rules.check_ends(ends, records.moment.date())
        made = Delegation(delegation_id(name, person), name, person, actor, lab.now(), ends)
        records.save(made, event("lab:dataset:delegate", actor, name, person=person, ends=ends.isoformat()))
        return made


def end_delegation(lab: Lab, actor: str, name: str, person: str) -> Delegation:
    """Take it back: from then on their votes for the owner do not count."""
    with lab.store.begin() as records:
        check_owns(records, actor, name)
        kept = records.get(Delegation, delegation_id(name, person))
        if kept is None or kept.withdrawn is not None:
            raise NotFoundError("Nobody of that name votes for this dataset's owner.", reason="not-found")
        ended = replace(kept, withdrawn=lab.now())
        records.save(ended, event("lab:dataset:end-delegation", actor, name, person=person))
        return ended


def delegations(lab: Lab, actor: str, name: str) -> list[Delegation]:
    """Return who votes or voted for a dataset's owner by name, for the owner's stewards and auditors."""
    with lab.store.read() as reading:
        if Role.AUDITOR not in load_person(reading, actor).roles:
            check_owns(reading, actor, name)
        found(reading.get(Dataset, name), "dataset", name)
        return reading.find(Delegation, dataset=name)


def vote_for_owner(
    lab: Lab,
    actor: str,
    identifier: str,
    dataset: str,
    *,
    decision: Decision,
    canonical: dict[str, str],
    policy: str,
    reason: str,
    turn: int = 0,
    cause: Cause = Cause.OTHER,
) -> ExportRequest:
    """Vote for a dataset's owner on a whole request, as it was seen; one that asks for changes returns it."""
    check_says_what_changes(decision, reason)
    with lab.store.begin() as records:
        seen, person, project = load_visible(records, actor, identifier)
        asked, kept = asking(records, seen), records.get(Dataset, dataset)
        owner = found(kept if dataset in seen.snapshots else None, "dataset", dataset).owner
        rules.check_votes_for_owner(person, seen, project, owner, delegates_of(records, dataset))
        rules.check_is_asked(seen, dataset, asked)
        if decision is Decision.CHANGES:  # it ends the review, so it waits for the stewards who are at it
            check_not_claimed(seen, actor, lab.now(), lab.settings.review.claim)
            check_not_sealed(seen)
        check_fresh(seen, Seen(turn, canonical, policy))
        rules.check_saw_all(seen, canonical)
        why = cause if decision is Decision.CHANGES else None
        said = OwnerVote(actor, dataset, decision, reason.strip(), lab.now(), rules.seen_digest(seen), why)
        voted = rules.with_owner_vote(seen, said)
        details: dict[str, object] = {"dataset": dataset, "decision": decision, "policy": policy, "state": voted.state}
        details |= {"cause": why} if why else {}
        records.save(voted, event("export:request:owner-vote", actor, identifier, seen.project, **details))
        return as_seen_by(person, voted, project)


def asked_votes(lab: Lab, actor: str) -> list[AskedVote]:
    """Return what waits for an owner for whom the person may vote, the longest first.

    The number of questions to the database does not depend on how much waits.
    """
    with lab.store.read() as reading:
        person, names = load_person(reading, actor), voted_for_by_name(reading, actor)
        asked = [d for d in reading.find(Dataset, owners=OwnersPart.VOTE) if _speaks(person, d, names)]
        if not asked:
            return []
        known = {p.name: p for p in known_projects(reading)}
        waiting = [r for r in reading.find(ExportRequest, state=ASKED_IN) if r.project in known]
        return [
            AskedVote(r.id, r.project, d.name, r.state, r.submitted, rules.agreed(r, d.name, (actor,)))
            for r in waiting
            for d in asked
            if d.name in r.snapshots and votes_for(person, r, known[r.project], d.owner, _named(person, d, names))
        ]


def _speaks(person: Person, dataset: Dataset, names: set[str]) -> bool:
    return rules.speaks_for(person, dataset.owner, _named(person, dataset, names))


def _named(person: Person, dataset: Dataset, names: set[str]) -> tuple[str, ...]:
    """The person, where they were named to vote for the dataset's owner."""
    return (person.name,) if dataset.name in names else ()
