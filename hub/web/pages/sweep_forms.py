"""The form of a sweep: values for each parameter, then how many runs that is and what it costs, then the start.

It works without a program in the browser: the first button asks the same page what the grid comes to.
"""

from __future__ import annotations

from typing import cast

from hub.domain.errors import LabError
from hub.domain.notebooks import Notebook, Parameter, ParameterType
from hub.domain.priorities import Priority
from hub.domain.run_budgets import RunBudget, check_budget
from hub.domain.sweeps import MOST_POINTS, points
from hub.services import notebooks
from hub.web.api import sweep_routes as api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.notebooks import SweepBody
from hub.web.pages.runs import new_run
from hub.web.pages.types import Context, Form, Landing, Page, Posted, Visit
from hub.web.pages.values import typed, value_of

Grid = dict[str, tuple[object, ...]]
Fixed = dict[str, object]


def new_sweep(visit: Visit) -> Context:
    """Show a field for the values of each parameter, and what was asked of the grid: runs, and what is left of them."""
    shown = new_run(visit)
    notebook, budget = cast(Notebook, shown["notebook"]), cast(RunBudget, shown["budget"])
    texts = {p.name: visit.asked(f"values-{p.name}") for p in notebook.parameters}
    about = {"texts": texts, "most": MOST_POINTS, "several": _several, "first": typed}
    if not any(texts.values()):
        return shown | about | {"count": 0, "fault": None}
    count, fault = _looked_at(notebook, texts, budget)
    return shown | about | {"count": count, "fault": fault}


def _several(parameter: Parameter) -> str:
    """Say which values there are, where they are few."""
    if parameter.type is ParameterType.BOOLEAN:
        return "true, false"
    return ", ".join(parameter.choices) if parameter.type is ParameterType.CHOICE else ""


def _looked_at(notebook: Notebook, texts: dict[str, str], budget: RunBudget) -> tuple[int, LabError | None]:
    """Return how many runs the grid is, or why it is none, or does not fit."""
    count = 0
    try:
        grid, fixed = grid_of(notebook.parameters, texts)
        count = len(points(notebook.parameters, grid, fixed))
        check_budget(count, budget)
    except LabError as error:
        return count, error
    return count, None


def words_of(text: str) -> list[str]:
    """Return the values of a field: between commas, or between semicolons where one stands, as around 0,5; 1,5."""
    mark = ";" if ";" in text else ","
    return [word for part in text.replace("\n", mark).split(mark) if (word := part.strip())]


def grid_of(schema: tuple[Parameter, ...], texts: dict[str, str]) -> tuple[Grid, Fixed]:
    """Return the parameters with several values, and those with one; an empty field takes the default."""
    grid: Grid = {}
    fixed: Fixed = {}
    for parameter in schema:
        values = tuple(value_of(parameter.type, word) for word in words_of(texts.get(parameter.name, "")))
        if len(values) > 1:
            grid[parameter.name] = values
        elif values:
            fixed[parameter.name] = values[0]
    return grid, fixed


def start_sweep(posted: Posted) -> Landing:
    """Queue a sweep."""
    notebook = notebooks.notebook(posted.lab, posted.actor, posted.path["id"])
    texts = {p.name: posted.fields.one(f"values-{p.name}") for p in notebook.parameters}
    grid, fixed = grid_of(notebook.parameters, texts)
    priority = posted.fields.one("priority", Priority.NORMAL)
    body = {"notebook": notebook.id, "grid": grid, "parameters": fixed, "priority": priority}
    started = api.post_sweep(posted.lab, posted.actor, request_of(SweepBody, {}, body))
    return Landing(("sweeps", started.id), N_("The runs are queued; this page follows them as one."))


NEW_SWEEP = Page("/notebooks/{id}/sweep", "new_sweep.html", new_sweep)
PAGES = (NEW_SWEEP,)
FORMS = (Form("/notebooks/{id}/sweep", NEW_SWEEP, start_sweep),)
