"""Uploads: bytes that a person sent, kept in the vault until something refers to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.domain.errors import NotFoundError
from hub.domain.people import Person


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes in the vault: their SHA-256 and size."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a person sent; only that person can refer to it."""

    id: str
    person: str
    name: str
    sha256: str
    size: int
    created: datetime


def check_own_upload(person: Person, upload: Upload | None, identifier: str) -> Upload:
    """An upload is known to the person who sent it, and to nobody else."""
    if upload is None or upload.person != person.name:
        raise NotFoundError("You have no upload {id}; send the file again.", reason="unknown-upload", id=identifier)
    return upload
