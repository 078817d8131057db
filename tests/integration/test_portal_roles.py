"""Who gets what: a matrix of roles and routes, and a row for every route that there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from datasets_mount.catalogue import Tier
from doubles.lab import make_lab
from doubles.people import (
    JOBS,
    approved_notebook,
    approved_request,
    cast_vote,
    checked_request,
    found_consortium,
    play,
    registered_dataset,
    send,
    submitted_notebook,
    supported,
    work_off,
)
from doubles.portal import served
from hub.domain.errors import NotFoundError, RefusedError
from hub.domain.examinations import Examination
from hub.domain.people import Role
from hub.services import datasets, downloads, freezes, notebooks, people, releases, schedules, sweeps
from hub.services import notices as told
from hub.services.examinations import keep_examination
from hub.services.lab import Lab
from hub.web.api.handlers import ARGUMENT
from hub.web.api.table import ROUTES
from hub.web.pages.table import FORMS, PAGES
from hub.web.pages.types import Fields, Form, Posted

WHO = (
    "administrator", "scientist", "researcher", "outsider", "approver",
    "jobs-steward", "health-steward", "auditor", "nobody",
)  # fmt: skip
"""The lead and a member of the project, somebody of another project, the dataset's steward and another one."""

OK, NO, HIDDEN, BAD, NOW = 200, 403, 404, 422, 409
Row = tuple[str, dict[str, Any] | None, tuple[int, ...]]

EVERYBODY = (OK, OK, OK, OK, OK, OK, OK, OK, NO)
SEES_PROJECT = (OK, OK, OK, HIDDEN, OK, OK, OK, OK, NO)
SEES_EXPORT = (HIDDEN, OK, OK, HIDDEN, HIDDEN, OK, OK, OK, NO)
SEES_USES = (HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, OK, HIDDEN, OK, NO)
REVIEWS = (NO, NO, NO, NO, NO, OK, OK, OK, NO)
PARAMETERS = {"parameters": [{"name": "minimum", "type": "integer", "default": 10}]}
DATASET = {"title": "Jobs", "owner": "jobs-institute", "tier": "open", "profile": "uk-sacro"}
STRICTER = {"text": "[parameters]\nminimum_units = 20\n"}
PROJECT = {
    "name": "wages", "title": "T", "purpose": "P", "lead": "scientist", "starts": "2026-01-01", "ends": "2026-12-31",
}  # fmt: skip
NOTEBOOK = {"project": "wages", "upload": "none", "name": "again", "purpose": "A purpose in a sentence"}
EXPORT = {"project": "wages", "source": "{run}", "files": {"table.csv": {}}, "context": "too short"}
VOTE = {"decision": "approve", "canonical": {"table.csv": "0" * 64}, "policy": "0" * 64}
COMMENT = {"text": "Which year is this?", "audience": "project", "path": "table.csv", "row": 1, "column": 2}
EXCEPTION = {"path": "table.csv", "finding": 9, "ground": "public_already", "text": "It was published before"}
WORD = {"word": "grant", "canonical": "0" * 64, "policy": "0" * 64}
REASON = {"reason": "because it is so"}

MATRIX: dict[tuple[str, str], Row] = {
    # administrator, lead, member, of another project, approver, owner's steward, another steward, auditor, unknown
    ("GET", "/me"): ("/me", None, EVERYBODY),
    ("GET", "/organisations"): ("/organisations", None, EVERYBODY),
    ("PUT", "/organisations/{name}"): ("/organisations/new", {"title": "New"}, (OK, NO, NO, NO, NO, NO, NO, NO, NO)),
    ("GET", "/people"): ("/people", None, EVERYBODY),
    ("PUT", "/people/{name}"): (
        "/people/newcomer", {"title": "N", "organisation": "lab-office"}, (OK, NO, NO, NO, NO, NO, NO, NO, NO),
    ),
    ("GET", "/projects"): ("/projects", None, EVERYBODY),
    ("POST", "/projects"): ("/projects", PROJECT, (NOW, NO, NO, NO, NO, NO, NO, NO, NO)),
    ("GET", "/projects/{name}"): ("/projects/wages", None, SEES_PROJECT),
    ("PUT", "/projects/{name}/room"): ("/projects/wages/room", {"size": 1}, (BAD, NO, NO, NO, NO, NO, NO, NO, NO)),
    ("GET", "/projects/{name}/runs"): ("/projects/wages/runs", None, SEES_PROJECT),
    ("POST", "/projects/{name}/runs"): (
        "/projects/wages/runs", {"runs": 5} | REASON, (NO, NO, NO, HIDDEN, NO, OK, OK, NO, NO),
    ),
    ("PUT", "/projects/{name}/members/{person}"): (
        "/projects/wages/members/researcher", None, (NO, OK, NO, HIDDEN, NO, NO, NO, NO, NO),
    ),
    ("DELETE", "/projects/{name}/members/{person}"): (
        "/projects/wages/members/none", None, (NO, OK, NO, HIDDEN, NO, NO, NO, NO, NO),
    ),
    ("PUT", "/projects/{name}/datasets/{dataset}"): (
        "/projects/wages/datasets/jobs", None, (NO, NO, NO, NO, NO, OK, NO, NO, NO),
    ),
    ("DELETE", "/projects/{name}/datasets/{dataset}"): (
        "/projects/other/datasets/jobs", REASON, (NO, NO, NO, NO, NO, HIDDEN, NO, NO, NO),
    ),
    ("POST", "/projects/{name}/datasets/{dataset}/accept"): (
        "/projects/wages/datasets/jobs/accept", None, (NO, NOW, NO, HIDDEN, NO, NO, NO, NO, NO),
    ),
    ("POST", "/projects/{name}/datasets/{dataset}/decline"): (
        "/projects/wages/datasets/jobs/decline", REASON, (NO, NOW, NO, HIDDEN, NO, NO, NO, NO, NO),
    ),
    ("POST", "/uploads"): ("/uploads", None, (BAD,) * 9),
    ("GET", "/datasets"): ("/datasets", None, EVERYBODY),
    ("PUT", "/datasets/{name}"): ("/datasets/jobs", DATASET, (NO, NO, NO, NO, NO, OK, NO, NO, NO)),
    ("POST", "/datasets/{name}/offers"): (
        "/datasets/jobs/offers", {"uploads": ["none"]}, (NO, NO, NO, NO, NO, HIDDEN, NO, NO, NO),
    ),
    ("GET", "/datasets/{name}/canaries"): (
        "/datasets/jobs/canaries", None, (NO, NO, NO, NO, NO, OK, NO, NO, NO),
    ),
    ("PUT", "/datasets/{name}/canaries"): (
        "/datasets/jobs/canaries", {"canaries": ["Zephyrine"]}, (NO, NO, NO, NO, NO, OK, NO, NO, NO),
    ),
    ("GET", "/datasets/{name}/twins"): (
        "/datasets/jobs/twins", None, (HIDDEN, OK, OK, HIDDEN, OK, OK, OK, OK, NO),
    ),
    ("POST", "/datasets/{name}/twins"): (
        "/datasets/hidden-jobs/twins", {"epsilon": "1"}, (NO, NO, NO, NO, NO, OK, NO, NO, NO),
    ),
    ("POST", "/datasets/{name}/twins/supplied"): (
        "/datasets/hidden-jobs/twins/supplied", {"uploads": ["none"]}, (NO, NO, NO, NO, NO, HIDDEN, NO, NO, NO),
    ),
    ("GET", "/datasets/{name}/policy"): (
        "/datasets/jobs/policy", None, (HIDDEN, OK, OK, HIDDEN, OK, OK, OK, OK, NO),
    ),
    ("PUT", "/datasets/{name}/policy"): (
        "/datasets/jobs/policy", STRICTER, (NO, NO, NO, NO, NO, OK, NO, NO, NO),
    ),
    ("GET", "/projects/{name}/policy"): ("/projects/wages/policy", None, SEES_PROJECT),
    ("PUT", "/projects/{name}/policy"): (
        "/projects/wages/policy", STRICTER, (NO, NO, NO, HIDDEN, NO, OK, OK, NO, NO),
    ),
    ("GET", "/uses"): ("/uses", None, (NO, NO, NO, NO, NO, OK, OK, OK, NO)),
    ("GET", "/datasets/{name}/uses"): ("/datasets/jobs/uses", None, SEES_USES),
    ("GET", "/datasets/{name}/uses/csv"): ("/datasets/jobs/uses/csv", None, SEES_USES),
    ("GET", "/reports/submissions"): ("/reports/submissions", None, REVIEWS),
    ("GET", "/reports/submissions/csv"): ("/reports/submissions/csv?since=2026-01-01", None, REVIEWS),
    ("GET", "/reports/figures"): ("/reports/figures?project=wages", None, REVIEWS),
    ("GET", "/offers/{id}"): (
        "/offers/{offer}", None, (HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, OK, HIDDEN, HIDDEN, NO),
    ),
    ("GET", "/notebooks"): ("/notebooks", None, EVERYBODY),
    ("GET", "/catalogue"): ("/catalogue?text=wages&project=wages", None, EVERYBODY),
    ("POST", "/notebooks"): ("/notebooks", NOTEBOOK, (NO, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO, NO)),
    ("GET", "/notebooks/{id}"): ("/notebooks/{notebook}", None, SEES_PROJECT),
    ("GET", "/notebooks/{id}/changes"): ("/notebooks/{notebook}/changes", None, SEES_PROJECT),
    ("POST", "/notebooks/{id}/approve"): (
        "/notebooks/{notebook}/approve", PARAMETERS, (NO, NO, NO, HIDDEN, NOW, NOW, NOW, NO, NO),
    ),
    ("POST", "/notebooks/{id}/refuse"): (
        "/notebooks/{notebook}/refuse", REASON, (NO, NO, NO, HIDDEN, NOW, NOW, NOW, NO, NO),
    ),
    ("POST", "/notebooks/{id}/withdraw"): (
        "/notebooks/{refused}/withdraw", REASON, (NO, NOW, NO, HIDDEN, NOW, NOW, NOW, NO, NO),
    ),
    ("GET", "/runs"): ("/runs", None, EVERYBODY),
    ("POST", "/runs"): ("/runs", {"notebook": "{refused}"}, (NO, NO, NO, HIDDEN, NO, NO, NO, NO, NO)),
    ("GET", "/runs/{id}"): ("/runs/{run}", None, SEES_PROJECT),
    ("GET", "/runs/{id}/live"): ("/runs/{run}/live", None, SEES_PROJECT),
    ("GET", "/runs/{id}/record"): ("/runs/{run}/record", None, SEES_PROJECT),
    ("POST", "/runs/{id}/reproduce"): ("/runs/{run}/reproduce", None, (NO, OK, OK, HIDDEN, NO, NO, NO, NO, NO)),
    ("GET", "/sweeps"): ("/sweeps", None, EVERYBODY),
    ("POST", "/sweeps"): (
        "/sweeps", {"notebook": "{refused}", "grid": {"minimum": [1, 2]}}, (NO, NO, NO, HIDDEN, NO, NO, NO, NO, NO),
    ),
    ("GET", "/sweeps/{id}"): ("/sweeps/{sweep}", None, SEES_PROJECT),
    ("POST", "/sweeps/{id}/cancel"): ("/sweeps/{sweep}/cancel", None, (NO, NOW, NOW, HIDDEN, NO, NO, NO, NO, NO)),
    ("PUT", "/sweeps/{id}/priority"): (
        "/sweeps/{sweep}/priority", {"priority": "low"}, (NO, NOW, NO, HIDDEN, NO, NO, NO, NO, NO),
    ),
    ("GET", "/schedules"): ("/schedules", None, EVERYBODY),
    ("POST", "/schedules"): (
        "/schedules", {"notebook": "{refused}", "cron": "0 6 * * 1"}, (NO, NO, NO, HIDDEN, NO, NO, NO, NO, NO),
    ),
    ("GET", "/schedules/{id}"): ("/schedules/{schedule}", None, SEES_PROJECT),
    ("POST", "/schedules/{id}/stop"): (
        "/schedules/{schedule}/stop", REASON, (NO, NOW, NOW, HIDDEN, NO, NOW, NOW, NO, NO),
    ),
    ("POST", "/runs/{id}/cancel"): ("/runs/{run}/cancel", None, (NO, NOW, NOW, HIDDEN, NO, NO, NO, NO, NO)),
    ("PUT", "/runs/{id}/priority"): (
        "/runs/{run}/priority", {"priority": "low"}, (NO, NOW, NOW, HIDDEN, NO, NO, NO, NO, NO),
    ),
    ("GET", "/exports"): ("/exports", None, EVERYBODY),
    ("POST", "/exports"): ("/exports", EXPORT, (NO, BAD, BAD, HIDDEN, NO, NO, NO, NO, NO)),
    ("GET", "/exports/{id}"): ("/exports/{request}", None, SEES_EXPORT),
    ("POST", "/exports/{id}/submit"): (
        "/exports/{request}/submit", None, (HIDDEN, NO, NOW, HIDDEN, HIDDEN, NO, NO, NO, NO),
    ),
    ("POST", "/exports/{id}/describe"): (
        "/exports/{released}/describe", {"context": "x" * 30}, (HIDDEN, NO, NOW, HIDDEN, HIDDEN, NO, NO, NO, NO),
    ),
    ("POST", "/exports/{id}/withdraw"): (
        "/exports/{released}/withdraw", None, (HIDDEN, NO, NOW, HIDDEN, HIDDEN, NO, NO, NO, NO),
    ),
    ("POST", "/exports/{id}/reject"): (
        "/exports/{released}/reject", REASON, (HIDDEN, NO, NO, HIDDEN, HIDDEN, NOW, NOW, NO, NO),
    ),
    ("POST", "/exports/{id}/override"): (
        "/exports/{released}/override", REASON, (HIDDEN, NO, NO, HIDDEN, HIDDEN, NO, NO, NO, NO),
    ),
    ("GET", "/exports/{id}/canonical"): (
        "/exports/{request}/canonical?path=table.csv", None, (HIDDEN, NO, NO, HIDDEN, HIDDEN, OK, OK, NO, NO),
    ),
    ("POST", "/exports/{id}/votes"): (
        "/exports/{request}/votes", VOTE, (HIDDEN, NO, NO, HIDDEN, HIDDEN, NOW, NOW, NO, NO),
    ),
    ("POST", "/exports/{id}/release"): (
        "/exports/{request}/release", None, (HIDDEN, NO, NO, HIDDEN, HIDDEN, NO, NO, NO, NO),
    ),
    ("POST", "/exports/{id}/claim"): (
        "/exports/{released}/claim", None, (HIDDEN, NO, NO, HIDDEN, HIDDEN, NOW, NOW, NO, NO),
    ),
    ("DELETE", "/exports/{id}/claim"): (
        "/exports/{released}/claim", None, (HIDDEN, NO, NO, HIDDEN, HIDDEN, NOW, NOW, NO, NO),
    ),
    ("POST", "/exports/{id}/owner-votes"): (
        "/exports/{request}/owner-votes", VOTE | {"dataset": "jobs"},
        (HIDDEN, NO, NO, HIDDEN, HIDDEN, NOW, NO, NO, NO),
    ),
    ("GET", "/owner-votes"): ("/owner-votes", None, EVERYBODY),
    ("PUT", "/datasets/{name}/owners"): (
        "/datasets/jobs/owners", {"part": "informed"}, (NO, NO, NO, NO, NO, OK, NO, NO, NO),
    ),
    ("GET", "/datasets/{name}/delegates"): (
        "/datasets/jobs/delegates", None, (NO, NO, NO, NO, NO, OK, NO, OK, NO),
    ),
    ("PUT", "/datasets/{name}/delegates/{person}"): (
        "/datasets/jobs/delegates/none", {"ends": "2026-12-31"}, (NO, NO, NO, NO, NO, HIDDEN, NO, NO, NO),
    ),
    ("DELETE", "/datasets/{name}/delegates/{person}"): (
        "/datasets/jobs/delegates/none", None, (NO, NO, NO, NO, NO, HIDDEN, NO, NO, NO),
    ),
    ("GET", "/publications"): ("/publications", None, EVERYBODY),
    ("GET", "/publications/{kind}/{name}"): (
        "/publications/project/wages", None, (NO, OK, NO, HIDDEN, NO, NO, NO, NO, NO),
    ),
    ("PUT", "/publications/{kind}/{name}"): (
        "/publications/dataset/jobs", {"fields": []}, (NO, NO, NO, NO, NO, OK, NO, NO, NO),
    ),
    ("GET", "/exports/{id}/comments"): ("/exports/{request}/comments", None, SEES_EXPORT),
    ("POST", "/exports/{id}/comments"): (
        "/exports/{request}/comments", COMMENT, (HIDDEN, NO, OK, HIDDEN, HIDDEN, OK, OK, NO, NO),
    ),
    ("GET", "/exports/{id}/votes"): ("/exports/{request}/votes", None, SEES_EXPORT),
    ("GET", "/exports/{id}/exceptions"): ("/exports/{request}/exceptions", None, SEES_EXPORT),
    ("POST", "/exports/{id}/exceptions"): (
        "/exports/{request}/exceptions", EXCEPTION, (HIDDEN, NO, HIDDEN, HIDDEN, HIDDEN, NO, NO, NO, NO),
    ),
    ("POST", "/exports/{id}/exceptions/{exception}/votes"): (
        "/exports/{request}/exceptions/none/votes", WORD,
        (HIDDEN, NO, NO, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO, NO),
    ),
    ("POST", "/exports/{id}/split"): (
        "/exports/{released}/split", {"files": ["table.csv"]} | REASON,
        (HIDDEN, NO, BAD, HIDDEN, HIDDEN, NOW, NOW, NO, NO),
    ),
    ("GET", "/queue"): ("/queue", None, (NO, NO, NO, NO, NO, OK, OK, OK, NO)),
    ("GET", "/queue/views"): ("/queue/views", None, (NO, NO, NO, NO, NO, OK, OK, OK, NO)),
    ("PUT", "/queue/views/{name}"): ("/queue/views/mine", {"show": "mine"}, (NO, NO, NO, NO, NO, OK, OK, OK, NO)),
    ("DELETE", "/queue/views/{name}"): (
        "/queue/views/other", None, (NO, NO, NO, NO, NO, HIDDEN, HIDDEN, HIDDEN, NO),
    ),
    ("GET", "/notices"): ("/notices", None, EVERYBODY),
    ("POST", "/notices"): ("/notices", None, EVERYBODY),
    ("POST", "/notices/{id}"): (
        "/notices/{notice}", None, (HIDDEN, HIDDEN, OK, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO),
    ),
    ("GET", "/releases"): ("/releases", None, EVERYBODY),
    ("GET", "/releases/{id}"): ("/releases/{released}", None, SEES_EXPORT),
    ("GET", "/releases/{id}/receipt"): ("/releases/{released}/receipt", None, SEES_EXPORT),
    ("GET", "/releases/{id}/crate"): ("/releases/{released}/crate", None, SEES_EXPORT),
    ("GET", "/revocations"): ("/revocations", None, EVERYBODY),
    ("GET", "/releases/{id}/term"): ("/releases/{released}/term", None, SEES_EXPORT),
    ("POST", "/releases/{id}/downloads"): ("/releases/{released}/downloads", None, SEES_EXPORT),
    ("GET", "/releases/{id}/downloads/{download}/files/{name}"): (
        "/releases/{released}/downloads/{download}/files/table.csv", None,
        (HIDDEN, HIDDEN, OK, HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, NO),
    ),
    ("POST", "/releases/{id}/reopen"): (
        "/releases/{released}/reopen", REASON, (HIDDEN, NO, NO, HIDDEN, HIDDEN, OK, OK, NO, NO),
    ),
    ("POST", "/releases/{id}/revoke"): (
        "/releases/{released}/revoke", {"reason": ""}, (BAD,) * 9,
    ),
    ("GET", "/freezes"): ("/freezes", None, EVERYBODY),
    ("POST", "/freezes"): ("/freezes", {"project": "other"} | REASON, (NO, NO, NO, NO, NO, NOW, NOW, NO, NO)),
    ("POST", "/freezes/{id}/lift"): ("/freezes/{lifted}/lift", REASON, (NO, NO, NO, NO, NO, NOW, NOW, NO, NO)),
    ("GET", "/promises"): ("/promises", None, (NO, NO, NO, NO, NO, OK, OK, OK, NO)),
    ("GET", "/audit/access-log"): ("/audit/access-log", None, (NO, NO, NO, NO, NO, OK, OK, OK, NO)),
    ("GET", "/audit"): ("/audit", None, (NO, NO, NO, NO, NO, OK, OK, OK, NO)),
    ("GET", "/key"): ("/key", None, EVERYBODY),
    ("GET", "/statement"): ("/statement", None, EVERYBODY),
}  # fmt: skip

PAGE_MATRIX: dict[str, tuple[str, tuple[int, ...]]] = {
    "/": ("/", EVERYBODY),
    "/projects": ("/projects", EVERYBODY),
    "/projects/{name}": ("/projects/wages", SEES_PROJECT),
    "/projects/{name}/workspace": ("/projects/wages/workspace", (NO, OK, OK, HIDDEN, NO, NO, NO, NO, NO)),
    "/new/project": ("/new/project", (OK, NO, NO, NO, NO, NO, NO, NO, NO)),
    "/people": ("/people", (OK, NO, NO, NO, NO, NO, NO, NO, NO)),
    "/datasets": ("/datasets", EVERYBODY),
    "/datasets/{name}": ("/datasets/jobs", (HIDDEN, OK, OK, HIDDEN, OK, OK, OK, OK, NO)),
    "/uses": ("/uses", (NO, NO, NO, NO, NO, OK, OK, OK, NO)),
    "/datasets/{name}/uses": ("/datasets/jobs/uses", SEES_USES),
    "/owner-votes": ("/owner-votes", EVERYBODY),
    "/reports": ("/reports?project=wages&since=2026-01-01", REVIEWS),
    "/new/dataset": ("/new/dataset", (NO, NO, NO, NO, NO, OK, OK, NO, NO)),
    "/offers/{id}": ("/offers/{offer}", (HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, OK, HIDDEN, HIDDEN, NO)),
    "/offers/{id}/progress": (
        "/offers/{offer}/progress", (HIDDEN, HIDDEN, HIDDEN, HIDDEN, HIDDEN, OK, HIDDEN, HIDDEN, NO),
    ),
    "/notebooks": ("/notebooks", EVERYBODY),
    "/catalogue": ("/catalogue?text=wages&dataset=jobs", EVERYBODY),
    "/notebooks/{id}": ("/notebooks/{notebook}", SEES_PROJECT),
    "/new/notebook": ("/new/notebook?project=wages", (NO, OK, OK, HIDDEN, NO, NO, NO, NO, NO)),
    "/notebooks/{id}/progress": ("/notebooks/{notebook}/progress", SEES_PROJECT),
    "/runs": ("/runs", EVERYBODY),
    "/runs/{id}": ("/runs/{run}", SEES_PROJECT),
    "/notebooks/{id}/run": ("/notebooks/{notebook}/run", (NO, OK, OK, HIDDEN, NO, NO, NO, NO, NO)),
    "/notebooks/{id}/sweep": ("/notebooks/{notebook}/sweep", (NO, OK, OK, HIDDEN, NO, NO, NO, NO, NO)),
    "/notebooks/{id}/schedule": ("/notebooks/{notebook}/schedule", (NO, OK, OK, HIDDEN, NO, NO, NO, NO, NO)),
    "/schedules": ("/schedules", EVERYBODY),
    "/schedules/{id}": ("/schedules/{schedule}", SEES_PROJECT),
    "/runs/{id}/progress": ("/runs/{run}/progress", SEES_PROJECT),
    "/sweeps": ("/sweeps", EVERYBODY),
    "/sweeps/{id}": ("/sweeps/{sweep}", SEES_PROJECT),
    "/sweeps/{id}/progress": ("/sweeps/{sweep}/progress", SEES_PROJECT),
    "/queue": ("/queue?show=unclaimed&project=wages", (NO, NO, NO, NO, NO, OK, OK, OK, NO)),
    "/exports": ("/exports", EVERYBODY),
    "/exports/{id}": ("/exports/{request}", SEES_EXPORT),
    "/exports/{id}/file": (
        "/exports/{request}/file?path=table.csv", (HIDDEN, NO, NO, HIDDEN, HIDDEN, OK, OK, NO, NO),
    ),
    "/exports/{id}/describe": (
        "/exports/{request}/describe", (HIDDEN, NO, OK, HIDDEN, HIDDEN, NO, NO, NO, NO),
    ),
    "/exports/{id}/supporting": (
        "/exports/{request}/supporting?path=codebook.csv", (HIDDEN, NO, NO, HIDDEN, HIDDEN, OK, OK, NO, NO),
    ),
    "/exports/{id}/progress": ("/exports/{request}/progress", SEES_EXPORT),
    "/new/export": ("/new/export?project=wages", (NO, OK, OK, HIDDEN, NO, NO, NO, NO, NO)),
    "/releases": ("/releases", EVERYBODY),
    "/releases/{id}": ("/releases/{released}", SEES_EXPORT),
    "/freezes": ("/freezes", EVERYBODY),
    "/notices": ("/notices", EVERYBODY),
    "/promises": ("/promises", (NO, NO, NO, NO, NO, OK, OK, OK, NO)),
    "/audit": ("/audit", (NO, NO, NO, NO, NO, OK, OK, OK, NO)),
}  # fmt: skip


def everything(lab: Lab) -> dict[str, str]:
    """Make one of each thing that a page or route may name; return their identifiers."""
    found_consortium(lab)
    people.add_person(lab, "administrator", "approver", "Approver", "lab-office", (Role.APPROVER,))
    play(lab)
    registered_dataset(lab)
    datasets.register_dataset(lab, "jobs-steward", replace(JOBS, name="hidden-jobs", tier=Tier.SECRET))
    datasets.offer_snapshot(lab, "jobs-steward", "hidden-jobs", (send(lab, "jobs-steward", "hidden.csv"),))
    offer = datasets.offer_snapshot(lab, "jobs-steward", "jobs", (send(lab, "jobs-steward", "again.csv"),))
    released = approved_request(lab)
    releases.release(lab, "transport-steward", released.id)
    download = downloads.make_download(lab, "researcher", released.id)
    refused = submitted_notebook(lab)
    notebooks.decide(lab, "jobs-steward", refused.id, approve=False, reason="not now", parameters=None)
    request = supported(lab, checked_request(lab))
    cast_vote(lab, "transport-steward", request)
    lifted = freezes.freeze(lab, "jobs-steward", "other", "because of a test")
    freezes.lift_freeze(lab, "jobs-steward", lifted.id, "because of a test")
    freezes.freeze(lab, "jobs-steward", "other", "because of a test")
    keep_examination(lab, Examination("", lab.now(), 1, {}, ()))
    approved = [n for n in notebooks.notebooks(lab, "scientist") if n.state == "approved"]
    latest = next(n.id for n in notebooks.notebooks(lab, "scientist") if n.state == "approved")
    sweep = sweeps.start_sweep(lab, "scientist", latest, {"minimum": (1, 2)}, {})
    schedule = schedules.make_schedule(lab, "scientist", latest, "0 6 * * 1", {})
    schedules.stop_schedule(lab, "scientist", schedule.id)
    work_off(lab)
    return {
        "schedule": schedule.id,
        "sweep": sweep.id,
        "offer": offer.id, "released": released.id, "download": download.id,
        "refused": refused.id, "request": request.id, "lifted": lifted.id,
        "notice": told.notices(lab, "researcher")[0].id,
        "run": request.source, "notebook": approved[0].id if approved else approved_notebook(lab).id,
    }  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    lab = make_lab(tmp_path_factory.mktemp("roles"))
    made = everything(lab)
    with served(lab) as base:
        yield base, made


def filled(value: Any, made: dict[str, str]) -> Any:
    if isinstance(value, str):
        return ARGUMENT.sub(lambda found: made[found[1]], value)
    return {key: filled(item, made) for key, item in value.items()} if isinstance(value, dict) else value


def asked(base: str, who: str, method: str, path: str, body: object) -> int:
    head = {"Authorization": f"token {who}-token"}
    return requests.request(
        method, base + path, json=body, headers=head, timeout=30, allow_redirects=False
    ).status_code  # fmt: skip


def test_the_matrix_has_a_row_for_every_route() -> None:
    assert set(MATRIX) == {(route.method, route.path) for route in ROUTES}
    assert set(PAGE_MATRIX) == {page.path for page in PAGES}


@pytest.mark.parametrize("route", sorted(MATRIX))
def test_each_person_gets_what_the_matrix_says(site: tuple[str, dict[str, str]], route: tuple[str, str]) -> None:
    base, made = site
    path, body, expected = MATRIX[route]
    seen = [asked(base, who, route[0], f"/api/v1{filled(path, made)}", filled(body, made)) for who in WHO]
    assert dict(zip(WHO, seen, strict=True)) == dict(zip(WHO, expected, strict=True))


@pytest.mark.parametrize("page", sorted(PAGE_MATRIX))
def test_each_person_sees_the_pages_that_the_matrix_says(site: tuple[str, dict[str, str]], page: str) -> None:
    base, made = site
    path, expected = PAGE_MATRIX[page]
    seen = [asked(base, who, "GET", filled(path, made), None) for who in WHO]
    assert dict(zip(WHO, seen, strict=True)) == dict(zip(WHO, expected, strict=True))


IDENTIFIED = {
    "/freezes": "lifted",
    "/notebooks": "notebook",
    "/notices": "notice",
    "/releases": "released",
    "/runs": "run",
    "/schedules": "schedule",
    "/sweeps": "sweep",
}
"""What a form's address names, where it is no export request."""
FIELDS = {
    "organisation_name": "x", "organisation_title": "X", "name": "x", "title": "X", "person": "outsider",
    "organisation": "lab-office", "dataset": "jobs", "project": "wages", "upload": "x",
    "purpose": "A purpose in a sentence",
    "lead": "outsider", "starts": "2026-01-01", "ends": "2026-12-31", "owner": "jobs-institute",
    "tier": "open", "profile": "uk-sacro", "reason": "because", "refuse_reason": "because",
    "withdraw_reason": "because", "reject_reason": "because", "override_reason": "because",
    "decision": "approve", "path": "table.csv",
    "canonical": "0" * 64, "policy": "0" * 64, "until": "", "take": "0",
    "comment": "Which year?", "split_path": "table.csv", "split_reason": "because", "audience": "project",
    "seen": "0" * 64,
    "path-0": "table.csv", "finding": "9:table.csv", "ground": "public_already", "exception_text": "x" * 30,
    "word": "grant", "exception_reason": "because", "part": "vote",
    "delegation_ends": "2026-12-31", "owner_reason": "because", "context": "x" * 30,
    "runs": "1", "runs_reason": "because", "decline_reason": "because", "epsilon": "1",
    "priority": "low",
}  # fmt: skip
"""What would be typed into any form."""
OWN = ("/notices",)
"""Forms that everybody whom the lab knows uses on what is their own."""


def names_of(form: str, made: dict[str, str]) -> dict[str, str]:
    """What a form's address names."""
    name = "wages" if form.startswith("/projects") else "hidden-jobs" if "/twins" in form else "jobs"
    names = {"exception": "none", "name": name, "id": made["request"]}
    for start, kind in IDENTIFIED.items():
        names["id"] = made[kind] if form.startswith(start) else names["id"]
    return names


def query_of(form: str, made: dict[str, str]) -> dict[str, str]:
    """What stands behind the question mark of a form's address."""
    return {"project": "wages", "source": made["run"]} if form == "/new/export" else {}


def who_may_not(form: str) -> tuple[str, ...]:
    """Somebody of another project, and somebody whom the lab does not know."""
    return ("nobody",) if form in OWN else ("outsider", "nobody")


@pytest.mark.parametrize("form", [form.path for form in FORMS])
def test_every_form_is_refused_to_who_may_not(site: tuple[str, dict[str, str]], form: str) -> None:
    base, made = site
    address = base + filled(form, names_of(form, made))
    for who in who_may_not(form):
        head, query = {"Authorization": f"token {who}-token"}, query_of(form, made)
        answer = requests.post(address, data=FIELDS, params=query, headers=head, timeout=30, allow_redirects=False)
        assert answer.status_code in (NO, HIDDEN), (form, who, answer.status_code)


@pytest.fixture(scope="module")
def unserved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, dict[str, str]]:
    lab = make_lab(tmp_path_factory.mktemp("unserved"))
    return lab, everything(lab) | {"upload": send(lab, "outsider", "mine.csv")}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.path)
def test_no_form_does_anything_for_who_may_not(unserved: tuple[Lab, dict[str, str]], form: Form) -> None:
    """Without its page, which would refuse them whatever the form does; and it is they, not their words, that are."""
    lab, made = unserved
    names = {name: names_of(form.path, made)[name] for name in ARGUMENT.findall(form.path)}
    typed = FIELDS | {"upload": made["upload"]}
    fields = Fields({name: [text] for name, text in typed.items()})
    for who in who_may_not(form.path):
        with pytest.raises((RefusedError, NotFoundError)):
            form.act(Posted(lab, who, names, query_of(form.path, made), fields))


IDENTIFIERS = [route for route in sorted(MATRIX) if "{id}" in route[1] and route[0] == "GET"]


@pytest.mark.parametrize("route", IDENTIFIERS)
def test_what_is_hidden_looks_like_what_is_not_there(site: tuple[str, dict[str, str]], route: tuple[str, str]) -> None:
    base, made = site
    path = MATRIX[route][0]
    kind = ARGUMENT.search(path)
    assert kind
    invented = filled(path, made | {kind[1]: made[kind[1]][:-4] + "aaaa"})
    head = {"Authorization": "token outsider-token"}
    answers = [
        requests.get(f"{base}/api/v1{each}", headers=head, timeout=30) for each in (filled(path, made), invented)
    ]
    said = [answer.json()["error"]["message"].split("-")[0] for answer in answers]
    reasons = {answer.json()["error"]["reason"] for answer in answers}
    assert {answer.status_code for answer in answers} == {HIDDEN}
    assert reasons <= {"not-found", "unknown-project"}
    assert said[0] == said[1]
