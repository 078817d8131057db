"""Uses of datasets, for their owners: who had which snapshot, what was made of it, what left, and what is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from datasets_mount.catalogue import Dataset, Grant, Snapshot
from datasets_mount.images import SnapshotImage
from datasets_mount.uses import (
    CLOSED,
    DOWNLOADED,
    OPENED,
    Due,
    DueKind,
    Use,
    UseKind,
    check_sees_uses,
    due_of,
    sees_uses,
    workspace_uses,
)
from hub.domain.audit import AuditEntry, event
from hub.domain.exports import ExportRequest, ExportState
from hub.domain.people import Role, check_has_role
from hub.domain.releases import Release
from hub.domain.runs import Run
from hub.domain.work import Work, WorkKind, WorkState
from hub.services.lab import Lab, load_person
from hub.services.ports import Reading
from hub.services.spreadsheet import csv_of

COLUMNS = (
    "kind", "at_utc", "ended_utc", "person", "project", "subject", "snapshot", "state", "policy", "audit_entry",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DatasetUses:
    """A dataset with its uses, newest first, and what is due, the next first."""

    dataset: Dataset
    uses: tuple[Use, ...]
    due: tuple[Due, ...]


def owned_uses(lab: Lab, actor: str) -> list[DatasetUses]:
    """Return the uses of every dataset that the person's organisation owns; of all datasets for an auditor.

    The number of questions to the database does not depend on how many datasets and uses there are.
    """
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        check_has_role(person, Role.STEWARD, Role.AUDITOR)
        return _gathered(reading, [d for d in reading.find(Dataset) if sees_uses(person, d)])


def dataset_uses(lab: Lab, actor: str, name: str) -> DatasetUses:
    """Return the uses of one dataset; the view is recorded."""
    return _looked_at(lab, actor, name, "view")


def evidence(lab: Lab, actor: str, name: str) -> bytes:
    """Return the uses of one dataset as CSV, a line for each, oldest first; the download is recorded.

    Times are in UTC (ISO 8601). No cell is run by a spreadsheet.
    """
    found = _looked_at(lab, actor, name, "download")
    return csv_of(COLUMNS, (_line(use) for use in reversed(found.uses)))


def _looked_at(lab: Lab, actor: str, name: str, act: str) -> DatasetUses:
    with lab.store.begin() as records:
        dataset = check_sees_uses(load_person(records, actor), records.get(Dataset, name), name)
        records.record(event(f"lab:uses:{act}", actor, name))
    with lab.store.read() as reading:  # what is gathered may take a while: no writer waits for it
        return _gathered(reading, [dataset])[0]


def _line(use: Use) -> tuple[str, ...]:
    at, ended = (when.isoformat(timespec="seconds") if when else "" for when in (use.at, use.ended))
    where = (use.person, use.project, use.subject, use.snapshot)
    return (use.kind, at, ended, *where, use.state or "", use.policy, str(use.entry or ""))


@dataclass(frozen=True, slots=True)
class _Records:
    """What the uses of some datasets are read from."""

    grants: list[Grant]
    mounts: list[AuditEntry]
    downloads: list[AuditEntry]
    runs: list[Run]
    works: dict[str, Work]
    requests: list[ExportRequest]
    releases: dict[str, Release]
    broken: list[tuple[SnapshotImage, str]]


def _gathered(reading: Reading, datasets: list[Dataset]) -> list[DatasetUses]:
    known = _records(reading, tuple(d.name for d in datasets))
    today = reading.moment.date()
    found = []
    for dataset in datasets:
        due = [d for g in known.grants if g.dataset == dataset.name and (d := due_of(g, today)) is not None]
        due += [
            Due(DueKind.SNAPSHOT_BROKEN, i.snapshot, i.broken.date(), i.reason)
            for i, name in known.broken
            if name == dataset.name and i.broken is not None
        ]
        uses = sorted(_uses(known, dataset.name), key=lambda u: (u.at, u.entry), reverse=True)
        found.append(DatasetUses(dataset, tuple(uses), tuple(sorted(due, key=lambda d: (d.day, d.subject)))))
    return found


def _records(reading: Reading, names: tuple[str, ...]) -> _Records:
    """Whatever used a dataset had a grant, and grants stay: so only the projects of grants are looked through."""
    grants = reading.find(Grant, dataset=names)
    projects = tuple({g.project for g in grants})
    broken = [image for image in reading.find(SnapshotImage) if image.broken is not None]
    of = {s.digest: s.dataset for s in reading.find(Snapshot, dataset=names)} if broken else {}
    return _Records(
        grants,
        reading.audit_named((OPENED, CLOSED), projects),
        reading.audit_named((DOWNLOADED,), projects),
        reading.find(Run, project=projects),
        {w.id: w for w in reading.find(Work, kind=WorkKind.RUN)},
        reading.find(ExportRequest, project=projects),
        {r.id: r for r in reading.find(Release, project=projects)},
        [(image, of[image.snapshot]) for image in broken if image.snapshot in of],
    )


def _uses(known: _Records, name: str) -> Iterator[Use]:
    yield from workspace_uses(known.mounts, name)
    yield from (_run(run, known.works[run.id], name) for run in known.runs if name in run.snapshots)
    drawing = {r.id: r for r in known.requests if name in r.snapshots}
    for request in drawing.values():
        yield from _left(request, known.releases.get(request.id), request.snapshots[name])
    yield from _downloads(known.downloads, drawing, name)


def _run(run: Run, work: Work, name: str) -> Use:
    """A run has its snapshot from its start on; one that never started is told with when it was asked for."""
    state: WorkState = work.state
    at = work.started or run.created
    return Use(UseKind.RUN, at, run.requester, run.project, run.id, run.snapshots[name], state, work.ended)


def _left(request: ExportRequest, release: Release | None, snapshot: str) -> Iterator[Use]:
    asked = (request.project, request.id, snapshot)
    yield Use(UseKind.REQUEST, request.created, request.author, *asked, request.state, policy=request.policy)
    if release is not None:
        state = ExportState.REVOKED if release.revoked else ExportState.RELEASED
        out = (release.created, release.released_by, *asked, state, release.revoked)
        yield Use(UseKind.RELEASE, *out, policy=request.policy)


def _downloads(entries: Iterable[AuditEntry], drawing: dict[str, ExportRequest], name: str) -> Iterator[Use]:
    for entry in entries:
        if (request := drawing.get(entry.event.subject)) is not None:
            where = (request.project, request.id, request.snapshots[name])
            yield Use(
                UseKind.DOWNLOAD, entry.at, entry.event.actor, *where, None, policy=request.policy, entry=entry.seq
            )
