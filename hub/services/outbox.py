"""The outbox: messages that wait to leave the lab, tried again and again for a day.

Invariants:

* a message is marked as sent after it was taken, so a crash between the two sends it once more, under the same name;
* a way that does not work keeps no other from its turn, and nothing here keeps a use case waiting;
* what was sent, and what was given up, stands in the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from hub.domain.audit import event
from hub.domain.errors import LabError, UnavailableError
from hub.domain.notices import TOLD_AS_LOST, Channel, Message, is_due, is_too_old, try_later, was_sent
from hub.domain.people import Role
from hub.services.lab import Lab, load_person
from hub.services.ports import Reading

TOLD = {Role.ADMINISTRATOR, Role.STEWARD}
MOST_A_ROUND = 50


class Courier(Protocol):
    """Takes messages out of the lab by one way.

    ``carry`` returns when the other side has taken the message. It raises UnavailableError where the way itself does
    not work, and another error of the lab where this message alone was refused.
    """

    def carry(self, message: Message) -> None:
        """Hand one message over."""


def waiting(reading: Reading) -> list[Message]:
    """Return what is neither sent nor given up, oldest first."""
    return reading.find(Message, sent=None, lost=None)


def deliver(lab: Lab, couriers: Mapping[Channel, Courier]) -> None:
    """Try every message whose turn it is; a way that does not work is left alone for this round."""
    with lab.store.read() as reading:
        due = [m for m in waiting(reading) if is_due(m, lab.now())]
    broken: set[Channel] = set()
    for message in due[:MOST_A_ROUND]:
        courier = couriers.get(message.channel)
        if courier is None or message.channel in broken or is_too_old(message, lab.now()):
            continue
        try:
            courier.carry(message)
        except LabError as error:
            broken |= {message.channel} if isinstance(error, UnavailableError) else set()
            _keep(lab, try_later(message, error.reason, lab.now()), "retry", fault=error.reason)
        else:
            _keep(lab, was_sent(message, lab.now()), "send")


def _keep(lab: Lab, message: Message, act: str, **details: object) -> None:
    about = {"channel": message.channel, "kind": message.kind, "about": message.subject, "attempts": message.attempts}
    with lab.store.begin() as records:
        records.save(message, event(f"lab:message:{act}", "worker", message.id, message.project, **about, **details))


def give_up(lab: Lab) -> None:
    """Give up what could not be sent for a day, with an event; those who run the lab read of it on their home page."""
    with lab.store.read() as reading:
        late = [m for m in waiting(reading) if is_too_old(m, lab.now())]
    for message in late:
        _keep(lab, replace(message, lost=lab.now()), "give-up", fault=message.fault)


def lost_messages(lab: Lab, actor: str) -> list[Message]:
    """List the messages of the last week that were given up, for administrators and stewards; nobody else is told."""
    with lab.store.read() as reading:
        if not TOLD & set(load_person(reading, actor).roles):
            return []
        return [m for m in reading.find(Message, sent=None) if m.lost and lab.now() - m.lost < TOLD_AS_LOST]
