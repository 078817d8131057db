"""What differs between a notebook and the version that was approved before it."""

from __future__ import annotations

from dataclasses import dataclass

from hub.domain.audit import event
from hub.domain.notebook_changes import CellChange, cell_changes
from hub.domain.notebooks import Notebook, NotebookState
from hub.services.lab import Lab
from hub.services.notebooks import load_notebook
from hub.services.ports import Reading

ONCE_APPROVED = frozenset({NotebookState.APPROVED, NotebookState.SUPERSEDED, NotebookState.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class NotebookChanges:
    """The version approved before, its cells beside those of now, and what else the approval is bound to.

    ``before`` is empty where no version was approved before, and then there is nothing to compare with.
    """

    before: str
    cells: tuple[CellChange, ...] = ()
    same_image: bool = True
    datasets_added: tuple[str, ...] = ()
    datasets_removed: tuple[str, ...] = ()


def approved_before(reading: Reading, notebook: Notebook) -> Notebook | None:
    """Return the version of the name that was approved last before a notebook was decided on, or until now."""
    versions = [
        n
        for n in reading.find(Notebook, project=notebook.project, name=notebook.name)
        if n.id != notebook.id
        and n.state in ONCE_APPROVED
        and n.decided is not None
        and (notebook.decided is None or n.decided < notebook.decided)
    ]
    return max(versions, key=lambda n: n.decided or n.created, default=None)


def changes_of(reading: Reading, notebook: Notebook) -> NotebookChanges:
    """Compare a notebook with the version approved before it."""
    before = approved_before(reading, notebook)
    if before is None:
        return NotebookChanges("")
    old, new = set(before.datasets), set(notebook.datasets)
    return NotebookChanges(
        before.id,
        cell_changes(before.cells, notebook.cells),
        before.image == notebook.image,
        tuple(sorted(new - old)),
        tuple(sorted(old - new)),
    )


def shown_changes(lab: Lab, notebook: Notebook) -> NotebookChanges:
    """Compare a notebook that somebody has just been shown; that view is recorded already."""
    with lab.store.read() as reading:
        return changes_of(reading, notebook)


def notebook_changes(lab: Lab, actor: str, identifier: str) -> NotebookChanges:
    """Return what changed since the version approved before, for whoever sees the notebook; the view is recorded."""
    with lab.store.begin() as records:
        notebook = load_notebook(records, actor, identifier)
        found = changes_of(records, notebook)
        records.record(event("lab:notebook:compare", actor, identifier, notebook.project, before=found.before))
        return found
