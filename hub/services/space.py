"""Space: the worker watches the places that the lab writes to; who runs the lab, and who decides in it, is told."""

from __future__ import annotations

from hub.domain.audit import event
from hub.domain.people import Role
from hub.domain.space import Alarm, check_room, turn_alarm
from hub.services.lab import Lab, load_person

TOLD = {Role.ADMINISTRATOR, Role.STEWARD}


def check_space(lab: Lab) -> None:
    """Refuse what is new while the lab is short of space."""
    check_room(lab.storage.places(), lab.settings.space.floor)


def watch_space(lab: Lab) -> None:
    """Raise an alarm for each place in which too little is free, and end it when that is over, each once."""
    places = lab.storage.places()
    with lab.store.read() as reading:
        present = {place.name: reading.get(Alarm, place.name.value) for place in places}
    threshold = lab.settings.space.alarm
    if not any(turn_alarm(p, present[p.name], threshold, lab.now()) for p in places):
        return  # As nearly always: nothing is written, and no writer waits.
    with lab.store.begin() as records:
        for place in places:
            turned = turn_alarm(place, records.get(Alarm, place.name.value), threshold, lab.now())
            if turned is not None:
                name = "lab:space:low" if turned.ended is None else "lab:space:enough"
                records.save(turned, event(name, "worker", place.name, free=place.free, threshold=threshold))


def space_alarms(lab: Lab, actor: str) -> list[Alarm]:
    """List the places that are short of space now, for administrators and stewards; nobody else is told."""
    with lab.store.read() as reading:
        if not TOLD & set(load_person(reading, actor).roles):
            return []
        return [alarm for alarm in reading.find(Alarm) if alarm.ended is None]
