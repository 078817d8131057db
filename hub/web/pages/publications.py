"""The public register on the pages of what it tells of: which fields are public."""

from __future__ import annotations

from hub.domain.publications import FIELDS, PublicKind
from hub.services import publications
from hub.services.lab import Lab
from hub.web.api import publication_routes as api
from hub.web.api.routes import request_of
from hub.web.marks import N_
from hub.web.models.records import PublicationBody
from hub.web.pages.types import Context, Form, Landing, Page, Posted

PLACES = {PublicKind.PROJECT: "projects", PublicKind.DATASET: "datasets", PublicKind.RELEASE: "releases"}


def shown_public(lab: Lab, actor: str, kind: PublicKind, subject: str) -> Context:
    """Return what can be and what is public; nothing for who does not decide on it."""
    if not publications.may_publish(lab, actor, kind, subject):
        return {"public_fields": (), "made_public": (), "public_address": (), "register_open": False}
    kept = publications.publication(lab, actor, kind, subject)
    return {
        "public_fields": FIELDS[kind],
        "made_public": kept.fields if kept else (),
        "public_address": (PLACES[kind], subject, "public"),
        "register_open": lab.settings.public_register.open,
    }


def _save(posted: Posted, kind: PublicKind, subject: str) -> Landing:
    path = {"kind": str(kind), "name": subject}
    request = request_of(PublicationBody, path, {"fields": posted.fields.many("public")})
    api.put_publication(posted.lab, posted.actor, request)
    return Landing((PLACES[kind], subject), N_("What is public was saved."))


def of_project(posted: Posted) -> Landing:
    """Say what is public of a project."""
    return _save(posted, PublicKind.PROJECT, posted.path["name"])


def of_dataset(posted: Posted) -> Landing:
    """Say what is public of a dataset."""
    return _save(posted, PublicKind.DATASET, posted.path["name"])


def of_release(posted: Posted) -> Landing:
    """Say what is public of a release."""
    return _save(posted, PublicKind.RELEASE, posted.path["id"])


def forms(project: Page, dataset: Page, release: Page) -> tuple[Form, ...]:
    """Return the forms that stand on these pages."""
    return (
        Form("/projects/{name}/public", project, of_project),
        Form("/datasets/{name}/public", dataset, of_dataset),
        Form("/releases/{id}/public", release, of_release),
    )
