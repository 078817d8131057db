"""Routes of the public register, for those who decide on what is public; the register itself needs no login."""

from __future__ import annotations

from typing import Any

from hub.domain.errors import NotFoundError
from hub.domain.publications import Publication, PublicKind
from hub.services import publications
from hub.services.lab import Lab
from hub.web.api.routes import Request, Route
from hub.web.models.records import PublicationBody
from hub.web.models.texts import Nothing


def kind_of(word: str) -> PublicKind:
    """Read a kind from an address."""
    try:
        return PublicKind(word)
    except ValueError:
        raise NotFoundError("There is nothing at this address.", reason="unknown-address") from None


def list_publications(lab: Lab, actor: str, _request: Request[Nothing]) -> list[Publication]:
    """List what is public."""
    return publications.publications(lab, actor)


def get_publication(lab: Lab, actor: str, request: Request[Nothing]) -> Publication | None:
    """Return what is public of something."""
    return publications.publication(lab, actor, kind_of(request.path["kind"]), request.path["name"])


def put_publication(lab: Lab, actor: str, request: Request[PublicationBody]) -> Publication:
    """Say what is public of something."""
    path = request.path
    return publications.publish(lab, actor, kind_of(path["kind"]), path["name"], request.body.fields)


ROUTES: tuple[Route[Any], ...] = (
    Route(
        "GET",
        "/publications",
        "What is public, by the lab's own names (steward, auditor; others: what they decided)",
        list_publications,
        Nothing,
        list[Publication],
    ),
    Route(
        "GET",
        "/publications/{kind}/{name}",
        "What is public of a project, dataset or release (its lead, its owner's steward, a reviewing steward)",
        get_publication,
        Nothing,
        Publication | None,
    ),
    Route(
        "PUT",
        "/publications/{kind}/{name}",
        "Say which of its fields anybody may read without a login (as above); none takes it out",
        put_publication,
        PublicationBody,
        Publication,
    ),
)
