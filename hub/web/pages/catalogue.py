"""The page of the catalogue: approved notebooks, found by words."""

from __future__ import annotations

from hub.services import catalogue
from hub.web.api import catalogue_routes as api
from hub.web.api.routes import request_of
from hub.web.models.notebooks import CatalogueQuery
from hub.web.pages.types import Context, Page, Visit


def show_catalogue(visit: Visit) -> Context:
    """Show what was found."""
    lab, actor = visit.lab, visit.actor
    asked = {name: visit.asked(name) for name in ("text", "project", "dataset")}
    every = catalogue.catalogue(lab, actor)
    return {
        "found": api.get_catalogue(lab, actor, request_of(CatalogueQuery, {}, asked)),
        "asked": asked,
        "projects": sorted({entry.project for entry in every}),
        "datasets": sorted({name for entry in every for name in entry.datasets}),
    }


PAGES = (Page("/catalogue", "catalogue.html", show_catalogue),)
