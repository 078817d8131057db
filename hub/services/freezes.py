"""Freezes: stewards stop what leaves at once, and let it go on; releases and downloads ask here first."""

from __future__ import annotations

from hub.domain import freezes as rules
from hub.domain.audit import event
from hub.domain.freezes import Freeze, check_can_freeze, check_can_lift
from hub.domain.projects import sees_project
from hub.domain.reasons import check_reason
from hub.services.lab import Lab, found, known_project, known_projects, load_person, new_id
from hub.services.ports import Reading
from hub.services.projects import load_project


def check_leaves(reading: Reading, project: str) -> None:
    """Nothing of a project leaves while it is frozen; asked in the transaction in which it would leave.

    Freezes that cannot be read let nothing leave either: the error of the store goes on to whoever asked.
    """
    rules.check_leaves(freezes_in_force(reading), project)


def freezes_in_force(reading: Reading) -> list[Freeze]:
    """Return every freeze that is not lifted."""
    return reading.find(Freeze, lifted=None)


def freeze(lab: Lab, actor: str, project: str, reason: str) -> Freeze:
    """Stop all that leaves, or with a project's name what leaves of it; it holds when this returns."""
    with lab.store.begin() as records:
        person = load_person(records, actor)
        check_can_freeze(person)
        if project:
            load_project(records, person, project)
        why = check_reason(reason)
        rules.check_not_frozen_twice(freezes_in_force(records), project)
        begun = Freeze(new_id("freeze"), project, why, actor, lab.now())
        records.save(begun, event("export:freeze:begin", actor, begun.id, project, reason=why))
        return begun


def lift_freeze(lab: Lab, actor: str, identifier: str, reason: str) -> Freeze:
    """Let leave again what the freeze of that identifier stopped; another freeze goes on holding."""
    with lab.store.begin() as records:
        person = load_person(records, actor)
        check_can_freeze(person)
        known = found(records.get(Freeze, identifier), "freeze", identifier)
        project = found(known_project(records, known.project), "project", known.project) if known.project else None
        check_can_lift(person, project)
        lifted = rules.lift(known, actor, reason, lab.now())
        records.save(lifted, event("export:freeze:lift", actor, identifier, known.project, reason=lifted.lifted_reason))
        return lifted


def freezes(lab: Lab, actor: str) -> list[Freeze]:
    """List the freezes in force that the person may know of, the whole lab's first."""
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        in_force = freezes_in_force(reading)
        names = {p.name for p in known_projects(reading) if sees_project(person, p)} if in_force else set()
    return sorted((f for f in in_force if not f.project or f.project in names), key=lambda f: f.project)
