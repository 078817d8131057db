"""Supporting files as reviewers look at them; each look is recorded, and nobody is given their bytes to take along."""

from __future__ import annotations

from hub.domain.audit import event
from hub.domain.errors import NotFoundError
from hub.domain.supporting import SupportingFile
from hub.gate.exchange import MOST_SHOWN_BYTES
from hub.services.exports import check_reads_files, load_visible
from hub.services.lab import Lab


def supporting_file(lab: Lab, actor: str, identifier: str, path: str) -> tuple[SupportingFile, bytes]:
    """Return what is shown of a supporting file to who may review its request, or votes for an owner."""
    with lab.store.begin() as records:
        seen, person, project = load_visible(records, actor, identifier)
        check_reads_files(records, person, seen, project)
        file = next((f for f in seen.supporting if f.path == path and f.shown), None)
        if file is None:
            raise NotFoundError("The request has no supporting file of that name to show.", reason="not-found")
        details = {"path": file.path, "sha256": file.shown}
        records.record(event("export:supporting:view", actor, seen.id, seen.project, **details))
    return file, lab.vault.read(file.shown, MOST_SHOWN_BYTES)
