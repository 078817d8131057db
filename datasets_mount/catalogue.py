"""The catalogue: datasets, their immutable snapshots, and which project may use which."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.domain.errors import NotFoundError, RefusedError
from hub.domain.people import Person, Role


class Tier(StrEnum):
    """What a workspace sees, mildest first."""

    OPEN = "open"
    SENSITIVE = "sensitive"
    SECRET = "secret"  # noqa: S105 - the name of a tier


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named collection that an organisation owns.

    ``privacy_unit`` is the column whose values name the units that a count counts; empty where each row is one unit.
    ``profile`` is the name of the disclosure policy's profile. ``group_columns`` name what holds several units
    together, such as the holding that an enterprise belongs to. Each of the ``structural_zeros`` is a set of
    columns with the values that never stand together, so that an empty cell there tells nothing.
    """

    name: str
    title: str
    owner: str
    tier: Tier
    privacy_unit: str
    direct_identifiers: tuple[str, ...]
    profile: str
    group_columns: tuple[str, ...] = ()
    structural_zeros: tuple[dict[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """One Parquet file of a snapshot."""

    path: str
    sha256: str
    size: int
    rows: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One immutable version of a dataset, named by the digest of its manifest."""

    digest: str
    dataset: str
    files: tuple[SnapshotFile, ...]
    registered_by: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """A project may use a dataset, says its owner."""

    id: str
    project: str
    dataset: str
    granted_by: str
    created: datetime


def manifest_text(dataset: str, files: tuple[SnapshotFile, ...]) -> str:
    """Return the manifest: canonical JSON with the SHA-256, size, rows and columns of each file."""
    body = {
        "dataset": dataset,
        "files": [
            {"path": f.path, "sha256": f.sha256, "size": f.size, "rows": f.rows, "columns": list(f.columns)}
            for f in sorted(files, key=lambda f: f.path)
        ],
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def snapshot_digest(dataset: str, files: tuple[SnapshotFile, ...]) -> str:
    """SHA-256 of the manifest's text."""
    return hashlib.sha256(manifest_text(dataset, files).encode()).hexdigest()


def strictest(tiers: tuple[Tier, ...]) -> Tier:
    """A workspace takes the strictest tier of its datasets."""
    order = list(Tier)
    return max(tiers, key=order.index, default=Tier.OPEN)


def check_stewards_for(person: Person, owner: str) -> None:
    """The owner's own steward registers its datasets and grants their use."""
    if Role.STEWARD not in person.roles or person.organisation != owner:
        raise RefusedError(
            "Only a data steward of the organisation {owner} can do this.", reason="not-the-owner", owner=owner
        )


def declared_columns(dataset: Dataset) -> tuple[str, ...]:
    """Columns that a dataset's description speaks of beside its privacy unit and identifiers, each once, in order."""
    zeros = (column for zero in dataset.structural_zeros for column in zero)
    return tuple(dict.fromkeys((*dataset.group_columns, *zeros)))


def check_granted(grant: Grant | None, project: str, dataset: str) -> None:
    """A project uses only datasets whose owner granted the use."""
    if grant is None:
        raise NotFoundError(
            "The project {project} has no grant for a dataset {dataset}; ask the dataset's owner.",
            reason="not-granted",
            project=project,
            dataset=dataset,
        )


@dataclass(frozen=True, slots=True)
class OfferedFile:
    """One file of an offer, as it was sent."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Offer:
    """Files offered as a new snapshot of a dataset; ``id`` is also the one of the work that converts them."""

    id: str
    dataset: str
    files: tuple[OfferedFile, ...]
    offered_by: str
    created: datetime
    snapshot: str = ""
