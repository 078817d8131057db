"""Routes of releases: what left, the downloads that each person makes, and what a steward does afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.domain.release_crate import CRATE_NAME
from hub.domain.releases import Release
from hub.services import downloads, releases
from hub.services.lab import Lab
from hub.web.api.routes import JSON, JSON_LD, Download, Request, Route
from hub.web.models.records import ReopenBody
from hub.web.models.texts import Nothing, ReasonBody


@dataclass(frozen=True, slots=True)
class DownloadAnswer:
    """A download that was made for who asked, and for nobody else: it ends soon, and at ``ends`` at the latest."""

    id: str
    release: str
    made: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class TermAnswer:
    """Until when a release is fetched, who opened it, and why where that was done again."""

    release: str
    opened: datetime
    ends: datetime
    opened_by: str
    reason: str
    is_open: bool


def list_releases(lab: Lab, actor: str, _request: Request[Nothing]) -> list[Release]:
    """List releases, newest first."""
    return releases.releases(lab, actor)


def get_release(lab: Lab, actor: str, request: Request[Nothing]) -> Release:
    """Return a release."""
    return releases.release_of(lab, actor, request.path["id"])


def get_receipt(lab: Lab, actor: str, request: Request[Nothing]) -> Download:
    """Return the signed receipt."""
    identifier = request.path["id"]
    text = releases.receipt(lab, actor, identifier)
    return Download(f"receipt-{identifier}.json", text.encode())


def get_crate(lab: Lab, actor: str, request: Request[Nothing]) -> Download:
    """Return the release's crate."""
    return Download(CRATE_NAME, releases.crate(lab, actor, request.path["id"]))


def get_revocations(lab: Lab, actor: str, _request: Request[Nothing]) -> Download:
    """Return the signed list of revoked releases."""
    return Download("revocations.json", releases.revocations(lab, actor).encode())


def get_term(lab: Lab, actor: str, request: Request[Nothing]) -> TermAnswer:
    """Say until when a release is fetched."""
    found = downloads.offered(lab, actor, request.path["id"])
    term = found.term
    return TermAnswer(term.release, term.opened, term.ends, term.opened_by, term.reason, found.is_open)


def post_download(lab: Lab, actor: str, request: Request[Nothing]) -> DownloadAnswer:
    """Make a download of one's own."""
    made = downloads.make_download(lab, actor, request.path["id"])
    return DownloadAnswer(made.id, made.release, made.made, made.ends)


def get_released_file(lab: Lab, actor: str, request: Request[Nothing]) -> Download:
    """Return a released file's bytes."""
    path = request.path
    file, content = downloads.released_file(lab, actor, path["id"], path["download"], path["name"])
    return Download(file.name, content)


def post_reopening(lab: Lab, actor: str, request: Request[ReopenBody]) -> TermAnswer:
    """Open a release again."""
    downloads.reopen(lab, actor, request.path["id"], request.body.reason, request.body.days)
    return get_term(lab, actor, Request(request.path, Nothing()))


def post_revocation(lab: Lab, actor: str, request: Request[ReasonBody]) -> Release:
    """Revoke a release."""
    return releases.revoke(lab, actor, request.path["id"], request.body.reason)


ROUTES: tuple[Route[Any], ...] = (
    Route("GET", "/releases", "Releases, newest first", list_releases, Nothing, list[Release]),
    Route("GET", "/releases/{id}", "A release", get_release, Nothing, Release),
    Route("GET", "/releases/{id}/receipt", "The signed receipt", get_receipt, Nothing, Download, media=JSON),
    Route("GET", "/releases/{id}/crate", "Its Five Safes RO-Crate", get_crate, Nothing, Download, media=JSON_LD),
    Route(
        "GET",
        "/revocations",
        "The signed list of revoked releases, which recipients hold receipts against",
        get_revocations,
        Nothing,
        Download,
        media=JSON,
    ),
    Route("GET", "/releases/{id}/term", "Until when its files are fetched", get_term, Nothing, TermAnswer),
    Route(
        "POST",
        "/releases/{id}/downloads",
        "Make a download of one's own: for who asks alone, and for a short time",
        post_download,
        Nothing,
        DownloadAnswer,
    ),
    Route(
        "GET",
        "/releases/{id}/downloads/{download}/files/{name}",
        "A released file's bytes, through one's own download; each is recorded",
        get_released_file,
        Nothing,
        Download,
    ),
    Route(
        "POST",
        "/releases/{id}/reopen",
        "Open it again for some days (a reviewing steward), with the reason",
        post_reopening,
        ReopenBody,
        TermAnswer,
    ),
    Route(
        "POST", "/releases/{id}/revoke", "Revoke a release (a reviewing steward)", post_revocation, ReasonBody, Release
    ),
)
