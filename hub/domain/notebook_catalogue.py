"""The catalogue: approved notebooks as people look for them, without their source.

A search has words; each must stand in what a notebook is called, what it is for, or the names of its project, datasets
and parameters with their choices. Whole words and parts of words count, in any letter case and without accents.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hub.domain.notebooks import Notebook, NotebookState, Parameter

MOST_WORDS = 10


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """An approved notebook: ``version`` counts the approvals of its name in the project, ``digest`` names its bytes."""

    id: str
    project: str
    name: str
    purpose: str
    author: str
    version: int
    digest: str
    approved: datetime | None
    datasets: tuple[str, ...]
    parameters: tuple[Parameter, ...]


def entries(known: Iterable[Notebook]) -> list[CatalogueEntry]:
    """Return the notebooks that may run, sorted by name; ``known`` are all versions, oldest first."""
    versions: dict[tuple[str, str], int] = {}
    found = []
    for notebook in known:
        named = (notebook.project, notebook.name)
        if _was_approved(notebook):
            versions[named] = versions.get(named, 0) + 1
        if notebook.state is NotebookState.APPROVED:
            found.append(_entry(notebook, versions[named]))
    return sorted(found, key=lambda entry: (entry.name, entry.project))


def _was_approved(notebook: Notebook) -> bool:
    """What was withdrawn before anybody decided on it was never a version."""
    if notebook.state in (NotebookState.APPROVED, NotebookState.SUPERSEDED):
        return True
    return notebook.state is NotebookState.WITHDRAWN and notebook.decided is not None


def _entry(notebook: Notebook, version: int) -> CatalogueEntry:
    about = (notebook.id, notebook.project, notebook.name, notebook.purpose, notebook.author, version, notebook.digest)
    return CatalogueEntry(*about, notebook.decided, notebook.datasets, notebook.parameters)


def search(known: Iterable[CatalogueEntry], text: str, dataset: str = "") -> list[CatalogueEntry]:
    """Return the entries in which every word stands, and that run on the dataset where one is named."""
    words = _plain(text).split()[:MOST_WORDS]
    return [e for e in known if dataset in ("", *e.datasets) and all(word in _text(e) for word in words)]


def _text(entry: CatalogueEntry) -> str:
    named = [word for p in entry.parameters for word in (p.name, *p.choices)]
    return _plain("\n".join((entry.name, entry.project, entry.purpose, *entry.datasets, *named)))


def _plain(text: str) -> str:
    """Letters without case and accents: “Régions” is found by “regions”."""
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in spread if not unicodedata.combining(letter))
