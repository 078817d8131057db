"""The statement that the lab asks for, for whoever is about to make it."""

from __future__ import annotations

from hub.domain.statements import StatementAsked, made, statements_asked
from hub.services.lab import Lab, load_person


def statements(lab: Lab, actor: str) -> list[StatementAsked]:
    """Return the statement in each of the portal's languages."""
    with lab.store.read() as reading:
        load_person(reading, actor)
    return list(statements_asked(lab.settings.statement.texts))


def check_made(lab: Lab, actor: str, digest: str) -> None:
    """Refuse a digest that is of no statement of the lab, before anything is made that would be sent with it."""
    made(actor, lab.now(), digest, lab.settings.statement.texts)
