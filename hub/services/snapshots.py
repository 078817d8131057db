"""Snapshots as containers see them: verified each time, and an alarm when one is not what was registered."""

from __future__ import annotations

from datasets_mount.catalogue import Dataset, Snapshot
from datasets_mount.images import ImageKind, SnapshotImage, broken_image, image_of
from datasets_mount.mounts import Mount, dataset_mount
from hub.domain.audit import event
from hub.domain.errors import ConflictError
from hub.domain.people import Role
from hub.services.lab import Lab, load_person

LAB = "lab"
"""Who acts when nobody asked for it."""


def mounted(lab: Lab, project: str, snapshot: Snapshot) -> Mount:
    """Return a dataset's mount for a container of the project.

    A snapshot whose image or files were changed is not mounted, and the first time an alarm is recorded. The next time
    its image is made anew, if the vault's files are what was registered.
    """
    try:
        folder = lab.storage.mount_snapshot(snapshot, _image(lab, snapshot), project)
    except ConflictError as error:
        _raise_alarm(lab, project, snapshot, error.reason)
        raise
    return dataset_mount(str(folder), snapshot.dataset)


def _image(lab: Lab, snapshot: Snapshot) -> SnapshotImage:
    """Return what a snapshot is mounted from, made anew where there is none, or a broken one, or another kind."""
    with lab.store.read() as reading:
        image = reading.get(SnapshotImage, snapshot.digest)
    if image is not None and image.broken is None and image.kind is lab.storage.snapshot_kind():
        return image
    made = image_of(snapshot.digest, lab.storage.build_snapshot(snapshot), lab.now())
    what = "mend" if image is not None and image.broken else "build"
    details = {"dataset": snapshot.dataset, "kind": made.kind, "sha256": made.sha256, "size": made.size}
    details |= {"root": made.root} if made.root else {}
    with lab.store.begin() as records:
        records.save(made, event(f"lab:snapshot:{what}", LAB, snapshot.digest, **details))
    return made


def found_broken(lab: Lab, actor: str) -> dict[str, SnapshotImage]:
    """Return the snapshots that are broken now, by digest: all for auditors, one's own organisation's for stewards."""
    with lab.store.read() as reading:
        person = load_person(reading, actor)
        audits, stewards = Role.AUDITOR in person.roles, Role.STEWARD in person.roles
        broken = [image for image in reading.find(SnapshotImage) if image.broken]
        pairs = [(image, reading.get(Snapshot, image.snapshot)) for image in broken]
        owners = {d.name: d.owner for d in reading.find(Dataset)} if broken else {}
        return {
            s.digest: image
            for image, s in pairs
            if s is not None and (audits or (stewards and owners[s.dataset] == person.organisation))
        }


def _raise_alarm(lab: Lab, project: str, snapshot: Snapshot, reason: str) -> None:
    """Record once that a snapshot is broken; until it is mended, each refusal is recorded by who was refused."""
    with lab.store.begin() as records:
        image = records.get(SnapshotImage, snapshot.digest)
        if image is not None and image.broken:
            return
        image = image or SnapshotImage(snapshot.digest, ImageKind.FOLDER, "", 0, lab.now())
        details = {"dataset": snapshot.dataset, "reason": reason}
        records.save(
            broken_image(image, reason, lab.now()),
            event("lab:snapshot:broken", LAB, snapshot.digest, project, **details),
        )
