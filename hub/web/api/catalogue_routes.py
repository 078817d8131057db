"""The route of the catalogue."""

from __future__ import annotations

from typing import Any

from hub.domain.notebook_catalogue import CatalogueEntry
from hub.services import catalogue
from hub.services.lab import Lab
from hub.web.api.routes import Request, Route
from hub.web.models.notebooks import CatalogueQuery


def get_catalogue(lab: Lab, actor: str, request: Request[CatalogueQuery]) -> list[CatalogueEntry]:
    """Search the approved notebooks."""
    asked = request.body
    return catalogue.catalogue(lab, actor, asked.text, asked.project, asked.dataset)


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET",
        "/catalogue",
        "Approved notebooks of the projects that one may know of, found by words; without their source",
        get_catalogue,
        CatalogueQuery,
        list[CatalogueEntry],
    ),
)
