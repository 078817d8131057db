"""Datasets: registered by their owner's steward, frozen into snapshots."""

from __future__ import annotations

from dataclasses import replace
from typing import BinaryIO

from datasets_mount.catalogue import (
    Dataset,
    Grant,
    Offer,
    OfferedFile,
    Snapshot,
    SnapshotFile,
    check_stewards_for,
    is_in_force,
    snapshot_digest,
    stewards_for,
)
from hub.domain.audit import event
from hub.domain.errors import ConflictError, InvalidError, NotFoundError
from hub.domain.notebook_approvals import check_demand
from hub.domain.people import Role, check_has_role, check_name
from hub.domain.projects import is_member
from hub.domain.uploads import Upload, check_own_upload
from hub.domain.work import Work, WorkKind
from hub.policy.load import load_profile
from hub.services.lab import NOWHERE, Lab, found, known_projects, load_person, new_id
from hub.services.ports import Reading, Transaction
from hub.services.space import check_space


def upload(lab: Lab, actor: str, name: str, source: BinaryIO) -> Upload:
    """Keep bytes that a person sends, for what they submit next; nothing is parsed."""
    if not name or len(name) > 120 or "/" in name or "\0" in name or name.startswith("."):
        raise InvalidError("A file's name is at most 120 characters, without a slash.", reason="file-name")
    with lab.store.read() as reading:
        load_person(reading, actor)
    check_space(lab)
    stored = lab.vault.add(source, lab.settings.storage.upload)
    with lab.store.begin() as records:
        kept = Upload(new_id("upload"), actor, name, stored.sha256, stored.size, lab.now())
        records.save(kept, event("lab:upload:add", actor, kept.id, sha256=stored.sha256, size=stored.size))
        return kept


def own_uploads(records: Reading, actor: str, identifiers: tuple[str, ...]) -> list[Upload]:
    """Return the person's own uploads of these identifiers."""
    person = load_person(records, actor)
    return [check_own_upload(person, records.get(Upload, i), i) for i in identifiers]


def register_dataset(lab: Lab, actor: str, dataset: Dataset) -> Dataset:
    """Register a dataset, or change its description; the owner's steward does this."""
    check_name(dataset.name)
    load_profile(dataset.profile)
    check_demand(dataset.approvers, dataset.approver_organisations)
    with lab.store.begin() as records:
        person = load_person(records, actor)
        check_stewards_for(person, dataset.owner)
        present = records.get(Dataset, dataset.name)
        if present is not None and present.owner != dataset.owner:
            raise ConflictError("There is a dataset {name} already.", reason="dataset-exists", name=dataset.name)
        dataset = replace(dataset, owners=present.owners) if present else dataset  # that is said elsewhere
        details = {"tier": dataset.tier, "profile": dataset.profile, "owner": dataset.owner}
        records.save(dataset, event("lab:dataset:register", actor, dataset.name, **details))
        return dataset


def check_owns(reading: Reading, actor: str, name: str) -> None:
    """Only the owner's steward acts on a dataset; who is no steward does not learn whether it exists."""
    person = load_person(reading, actor)
    check_has_role(person, Role.STEWARD)
    dataset = found(reading.get(Dataset, name), "dataset", name)
    check_stewards_for(person, dataset.owner)


def offer_snapshot(lab: Lab, actor: str, dataset_name: str, uploads: tuple[str, ...]) -> Offer:
    """Offer uploaded files as a new snapshot; a container converts them, and the offer's work says how it went."""
    check_space(lab)
    with lab.store.begin() as records:
        check_owns(records, actor, dataset_name)
        files = tuple(OfferedFile(u.name, u.sha256, u.size) for u in own_uploads(records, actor, uploads))
        if not files:
            raise InvalidError("A snapshot needs one file or more.", reason="no-files")
        now = lab.now()
        offer = Offer(new_id("offer"), dataset_name, files, actor, now)
        work = Work(offer.id, WorkKind.SNAPSHOT, offer.id, actor, now)
        records.save(offer, event("lab:snapshot:offer", actor, offer.id, dataset=dataset_name, files=len(files)))
        records.save(work, event("work:snapshot:queue", actor, work.id))
        return offer


def accept_snapshot(records: Transaction, lab: Lab, offer: Offer, files: tuple[SnapshotFile, ...]) -> Snapshot:
    """Record what the container made of an offer as an immutable snapshot; the same files give the same digest."""
    digest = snapshot_digest(offer.dataset, files)
    snapshot = records.get(Snapshot, digest) or Snapshot(digest, offer.dataset, files, offer.offered_by, lab.now())
    records.save(snapshot, event("lab:snapshot:register", offer.offered_by, digest, dataset=offer.dataset))
    return snapshot


def latest_snapshot(reading: Reading, dataset: str) -> Snapshot:
    """Return the newest snapshot of a dataset."""
    snapshots = reading.find(Snapshot, dataset=dataset)
    if not snapshots:
        raise NotFoundError("The dataset {name} has no snapshot yet.", reason="no-snapshot", name=dataset)
    return snapshots[-1]


def datasets(lab: Lab, actor: str) -> list[tuple[Dataset, list[Snapshot]]]:
    """List datasets with their snapshots: all for stewards and auditors, the granted ones for members."""
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        if {Role.STEWARD, Role.APPROVER, Role.AUDITOR} & set(person.roles):
            names = [d.name for d in reading.find(Dataset)]
        else:
            mine = {p.name for p in known_projects(reading) if is_member(person, p)}
            today = reading.moment.date()
            names = sorted({g.dataset for g in reading.find(Grant) if g.project in mine and is_in_force(g, today)})
        pairs = [(reading.get(Dataset, n), reading.find(Snapshot, dataset=n)) for n in names]
        return [(d, s) for d, s in pairs if d is not None]


def offer(lab: Lab, actor: str, identifier: str) -> tuple[Offer, Work]:
    """Return an offer and how far its conversion has come, for the owner's stewards."""
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        kept, work = reading.get(Offer, identifier), reading.get(Work, identifier)
        dataset = reading.get(Dataset, kept.dataset if kept else NOWHERE)
        owns = stewards_for(person, dataset)
        if kept is None or work is None or not owns:
            raise NotFoundError("There is no offer {id}, or you may not see it.", reason="not-found", id=identifier)
        return kept, work


def dataset_uses(lab: Lab, actor: str, name: str) -> tuple[list[Grant], list[tuple[Offer, Work]]]:
    """Return a dataset's grants, also those that are over, and its offers, newest first.

    The owner's stewards get all, auditors the grants alone.
    """
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        dataset = reading.get(Dataset, name)
        owns = stewards_for(person, dataset)
        grants = reading.find(Grant, dataset=name) if owns or Role.AUDITOR in person.roles else []
        offers = reading.find(Offer, dataset=name) if owns else []
        pairs = [(o, reading.get(Work, o.id)) for o in offers]
        return grants[::-1], [(o, w) for o, w in reversed(pairs) if w is not None]
