"""The catalogue: datasets, their immutable snapshots, and which project may use which."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from hub.domain.errors import InvalidError, NotFoundError, RefusedError
from hub.domain.people import Person, Role


class Tier(StrEnum):
    """What a workspace sees, mildest first."""

    OPEN = "open"
    SENSITIVE = "sensitive"
    SECRET = "secret"  # noqa: S105 - the name of a tier


class OwnersPart(StrEnum):
    """Whether the owner of a dataset is told of what leaves, or has to agree to it."""

    INFORMED = "informed"
    VOTE = "vote"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named collection that an organisation owns.

    ``privacy_unit`` is the column whose values name the units that a count counts; empty where each row is one unit.
    ``profile`` is the name of the disclosure policy's profile. ``group_columns`` name what holds several units
    together, such as the holding that an enterprise belongs to. Each of the ``structural_zeros`` is a set of
    columns with the values that never stand together, so that an empty cell there tells nothing. ``owners`` is the
    owner's part in what leaves. A notebook that runs on it needs so many ``approvers`` from so many organisations, and
    with ``owner_approves`` one of the owner's.
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
    owners: OwnersPart = OwnersPart.INFORMED
    approvers: int = 1
    approver_organisations: int = 1
    owner_approves: bool = False


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
class Twin:
    """Invented rows with the columns and types of a snapshot, made from nothing else of it, under a dataset's name.

    ``snapshot`` is the digest of the real one, ``digest`` the twin's own.
    """

    snapshot: str
    dataset: str
    digest: str
    files: tuple[SnapshotFile, ...]
    created: datetime


def twin_as_snapshot(twin: Twin) -> Snapshot:
    """Return a twin in the form in which datasets are mounted."""
    return Snapshot(twin.digest, twin.dataset, twin.files, "lab", twin.created)


@dataclass(frozen=True, slots=True)
class Grant:
    """A project may use a dataset, says its owner, until they say otherwise, or for as long as they said.

    ``ends`` is the last day, where there is one; ``used`` is when a workspace or a run first had the dataset under this
    grant or an earlier one. ``waits`` is whether the project's lead has to accept it first.
    """

    id: str
    project: str
    dataset: str
    granted_by: str
    created: datetime
    ends: date | None = None
    used: datetime | None = None
    withdrawn: datetime | None = None
    withdrawn_by: str = ""
    reason: str = ""
    waits: bool = False


def check_grant_end(ends: date | None, today: date) -> None:
    """A grant that ends at a date lasts at least for the day on which it is made."""
    if ends is not None and ends < today:
        raise InvalidError("The last day of a grant is today or later.", reason="grant-dates")


def is_in_force(grant: Grant, today: date) -> bool:
    """A grant holds from its acceptance, where it needs one, until it is withdrawn, and to the end of its last day."""
    return not grant.waits and grant.withdrawn is None and (grant.ends is None or today <= grant.ends)


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


def raises_tier(dataset: Tier, present: tuple[Tier, ...]) -> bool:
    """A dataset of a stricter tier than all that a project has makes its workspaces stricter; the first one does not.

    A project without any data has nothing that could be made stricter than it was.
    """
    return bool(present) and strictest((dataset, *present)) is not strictest(present)


def check_stewards_for(person: Person, owner: str) -> None:
    """The owner's own steward registers its datasets and grants their use."""
    if not _stewards(person, owner):
        raise RefusedError(
            "Only a data steward of the organisation {owner} can do this.", reason="not-the-owner", owner=owner
        )


def _stewards(person: Person, owner: str) -> bool:
    return Role.STEWARD in person.roles and person.organisation == owner


def stewards_for(person: Person, dataset: Dataset | None) -> bool:
    """Whether a person is a steward of the owner of a dataset that there is."""
    return dataset is not None and _stewards(person, dataset.owner)


def is_secret(dataset: Dataset) -> bool:
    """Secret data are seen by approved runs alone."""
    return dataset.tier is Tier.SECRET


def declared_columns(dataset: Dataset) -> tuple[str, ...]:
    """Columns that a dataset's description speaks of beside its privacy unit and identifiers, each once, in order."""
    zeros = (column for zero in dataset.structural_zeros for column in zero)
    return tuple(dict.fromkeys((*dataset.group_columns, *zeros)))


def check_granted(grant: Grant | None, project: str, dataset: str, today: date) -> None:
    """A project uses only datasets whose owner granted the use, has not withdrawn it, and only to its last day."""
    if grant is None:
        raise NotFoundError(
            "The project {project} has no grant for a dataset {dataset}; ask the dataset's owner.",
            reason="not-granted",
            project=project,
            dataset=dataset,
        )
    if grant.withdrawn is not None:
        raise RefusedError(
            "The owner of the dataset {dataset} has withdrawn it from the project {project}; ask them.",
            reason="grant-withdrawn",
            project=project,
            dataset=dataset,
        )
    if grant.waits:
        raise RefusedError(
            "The dataset {dataset} would make the project {project} stricter; its lead has to accept it first.",
            reason="grant-waits",
            project=project,
            dataset=dataset,
        )
    if grant.ends is not None and not is_in_force(grant, today):
        raise RefusedError(
            "The project {project} could use the dataset {dataset} until {ends}; ask its owner for more time.",
            reason="grant-ended",
            project=project,
            dataset=dataset,
            ends=grant.ends.isoformat(),
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
