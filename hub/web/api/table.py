"""The whole table of the API."""

from __future__ import annotations

from typing import Any

from hub.web.api import (
    catalogue_routes,
    comment_routes,
    dataset_routes,
    description_routes,
    exception_routes,
    gate_routes,
    lab_routes,
    notice_routes,
    owner_routes,
    owner_vote_routes,
    publication_routes,
    release_routes,
    report_routes,
    run_budget_routes,
    saved_view_routes,
    schedule_routes,
    split_routes,
    sweep_routes,
    twin_routes,
    work_routes,
)
from hub.web.api.routes import Route

PREFIX = "api/v1"
ROUTES: tuple[Route[Any], ...] = (
    *lab_routes.ROUTES,
    *dataset_routes.ROUTES,
    *twin_routes.ROUTES,
    *work_routes.ROUTES,
    *catalogue_routes.ROUTES,
    *sweep_routes.ROUTES,
    *run_budget_routes.ROUTES,
    *schedule_routes.ROUTES,
    *gate_routes.ROUTES,
    *release_routes.ROUTES,
    *description_routes.ROUTES,
    *saved_view_routes.ROUTES,
    *comment_routes.ROUTES,
    *split_routes.ROUTES,
    *owner_routes.ROUTES,
    *report_routes.ROUTES,
    *exception_routes.ROUTES,
    *owner_vote_routes.ROUTES,
    *publication_routes.ROUTES,
    *notice_routes.ROUTES,
)
