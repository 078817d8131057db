"""Promise 2, tried on the host: a snapshot with one changed bit is not mounted any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path

from datasets_mount.catalogue import Snapshot, SnapshotFile, snapshot_digest
from hub.adapters.vault import FolderVault
from hub.doctor.runs import flip_file
from hub.doctor.scene import OWN, SMALL, Scene
from hub.domain.errors import LabError
from hub.domain.examinations import Attempt, Promise, Verdict
from hub.services.snapshots import mounted

Prepare = Callable[[Snapshot], object]
Aim = Callable[[Snapshot], Path]


def snapshots_tried(made: Scene) -> Iterator[Attempt]:
    """Change one bit of the vault's file, and one of what is mounted."""
    prepare = partial(mounted, made.lab, OWN)
    tried = "Change one bit of a dataset's file in the vault, and mount it."
    yield changed_bit("changed-file", tried, registered(made.vault, "one"), prepare, partial(in_the_vault, made.vault))
    tried = "Change one bit of what a dataset is mounted from, and mount it."
    yield changed_bit("changed-image", tried, registered(made.vault, "two"), prepare, partial(on_the_disk, made))


def registered(vault: FolderVault, word: str) -> Snapshot:
    """Register a snapshot of one file of the doctor's own."""
    stored = vault.add(BytesIO(b"PAR1" + f"a file of the doctor's own, {word} ".encode() * 400 + b"PAR1"), SMALL)
    files = (SnapshotFile("persons.parquet", stored.sha256, stored.size, 1, ("nr",)),)
    name = f"doctor-{word}"
    return Snapshot(snapshot_digest(name, files), name, files, "doctor", datetime.now(UTC))


def in_the_vault(vault: FolderVault, snapshot: Snapshot) -> Path:
    """Return the file that the snapshot was made from."""
    return vault.path(snapshot.files[0].sha256)


def on_the_disk(made: Scene, snapshot: Snapshot) -> Path:
    """Return what the snapshot is mounted from: its image, or a file of its folder."""
    folder = made.settings.state / "snapshots"
    image = folder / f"{snapshot.digest}.erofs"
    return image if image.exists() else folder / snapshot.digest / snapshot.files[0].path


def changed_bit(name: str, tried: str, snapshot: Snapshot, prepare: Prepare, aim: Aim) -> Attempt:
    """Prepare a snapshot for a mount, change one bit, and prepare it again; the first time it has to be mounted."""
    try:
        prepare(snapshot)
    except LabError as error:
        return Attempt(Promise.DATASETS, name, "host", tried, str(error), Verdict.UNSEEN)
    flip_file(aim(snapshot))
    try:
        prepare(snapshot)
    except LabError as error:
        reason = error.reason
        return Attempt(Promise.DATASETS, name, "host", tried, f"It was not mounted ({reason}).", Verdict.HOLDS)
    return Attempt(Promise.DATASETS, name, "host", tried, "It was mounted.", Verdict.BROKEN)
