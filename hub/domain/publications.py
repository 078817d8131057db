"""The public register: which fields of a project, a dataset or a release anybody may read, without a login.

Invariants:

* nothing is public until somebody who may say so names it, field by field; a field of tomorrow is not public by that;
* no field holds a person's name, and none a value from the data;
* an entry is known by a key that tells nothing of the lab's own names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from hub.domain.errors import InvalidError


class PublicKind(StrEnum):
    """What stands in the register."""

    PROJECT = "project"
    DATASET = "dataset"
    RELEASE = "release"


class PublicField(StrEnum):
    """What may be public of it."""

    TITLE = "title"
    PURPOSE = "purpose"
    ORGANISATION = "organisation"
    PERIOD = "period"
    DATASETS = "datasets"
    OWNER = "owner"
    TIER = "tier"
    UNIT = "privacy_unit"
    VERSIONS = "versions"
    CONTEXT = "context"
    PROJECT = "project"
    RELEASED = "released"
    FILES = "files"
    POLICY = "policy"


_F = PublicField
FIELDS: Mapping[PublicKind, tuple[PublicField, ...]] = {
    PublicKind.PROJECT: (_F.TITLE, _F.PURPOSE, _F.ORGANISATION, _F.PERIOD, _F.DATASETS),
    PublicKind.DATASET: (_F.TITLE, _F.OWNER, _F.TIER, _F.UNIT, _F.VERSIONS),
    PublicKind.RELEASE: (_F.CONTEXT, _F.PROJECT, _F.DATASETS, _F.RELEASED, _F.FILES, _F.POLICY),
}
"""What may be public of each kind, in the order in which it is shown."""


@dataclass(frozen=True, slots=True)
class Publication:
    """Which fields of something are public, by whom and since when; ``key`` names the entry to the public."""

    id: str
    kind: PublicKind
    subject: str
    key: str
    fields: tuple[PublicField, ...]
    changed_by: str
    changed: datetime


@dataclass(frozen=True, slots=True)
class PublicFile:
    """A released file, as the register tells of it; ``size`` in bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """An entry of the register: texts by field, the files of a release, and when it was revoked, if it was.

    ``ended`` is the last day of a project that is over.
    """

    kind: PublicKind
    key: str
    texts: Mapping[PublicField, str]
    datasets: tuple[str, ...] = ()
    files: tuple[PublicFile, ...] = ()
    revoked: datetime | None = None
    ended: date | None = None


def publication_id(kind: PublicKind, subject: str) -> str:
    """There is one for each thing."""
    return f"{kind}:{subject}"


def check_fields(kind: PublicKind, fields: Iterable[PublicField]) -> tuple[PublicField, ...]:
    """Only fields of that kind are made public; they are kept in the order in which they are shown."""
    wanted = set(fields)
    if not wanted <= set(FIELDS[kind]):
        raise InvalidError(
            "Of a {kind}, these fields can be public: {fields}.",
            reason="public-fields",
            kind=kind,
            fields=", ".join(FIELDS[kind]),
        )
    return tuple(field for field in FIELDS[kind] if field in wanted)
