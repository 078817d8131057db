"""The catalogue of approved notebooks, as far as a person may know of their projects."""

from __future__ import annotations

from hub.domain.notebook_catalogue import CatalogueEntry, entries, search
from hub.services.lab import Lab
from hub.services.notebooks import notebooks


def catalogue(lab: Lab, actor: str, text: str = "", project: str = "", dataset: str = "") -> list[CatalogueEntry]:
    """Return what may run in the projects that the person may know of, and in which every word of the text stands."""
    return search(entries(notebooks(lab, actor, project)), text, dataset)
