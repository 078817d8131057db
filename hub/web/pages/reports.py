"""The page of reports: pictures made here, without scripts, each with the same numbers as a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.services import projects
from hub.web.api import report_routes as api
from hub.web.api.routes import request_of
from hub.web.models.records import ReportFilter
from hub.web.pages.types import Context, Page, Visit

FILTERS = ("project", "since", "until")
WIDTH, ROW, LABEL = 640, 26, 190
"""Of a picture, one of its rows and the words at its left, in its own units."""
ROOM_FOR_NUMBER = 50


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it stands for (a word of a closed set, or a text), its number, and where it is drawn."""

    label: object
    count: int
    top: int
    length: float


def bars(counted: Iterable[tuple[object, int]]) -> list[Bar]:
    """Return the bars of a picture, from top to bottom; the longest fills it."""
    rows = list(counted)
    most = max((count for _, count in rows), default=0)
    room = WIDTH - LABEL - ROOM_FOR_NUMBER
    return [
        Bar(label, count, number * ROW, round(room * count / most, 1) if most else 0.0)
        for number, (label, count) in enumerate(rows)
    ]


def show_reports(visit: Visit) -> Context:
    """Show the figures, with the filters in the address."""
    lab, actor = visit.lab, visit.actor
    filters = {name: visit.asked(name) for name in FILTERS if visit.asked(name)}
    figures = api.get_figures(lab, actor, request_of(ReportFilter, {}, filters))
    return {
        "figures": figures,
        "filters": filters,
        "projects": [p.name for p in projects.projects(lab, actor)],
        "waits": bars(figures.waits.items()),
        "states": bars(figures.states.items()),
        "rules": bars(figures.rules.items()),
        "causes": bars(figures.causes.items()),
        "months": bars((month, sent) for month, (sent, _) in figures.months.items()),
        "released": bars((month, released) for month, (_, released) in figures.months.items()),
        "drawn": {"width": WIDTH, "row": ROW, "label": LABEL},
    }


PAGES = (Page("/reports", "reports.html", show_reports),)
