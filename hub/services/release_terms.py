"""Until when releases are fetched: opened when they are made, and again by a steward."""

from __future__ import annotations

from datetime import timedelta

from hub.domain.audit import event
from hub.domain.downloads import Moment, ReleaseTerm
from hub.domain.releases import Release
from hub.services.lab import Lab
from hub.services.ports import Reading, Transaction


def present(lab: Lab) -> Moment:
    """Return the present by both clocks."""
    return Moment(lab.now(), int(lab.clock.seconds()), lab.clock.boot())


def term_of(lab: Lab, reading: Reading, kept: Release) -> ReleaseTerm:
    """Return until when a release is fetched; one from before there were terms is open as long as a new one.

    When that was made is known by the date alone: as its seconds stand the present ones, so that they never end it, and
    a date that is set back opens it again.
    """
    known = reading.get(ReleaseTerm, kept.id)
    if known is not None:
        return known
    ends = kept.created + timedelta(days=lab.settings.releases.days)
    return ReleaseTerm(kept.id, kept.project, kept.created, ends, int(lab.clock.seconds()), kept.released_by)


def open_term(lab: Lab, records: Transaction, actor: str, kept: Release, days: int, reason: str = "") -> ReleaseTerm:
    """Open a release from now on for so many days, with why where it is opened again."""
    now = present(lab)
    ends = now.at + timedelta(days=days)
    term = ReleaseTerm(kept.id, kept.project, now.at, ends, now.seconds, actor, reason)
    details = {"ends": ends.isoformat(timespec="seconds")} | ({"reason": reason} if reason else {})
    records.save(term, event("export:release:open", actor, kept.id, kept.project, **details))
    return term
