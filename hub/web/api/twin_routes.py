"""Routes of synthetic twins: asked for, supplied, and shown with what they cost."""

from __future__ import annotations

from typing import Any

from datasets_mount.synthetic import ColumnDomain, SyntheticTwin
from hub.services import synthetic_twins
from hub.services.lab import Lab
from hub.services.synthetic_twins import TwinBook
from hub.web.api.routes import Request, Route
from hub.web.models.records import OfferBody
from hub.web.models.texts import Nothing
from hub.web.models.twins import TwinBody


def get_twins(lab: Lab, actor: str, request: Request[Nothing]) -> TwinBook:
    """Return a dataset's twins, and what is left of its privacy budget."""
    return synthetic_twins.twin_book(lab, actor, request.path["name"])


def post_twin(lab: Lab, actor: str, request: Request[TwinBody]) -> SyntheticTwin:
    """Have a twin made of a dataset's newest snapshot."""
    body = request.body
    domains = tuple(ColumnDomain(d.column, d.values, d.low, d.high) for d in body.domains)
    return synthetic_twins.ask_twin(
        lab, actor, request.path["name"], epsilon=body.epsilon, rows=body.rows, domains=domains
    )


def post_supplied(lab: Lab, actor: str, request: Request[OfferBody]) -> SyntheticTwin:
    """Supply uploads as a twin of a dataset's newest snapshot."""
    return synthetic_twins.supply_twin(lab, actor, request.path["name"], request.body.uploads)


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET",
        "/datasets/{name}/twins",
        "The synthetic twins of a secret dataset, newest first, and its privacy budget",
        get_twins,
        Nothing,
        TwinBook,
    ),
    Route(
        "POST",
        "/datasets/{name}/twins",
        "Have a synthetic twin made, for so much of the privacy budget (a steward of the owner)",
        post_twin,
        TwinBody,
        SyntheticTwin,
    ),
    Route(
        "POST",
        "/datasets/{name}/twins/supplied",
        "Supply uploads as a synthetic twin, which is checked (a steward of the owner)",
        post_supplied,
        OfferBody,
        SyntheticTwin,
    ),
)
