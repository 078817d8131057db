"""The saved views of the queue: kept, listed and forgotten by the person whose they are, and seen by nobody else."""

from __future__ import annotations

from hub.domain import saved_views as rules
from hub.domain.audit import event
from hub.domain.people import Role, check_has_role
from hub.domain.saved_views import SavedView, SavedViews
from hub.services.lab import Lab, load_person
from hub.services.ports import Reading


def saved_views(lab: Lab, actor: str) -> list[SavedView]:
    """Return what the person keeps, oldest name first; stewards and auditors have a queue to look at."""
    with lab.store.read() as reading:
        return list(_kept(reading, actor).views)


def save_view(lab: Lab, actor: str, view: SavedView) -> list[SavedView]:
    """Keep filters under a name, in the place of those of that name; return all that the person keeps."""
    with lab.store.begin() as records:
        kept = rules.with_view(_kept(records, actor), view)
        records.save(kept, event("queue:view:save", actor, actor))
        return list(kept.views)


def forget_view(lab: Lab, actor: str, name: str) -> list[SavedView]:
    """Forget the view of a name; return what is left."""
    with lab.store.begin() as records:
        kept = rules.without_view(_kept(records, actor), name)
        records.save(kept, event("queue:view:forget", actor, actor))
        return list(kept.views)


def _kept(reading: Reading, actor: str) -> SavedViews:
    check_has_role(load_person(reading, actor), Role.STEWARD, Role.AUDITOR)
    return reading.get(SavedViews, actor) or SavedViews(actor)
