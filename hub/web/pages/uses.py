"""Pages for owners of datasets: who used their data, what left, and what is due."""

from __future__ import annotations

from datasets_mount.uses import Due, DueKind, Use, UseKind
from hub.services import uses
from hub.services.uses import DatasetUses
from hub.web.pages.types import Context, Page, Visit

MOST_SHOWN = 100
MOUNTS = (UseKind.WORKSPACE, UseKind.RUN)


def list_uses(visit: Visit) -> Context:
    """Show each dataset with how often it was used, and all that is due."""
    found = uses.owned_uses(visit.lab, visit.actor)
    due = sorted(((d, u.dataset) for u in found for d in u.due if is_ahead(d)), key=lambda pair: pair[0].day)
    return {"rows": [_row(u) for u in found], "due": due}


def is_ahead(due: Due) -> bool:
    """What is still to come, or has to be mended; the past stands on the dataset's own page."""
    return due.kind in (DueKind.GRANT_ENDS, DueKind.GRANT_WAITS, DueKind.SNAPSHOT_BROKEN)


def _row(found: DatasetUses) -> dict[str, object]:
    counts = {kind.value: sum(u.kind is kind for u in found.uses) for kind in UseKind}
    last = next((u for u in found.uses if u.kind in MOUNTS), None)
    return {"dataset": found.dataset, "counts": counts, "last": last}


def show_uses(visit: Visit) -> Context:
    """Show the uses of one dataset, newest first."""
    found = uses.dataset_uses(visit.lab, visit.actor, visit.path["name"])
    mounts = [u for u in found.uses if u.kind in MOUNTS]
    requests = [u for u in found.uses if u.kind is UseKind.REQUEST]
    left = [u for u in found.uses if u.kind in (UseKind.RELEASE, UseKind.DOWNLOAD)]
    return {
        "dataset": found.dataset,
        "due": found.due,
        "mounts": mounts[:MOST_SHOWN],
        "requests": requests[:MOST_SHOWN],
        "left": left[:MOST_SHOWN],
        "hidden": sum(map(_hidden, (mounts, requests, left))),
    }


def _hidden(found: list[Use]) -> int:
    return len(found[MOST_SHOWN:])


PAGES = (
    Page("/uses", "uses.html", list_uses),
    Page("/datasets/{name}/uses", "dataset_uses.html", show_uses),
)
