"""Routes of a project's budget of runs."""

from __future__ import annotations

from typing import Any

from hub.domain.run_budgets import RunBudget
from hub.services import run_budgets
from hub.services.lab import Lab
from hub.web.api.routes import Request, Route
from hub.web.models.records import RunGrantBody
from hub.web.models.texts import Nothing


def get_runs(lab: Lab, actor: str, request: Request[Nothing]) -> RunBudget:
    """Return what a project may start this month and has started."""
    return run_budgets.run_budget(lab, actor, request.path["name"])


def post_runs(lab: Lab, actor: str, request: Request[RunGrantBody]) -> RunBudget:
    """Grant a project more runs this month."""
    return run_budgets.grant_runs(lab, actor, request.path["name"], request.body.runs, request.body.reason)


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET",
        "/projects/{name}/runs",
        "How many runs a project may start this month (UTC), and has started",
        get_runs,
        Nothing,
        RunBudget,
    ),
    Route(
        "POST",
        "/projects/{name}/runs",
        "Grant a project more runs until the end of the month (a steward who never worked in it)",
        post_runs,
        RunGrantBody,
        RunBudget,
    ),
)
