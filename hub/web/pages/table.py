"""All pages and forms."""

from __future__ import annotations

from hub.web.pages import (
    comments,
    datasets,
    export_forms,
    exports,
    freezes,
    home,
    notebooks,
    notices,
    owner_votes,
    projects,
    publications,
    queue,
    releases,
    reports,
    runs,
    sweeps,
    uses,
)
from hub.web.pages.types import Form, Page

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *projects.PAGES,
    *datasets.PAGES,
    *notebooks.PAGES,
    *runs.PAGES,
    *sweeps.PAGES,
    *exports.PAGES,
    *export_forms.PAGES,
    *releases.PAGES,
    *freezes.PAGES,
    *queue.PAGES,
    *uses.PAGES,
    *owner_votes.PAGES,
    *reports.PAGES,
    *notices.PAGES,
)
FORMS: tuple[Form, ...] = (
    *projects.FORMS,
    *datasets.FORMS,
    *notebooks.FORMS,
    *runs.FORMS,
    *sweeps.FORMS,
    *exports.FORMS,
    *export_forms.FORMS,
    *comments.FORMS,
    *owner_votes.forms(exports.EXPORT, datasets.DATASET),
    *publications.forms(projects.PROJECT, datasets.DATASET, releases.RELEASE),
    *releases.FORMS,
    *freezes.FORMS,
    *queue.FORMS,
    *notices.FORMS,
)
