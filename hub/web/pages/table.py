"""All pages and forms."""

from __future__ import annotations

from hub.web.pages import (
    catalogue,
    comments,
    datasets,
    export_forms,
    exports,
    freezes,
    home,
    notebooks,
    notices,
    projects,
    queue,
    releases,
    reports,
    runs,
    schedules,
    sweep_forms,
    sweeps,
    uses,
)
from hub.web.pages.types import Form, Page

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *projects.PAGES,
    *datasets.PAGES,
    *notebooks.PAGES,
    *catalogue.PAGES,
    *runs.PAGES,
    *sweeps.PAGES,
    *sweep_forms.PAGES,
    *schedules.PAGES,
    *exports.PAGES,
    *export_forms.PAGES,
    *releases.PAGES,
    *freezes.PAGES,
    *queue.PAGES,
    *uses.PAGES,
    *reports.PAGES,
    *notices.PAGES,
)
FORMS: tuple[Form, ...] = (
    *projects.FORMS,
    *datasets.FORMS,
    *notebooks.FORMS,
    *runs.FORMS,
    *sweeps.FORMS,
    *sweep_forms.FORMS,
    *schedules.FORMS,
    *exports.FORMS,
    *export_forms.FORMS,
    *comments.FORMS,
    *releases.FORMS,
    *freezes.FORMS,
    *queue.FORMS,
    *notices.FORMS,
)
