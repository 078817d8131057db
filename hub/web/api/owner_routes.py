"""Routes of what owners of datasets see: the uses of their data, and what is due."""

from __future__ import annotations

from typing import Any

from hub.services import uses
from hub.services.lab import Lab
from hub.services.uses import DatasetUses
from hub.web.api.routes import CSV, Download, Request, Route
from hub.web.models.texts import Nothing


def list_uses(lab: Lab, actor: str, _request: Request[Nothing]) -> list[DatasetUses]:
    """Return the uses of all datasets that one may see them of."""
    return uses.owned_uses(lab, actor)


def get_uses(lab: Lab, actor: str, request: Request[Nothing]) -> DatasetUses:
    """Return the uses of one dataset."""
    return uses.dataset_uses(lab, actor, request.path["name"])


def get_evidence(lab: Lab, actor: str, request: Request[Nothing]) -> Download:
    """Return the uses of one dataset as CSV."""
    name = request.path["name"]
    return Download(f"uses-{name}.csv", uses.evidence(lab, actor, name))


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET",
        "/uses",
        "The uses of the datasets of one's organisation, and what is due (steward; auditor: of all)",
        list_uses,
        Nothing,
        list[DatasetUses],
    ),
    Route(
        "GET",
        "/datasets/{name}/uses",
        "Who had which snapshot, what was made of it (owner's steward, auditor); the view is recorded",
        get_uses,
        Nothing,
        DatasetUses,
    ),
    Route(
        "GET",
        "/datasets/{name}/uses/csv",
        "The same as CSV (a steward of the owner, auditor); the download is recorded",
        get_evidence,
        Nothing,
        Download,
        media=CSV,
    ),
)
