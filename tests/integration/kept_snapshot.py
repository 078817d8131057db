"""A real snapshot of two files in a vault, with what builds and mounts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from datasets_mount.catalogue import Snapshot, SnapshotFile, snapshot_digest
from datasets_mount.images import ImageKind, SnapshotImage, image_of
from hub.adapters.host import Host
from hub.adapters.loops import loops
from hub.adapters.mount_table import mounts_below
from hub.adapters.snapshots import SnapshotMounts
from hub.adapters.vault import FolderVault
from waiting import wait_for

CONTENTS = {"persons.parquet": b"PAR1" + bytes(range(256)) * 300 + b"PAR1", "years.parquet": b"PAR1PAR1"}


@dataclass
class Kept:
    """A snapshot in a vault, and what mounts it."""

    state: Path
    kind: ImageKind = ImageKind.EROFS

    def __post_init__(self) -> None:
        self.vault = FolderVault(self.state / "vault")
        self.mounts = SnapshotMounts(
            self.state, self.vault, Host("datalab/workspace:current", "datalab"), lambda: self.kind
        )
        files = tuple(self._file(name, content) for name, content in CONTENTS.items())
        self.snapshot = Snapshot(snapshot_digest("jobs", files), "jobs", files, "jobs-steward", datetime.now(UTC))

    def _file(self, name: str, content: bytes) -> SnapshotFile:
        stored = self.vault.add(BytesIO(content), 2**24)
        return SnapshotFile(name, stored.sha256, stored.size, 3, ("nr",))

    def built(self) -> SnapshotImage:
        return image_of(self.snapshot.digest, self.mounts.build(self.snapshot), datetime.now(UTC))

    @property
    def image(self) -> Path:
        return self.state / "snapshots" / f"{self.snapshot.digest}.erofs"

    def loops(self) -> list[str]:
        return [device for device, image in loops() if image.is_relative_to(self.state)]

    @property
    def devices(self) -> int:
        """How many loop devices one mount takes."""
        return {ImageKind.VERITY: 2, ImageKind.EROFS: 1, ImageKind.FOLDER: 0}[self.kind]

    @property
    def tree(self) -> Path:
        return self.state / "snapshots" / self.snapshot.digest

    def mounted(self, project: str = "care") -> Path:
        """Build it and mount it."""
        return self.mounts.mount(self.snapshot, self.built(), project)


@contextmanager
def kept_snapshot(state: Path, kind: ImageKind = ImageKind.EROFS) -> Iterator[Kept]:
    """Nothing of it is left mounted or attached."""
    made = Kept(state, kind)
    try:
        yield made
    finally:
        made.mounts.unmount_all()
        assert list(mounts_below(state)) == []
        # A container that is being started, anybody's, holds all mounts of the host for a moment.
        wait_for(lambda: made.loops() == [], 30, "a loop device is left")
