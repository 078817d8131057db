"""Routes of reports, for stewards and auditors."""

from __future__ import annotations

from typing import Any

from hub.domain.reports import ReportFigures, Submission
from hub.services import reports
from hub.services.lab import Lab
from hub.web.api.routes import CSV, Download, Request, Route
from hub.web.models.records import ReportFilter


def list_submissions(lab: Lab, actor: str, request: Request[ReportFilter]) -> list[Submission]:
    """Return a row for each submission."""
    asked = request.body
    return reports.submissions(lab, actor, asked.project, asked.since, asked.until)


def get_submissions_csv(lab: Lab, actor: str, request: Request[ReportFilter]) -> Download:
    """Return the same as CSV."""
    asked = request.body
    content = reports.submissions_csv(lab, actor, asked.project, asked.since, asked.until)
    return Download("submissions.csv", content)


def get_figures(lab: Lab, actor: str, request: Request[ReportFilter]) -> ReportFigures:
    """Return the numbers of the same submissions."""
    asked = request.body
    return reports.figures(lab, actor, asked.project, asked.since, asked.until)


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET",
        "/reports/submissions",
        "A row for each submission of an export request, oldest first (steward, auditor)",
        list_submissions,
        ReportFilter,
        list[Submission],
    ),
    Route(
        "GET",
        "/reports/submissions/csv",
        "The same as CSV (steward, auditor); the download is recorded",
        get_submissions_csv,
        ReportFilter,
        Download,
        media=CSV,
    ),
    Route(
        "GET",
        "/reports/figures",
        "The same in numbers: waits, states, rules, months (steward, auditor)",
        get_figures,
        ReportFilter,
        ReportFigures,
    ),
)
