"""Synthetic twins of secret datasets: asked for or supplied by the owner's steward, and what workspaces see of them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from secrets import randbelow

from datasets_mount.catalogue import Dataset, OfferedFile, Snapshot, is_secret, stewards_for
from datasets_mount.images import SnapshotImage
from datasets_mount.synthetic import (
    ColumnDomain,
    PrivacyBudget,
    SyntheticTwin,
    TwinMethod,
    TwinState,
    budget_of,
    check_epsilon,
    check_order,
    check_secret,
    first_work,
    mountable,
)
from hub.domain.audit import event
from hub.domain.errors import InvalidError, NotFoundError, RefusedError
from hub.domain.work import Work, WorkKind
from hub.gate.fragments import MOST_COLUMNS
from hub.services.datasets import check_owns, datasets, latest_snapshot, own_uploads
from hub.services.lab import Lab, found, load_person, new_id
from hub.services.ports import Reading, Transaction
from hub.services.space import check_space

SEEDS = 2**53


@dataclass(frozen=True, slots=True)
class TwinBook:
    """A dataset's twins, newest first, and its privacy budget.

    ``in_use`` is the one that workspaces see, empty where they see none; ``broken`` is whether what the lab keeps of it
    is not what was accepted.
    """

    budget: PrivacyBudget
    twins: tuple[SyntheticTwin, ...]
    in_use: str = ""
    broken: bool = False


def ask_twin(
    lab: Lab, actor: str, name: str, *, epsilon: Decimal, rows: int, domains: tuple[ColumnDomain, ...] = ()
) -> SyntheticTwin:
    """Ask for a twin of a secret dataset's newest snapshot; it is charged to the dataset's privacy budget at once."""
    check_space(lab)
    with lab.store.begin() as records:
        dataset, snapshot = _secret(records, actor, name)
        check_order(dataset, snapshot, rows, domains)
        check_epsilon(epsilon, _budget(lab, records, name))
        twin = SyntheticTwin(
            new_id("twin"),
            name,
            snapshot.digest,
            TwinMethod.MARGINALS,
            actor,
            lab.now(),
            epsilon=epsilon,
            rows=rows,
            seed=randbelow(SEEDS),
            domains=domains,
        )
        details = {"twin": twin.id, "snapshot": snapshot.digest, "epsilon": str(epsilon), "seed": twin.seed}
        records.save(twin, event("lab:dataset:twin-ask", actor, name, **details))
        _queue(records, lab, twin, WorkKind.MAKE_TWIN)
        return twin


def supply_twin(lab: Lab, actor: str, name: str, uploads: tuple[str, ...]) -> SyntheticTwin:
    """Supply files as a twin of a secret dataset's newest snapshot; they stand in if the gate's checks pass them."""
    check_space(lab)
    with lab.store.begin() as records:
        _, snapshot = _secret(records, actor, name)
        files = tuple(OfferedFile(u.name, u.sha256, u.size) for u in own_uploads(records, actor, uploads))
        if not files:
            raise InvalidError("A twin needs one file or more.", reason="no-files")
        twin = SyntheticTwin(
            new_id("twin"), name, snapshot.digest, TwinMethod.SUPPLIED, actor, lab.now(), uploads=files
        )
        details = {"twin": twin.id, "snapshot": snapshot.digest, "files": len(files)}
        records.save(twin, event("lab:dataset:twin-supply", actor, name, **details))
        _queue(records, lab, twin, WorkKind.READ_TWIN)
        return twin


def _secret(records: Transaction, actor: str, name: str) -> tuple[Dataset, Snapshot]:
    check_owns(records, actor, name)
    dataset = found(records.get(Dataset, name), "dataset", name)
    check_secret(dataset)
    snapshot = latest_snapshot(records, name)
    if any(len(file.columns) > MOST_COLUMNS for file in snapshot.files):
        raise RefusedError(
            "A file of the dataset {name} has more than {most} columns, and the gate's checks look at no such table; "
            "offer a snapshot with narrower files.",
            reason="twin-columns",
            name=name,
            most=MOST_COLUMNS,
        )
    return dataset, snapshot


def _queue(records: Transaction, lab: Lab, twin: SyntheticTwin, kind: WorkKind) -> None:
    work = Work(first_work(twin), kind, twin.id, twin.asked_by, lab.now())
    records.save(work, event(f"work:{kind}:queue", twin.asked_by, work.id))


def _budget(lab: Lab, reading: Reading, name: str) -> PrivacyBudget:
    return budget_of(name, lab.settings.twins.epsilon, reading.find(SyntheticTwin, dataset=name))


def twin_book(lab: Lab, actor: str, name: str) -> TwinBook:
    """Return a dataset's twins and its privacy budget, for whoever may see the dataset.

    Why one was refused tells of the rows, so that the owner's stewards alone see what was not accepted.
    """
    if name not in {dataset.name for dataset, _ in datasets(lab, actor)}:
        raise NotFoundError("There is no dataset {id}, or you may not see it.", reason="not-found", id=name)
    with lab.store.read() as reading:
        dataset = found(reading.get(Dataset, name), "dataset", name)
        person = load_person(reading, actor)
        known, owns = reading.find(SyntheticTwin, dataset=name), stewards_for(person, dataset)
        twins = tuple(twin for twin in reversed(known) if owns or twin.state is TwinState.ACCEPTED)
        seen = stand_in(reading, dataset)
        image = reading.get(SnapshotImage, seen.digest) if seen else None
        broken = image is not None and image.broken is not None
        return TwinBook(_budget(lab, reading, name), twins, seen.digest if seen else "", broken)


def stand_in(reading: Reading, dataset: Dataset) -> Snapshot | None:
    """Return what stands in for a secret dataset: the twin that was accepted last of its newest snapshot, or nothing.

    A twin of another snapshot never stands in: it was not held against the rows that are there now.
    """
    snapshots = reading.find(Snapshot, dataset=dataset.name)
    if not is_secret(dataset) or not snapshots:
        return None
    twins = reading.find(SyntheticTwin, snapshot=snapshots[-1].digest, state=TwinState.ACCEPTED)
    own = [twin for twin in twins if twin.dataset == dataset.name]
    return mountable(max(own[::-1], key=lambda twin: twin.decided or twin.asked)) if own else None


def workspace_snapshot(reading: Reading, dataset: Dataset) -> Snapshot | None:
    """Return what a workspace sees of a dataset: of a secret one its twin, or nothing; of any other the newest."""
    if is_secret(dataset):
        return stand_in(reading, dataset)
    return latest_snapshot(reading, dataset.name)


def check_eyes_off(reading: Reading, seen: tuple[tuple[Dataset, Snapshot], ...]) -> None:
    """A workspace sees no secret dataset: what it has of one is the twin that stands in now, and nobody's real rows."""
    for named, snapshot in seen:
        dataset = found(reading.get(Dataset, named.name), "dataset", named.name)
        if not is_secret(dataset):
            continue
        twin = stand_in(reading, dataset)
        if twin is None or twin.digest != snapshot.digest or reading.get(Snapshot, snapshot.digest) is not None:
            raise RefusedError(
                "The dataset {name} is secret, and what the workspace would see is not its twin; try again.",
                reason="eyes-off",
                name=dataset.name,
            )
