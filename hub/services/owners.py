"""The owners of the data behind a request: who is asked, who votes for them, and whether they agree."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from datasets_mount.catalogue import Dataset, OwnersPart
from hub.domain import owners as rules
from hub.domain.errors import RefusedError
from hub.domain.exports import ExportRequest
from hub.domain.owners import Delegation
from hub.domain.people import Person, Role
from hub.domain.projects import Project
from hub.services.lab import Lab, people_today
from hub.services.ports import Reading

UNKNOWN = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """An owner who is asked: the dataset, the organisation, who may vote for it by name, and whether they agree."""

    dataset: str
    owner: str
    delegates: tuple[str, ...]
    agreed: bool


def delegates_of(reading: Reading, dataset: str) -> tuple[str, ...]:
    """Return who was named to vote for a dataset's owner, and still is."""
    today = reading.moment.date()
    return tuple(d.person for d in reading.find(Delegation, dataset=dataset) if rules.in_force(d, today))


def asking(reading: Reading, request: ExportRequest) -> dict[str, str]:
    """Return the datasets behind a request whose owners' votes are needed, with the owner.

    Of a dataset that is not known any more nobody could agree, so that its owner, who is unknown, is asked.
    """
    known = (
        {d.name: d for d in reading.find(Dataset, name=tuple(sorted(request.snapshots)))} if request.snapshots else {}
    )
    gone = {name: UNKNOWN for name in request.snapshots if name not in known}
    return gone | {name: d.owner for name, d in known.items() if d.owners is OwnersPart.VOTE}


def entitled(reading: Reading, request: ExportRequest, project: Project) -> dict[str, frozenset[str]]:
    """Return for each dataset whose owner is asked who of those who voted may say so now."""
    found: dict[str, frozenset[str]] = {}
    for dataset, owner in asking(reading, request).items():
        people = people_today(reading, {v.person for v in request.owner_votes if v.dataset == dataset})
        delegates = delegates_of(reading, dataset) if people else ()
        may = (p.name for p in people.values() if owner and votes_for(p, request, project, owner, delegates))
        found[dataset] = frozenset(may)
    return found


def votes_for(person: Person, request: ExportRequest, project: Project, owner: str, delegates: Collection[str]) -> bool:
    """Say whether the person may vote for an owner on a request, by role or by name."""
    try:
        rules.check_votes_for_owner(person, request, project, owner, delegates)
    except RefusedError:
        return False
    return True


def asked_of(reading: Reading, person: Person, request: ExportRequest, project: Project) -> tuple[str, ...]:
    """Return the datasets behind a request for whose owner the person may vote now, where that is asked."""
    asked = asking(reading, request)
    may = Role.ADMINISTRATOR not in person.roles and asked
    if not may:
        return ()
    return tuple(
        dataset
        for dataset, owner in asked.items()
        if owner and votes_for(person, request, project, owner, delegates_of(reading, dataset))
    )


def voted_for_by_name(reading: Reading, person: str) -> set[str]:
    """Return the names of the datasets for whose owners the person was named to vote, and still is."""
    today = reading.moment.date()
    return {d.dataset for d in reading.find(Delegation, person=person) if rules.in_force(d, today)}


def named_for(reading: Reading, person: Person) -> list[Dataset]:
    """Return these datasets; what it asks does not depend on a request."""
    names = voted_for_by_name(reading, person.name)
    return reading.find(Dataset, name=tuple(sorted(names))) if names else []


def is_asked_by_name(person: Person, request: ExportRequest, project: Project, named: Collection[Dataset]) -> bool:
    """Say whether the person may vote by name for the owner of one of these datasets, and the request asks for it."""
    return Role.ADMINISTRATOR not in person.roles and any(
        d.name in request.snapshots
        and d.owners is OwnersPart.VOTE
        and votes_for(person, request, project, d.owner, (person.name,))
        for d in named
    )


def check_agree(reading: Reading, request: ExportRequest, project: Project) -> None:
    """Every owner who is asked agrees to exactly these files now."""
    rules.check_owners_agree(request, entitled(reading, request, project))


def check_agree_now(lab: Lab, request: ExportRequest, project: Project) -> None:
    """The same, for a page that says beforehand what would be refused."""
    with lab.store.read() as reading:
        check_agree(reading, request, project)


def asked_about(reading: Reading, request: ExportRequest, project: Project) -> list[Asked]:
    """Return which owners are asked about a request, and whether they agree, for its page."""
    may = entitled(reading, request, project)
    return [
        Asked(name, owner, delegates_of(reading, name), rules.agreed(request, name, may[name]))
        for name, owner in sorted(asking(reading, request).items())
    ]


def speakers(reading: Reading, dataset: Dataset) -> tuple[str, ...]:
    """Return everybody who may vote for a dataset's owner by role or by name, whatever project it is."""
    delegates = delegates_of(reading, dataset.name)
    named = people_today(reading, delegates)
    own = people_today(reading, {p.name for p in reading.find(Person, organisation=dataset.owner)})
    both = named | own
    return tuple(sorted(p.name for p in both.values() if rules.speaks_for(p, dataset.owner, delegates)))
