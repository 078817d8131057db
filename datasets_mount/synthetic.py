"""Synthetic twins: what workspaces see in place of a secret dataset, and what it cost.

Invariants:

* a twin belongs to one snapshot, and stands in for no other;
* what its making told of a dataset is charged to the dataset's privacy budget when it is asked for, and never given
  back: a twin that was refused has been counted, too;
* only one that the gate's checks passed has files and a digest.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from datasets_mount.catalogue import Dataset, OfferedFile, Snapshot, SnapshotFile, is_secret, snapshot_digest
from hub.domain.errors import InvalidError, RefusedError

FEWEST_ROWS, MOST_ROWS = 20, 100_000
MOST_CELLS = 2_000_000
"""In all files of a twin that is made: the checks look at so many before their container's time is over."""
MOST_VALUES, MOST_DOMAINS = 500, 500
MOST_DECLARED = 400_000
"""Bytes of all declared values together: a container is asked for a twin in a request that has a bound."""
RANGE_CLASSES = 20
"""Classes of equal width that a declared range is cut into."""
SMALLEST_RANGE = 1e-290
"""Smaller ones are cut into numbers that a machine hardly has."""
LONGEST_VALUE = 120
SMALLEST_EPSILON, LARGEST_EPSILON = Decimal("0.001"), Decimal(1000)
README = "README.md"


class TwinMethod(StrEnum):
    """How a twin comes about."""

    MARGINALS = "marginals"  # counts of each column by itself, with noise
    SUPPLIED = "supplied"  # files that the owner brings


class TwinState(StrEnum):
    """How far it has come."""

    MAKING = "making"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ColumnDomain:
    """What the owner declares of a column, from public knowledge: its values, or the numbers between which it lies."""

    column: str
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class SyntheticTwin:
    """A twin of a snapshot: who asked for it, how it is made, what it cost, and its files once it was accepted.

    ``snapshot`` is the digest of the real one, ``digest`` the twin's own. ``seed`` is of what is drawn from noisy
    counts; the noise itself has none that is known. ``uploads`` are the files of one that was supplied.
    """

    id: str
    dataset: str
    snapshot: str
    method: TwinMethod
    asked_by: str
    asked: datetime
    state: TwinState = TwinState.MAKING
    epsilon: Decimal = Decimal(0)
    rows: int = 0
    seed: int = 0
    domains: tuple[ColumnDomain, ...] = ()
    uploads: tuple[OfferedFile, ...] = ()
    digest: str = ""
    files: tuple[SnapshotFile, ...] = ()
    reason: str = ""
    decided: datetime | None = None


@dataclass(frozen=True, slots=True)
class PrivacyBudget:
    """How much privacy a dataset's twins may cost together, all its snapshots counted, and have cost."""

    dataset: str
    budget: Decimal
    spent: Decimal

    @property
    def left(self) -> Decimal:
        """What may still be spent."""
        return max(Decimal(0), self.budget - self.spent)


def first_work(twin: SyntheticTwin) -> str:
    """The name of the work that makes or reads a twin, before it is checked."""
    return f"{twin.id}-read-1"


def budget_of(dataset: str, budget: Decimal, twins: Iterable[SyntheticTwin]) -> PrivacyBudget:
    """Add up what a dataset's twins have cost."""
    return PrivacyBudget(dataset, budget, sum((twin.epsilon for twin in twins), Decimal(0)))


def check_epsilon(epsilon: Decimal, known: PrivacyBudget) -> None:
    """A twin costs something, and no more than is left of the dataset's privacy budget."""
    is_price = epsilon.is_finite() and SMALLEST_EPSILON <= epsilon <= LARGEST_EPSILON
    if not is_price or epsilon != round(epsilon, 3):
        raise InvalidError(
            "Epsilon is a number from {least} to {most}, with three decimals at most.",
            reason="epsilon",
            least=SMALLEST_EPSILON,
            most=LARGEST_EPSILON,
        )
    if epsilon > known.left:
        raise RefusedError(
            "The dataset {name} has {left} of its privacy budget of {budget} left, and {asked} is asked for; "
            "ask for less, or supply a twin.",
            reason="privacy-budget",
            name=known.dataset,
            left=known.left,
            budget=known.budget,
            asked=epsilon,
        )


def check_secret(dataset: Dataset) -> None:
    """Only a secret dataset has a synthetic twin: workspaces see any other as it is."""
    if not is_secret(dataset):
        raise RefusedError(
            "The dataset {name} is not secret: workspaces see it as it is, so it needs no twin.",
            reason="not-secret",
            name=dataset.name,
        )


def check_order(dataset: Dataset, snapshot: Snapshot, rows: int, domains: tuple[ColumnDomain, ...]) -> None:
    """A twin has a sensible number of rows, and domains are declared of its columns, each once and of one form."""
    if not FEWEST_ROWS <= rows <= MOST_ROWS:
        raise InvalidError("A twin has {least} to {most} rows.", reason="twin-rows", least=FEWEST_ROWS, most=MOST_ROWS)
    width = sum(len(file.columns) for file in snapshot.files)
    if rows * width > MOST_CELLS:
        raise InvalidError(
            "A twin of this dataset has {most} rows at most: the checks look at every cell of its files.",
            reason="twin-rows",
            most=MOST_CELLS // width,
        )
    columns = {column for file in snapshot.files for column in file.columns}
    invented = {dataset.privacy_unit, *dataset.direct_identifiers}
    named = [domain.column for domain in domains]
    if len(set(named)) < len(named) or not set(named) <= columns - invented or not all(map(_is_well_formed, domains)):
        raise InvalidError(
            "A domain names a column of the newest snapshot that is no identifier, each once, with 2 to {most} "
            "different values, or with a lower and an upper number.",
            reason="twin-domain",
            most=MOST_VALUES,
        )
    # Marks around them count, too.
    if sum(len(value.encode()) + 3 for domain in domains for value in domain.values) > MOST_DECLARED:
        raise InvalidError(
            "The values that are declared have {most} bytes at most, all together; declare fewer.",
            reason="twin-domain",
            most=MOST_DECLARED,
        )


def _is_well_formed(domain: ColumnDomain) -> bool:
    if domain.values:
        plain = all(0 < len(value) <= LONGEST_VALUE for value in domain.values)
        several = 2 <= len(set(domain.values)) == len(domain.values) <= MOST_VALUES
        return plain and several and domain.low is None and domain.high is None
    return domain.low is not None and domain.high is not None and _is_range(domain.low, domain.high)


def _is_range(low: float, high: float) -> bool:
    """Whether what lies between two numbers can be cut into classes that have numbers each."""
    if not math.isfinite(high - low) or high - low < SMALLEST_RANGE:
        return False
    return all(one < other for one, other in pairwise(range_edges(low, high)))


def range_edges(low: float, high: float) -> list[float]:
    """Where the classes of a declared range begin, and where the last one ends."""
    width = (high - low) / RANGE_CLASSES
    return [*(low + width * step for step in range(RANGE_CLASSES)), high]


def readme_of(twin: SyntheticTwin) -> str:
    """Say in the mount itself what it is, in both languages, and of which snapshot."""
    return (
        "# Synthetic twin / Jumeau synthétique\n\n"
        f"No row of this folder was ever anybody's. It stands in for the secret dataset `{twin.dataset}`, whose real "
        "rows are seen by approved runs alone; each column was made by itself, so that no result on it means "
        "anything.\n\n"
        f"Aucune ligne de ce dossier n’a jamais été celle de quiconque. Il tient lieu du jeu de données secret "
        f"`{twin.dataset}`, dont seules les exécutions approuvées voient les vraies lignes ; chaque colonne est faite "
        "à part, et aucun résultat obtenu ici n’a de sens.\n\n"
        f"snapshot: {twin.snapshot}\nmethod: {twin.method}\nepsilon: {twin.epsilon}\n"
    )


def accepted(
    twin: SyntheticTwin, readme: SnapshotFile, files: tuple[SnapshotFile, ...], now: datetime
) -> SyntheticTwin:
    """The twin as it is mounted; what it says of itself is one of its files, so the digest speaks for that, too."""
    kept = (*files, readme)
    return replace(
        twin,
        state=TwinState.ACCEPTED,
        digest=snapshot_digest(twin.dataset, kept),
        files=kept,
        rows=max(file.rows for file in files),
        decided=now,
    )


def refused(twin: SyntheticTwin, reason: str, now: datetime) -> SyntheticTwin:
    """The twin as one that came to nothing."""
    return replace(twin, state=TwinState.REFUSED, reason=reason, decided=now)


def mountable(twin: SyntheticTwin) -> Snapshot:
    """Return an accepted twin in the form in which datasets are mounted; any other is refused."""
    if twin.state is not TwinState.ACCEPTED or twin.digest == twin.snapshot:
        raise RefusedError("This twin was not accepted; it is not mounted.", reason="twin-not-accepted")
    return Snapshot(twin.digest, twin.dataset, twin.files, twin.asked_by, twin.decided or twin.asked)
