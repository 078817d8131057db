"""A dataset: scanned through the lab's mount and through a plain bind of the same files.

Cold means that the kernel was asked to forget the files, and only them (``posix_fadvise``), and that the mount is a new
one; the disk below may have caches of its own. Warm means that they were read a moment before.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from datasets_mount.catalogue import Snapshot, SnapshotFile, snapshot_digest
from datasets_mount.images import ImageKind, SnapshotImage, image_of
from hub.adapters.host import Host
from hub.adapters.snapshots import SnapshotMounts
from hub.adapters.vault import FolderVault
from hub.bench.measuring import Pair, measure
from hub.bench.rows import Goal, Of, Row
from hub.settings import Images
from spawner_config.names import LABEL

ROWS = 8_000_000
FILE = "wages.parquet"
PROJECT = "bench"


@dataclass
class Scans:
    """One snapshot of half a gigabyte, as an image and as a folder."""

    state: Path
    snapshot: Snapshot
    mounts: SnapshotMounts
    host: Host
    image: SnapshotImage

    @property
    def tree(self) -> Path:
        """The plain files."""
        return self.state / "plain"

    @property
    def bound(self) -> Path:
        """Where the plain files are bound."""
        return self.state / "bound"

    def mounted(self) -> Path:
        """Return the lab's mount; hashed, as before each container."""
        return self.mounts.mount(self.snapshot, self.image, PROJECT)

    def forget(self) -> None:
        """Let the kernel forget the image and the files; what a mount of the image had in memory goes with it."""
        self.mounts.unmount_all()
        for path in (*self.state.glob("snapshots/*.erofs"), *self.tree.iterdir()):
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def attach_cold(self) -> None:
        """Mount the image without hashing it, which would read all of it into memory."""
        self.forget()
        folder = self.state / "mounts" / "cold"
        folder.mkdir(parents=True, exist_ok=True)
        self.host.mount_snapshot(next(self.state.glob("snapshots/*.erofs")), folder)

    def by_the_mount(self) -> None:
        """Scan through the lab's mount."""
        scan(self.state / "mounts" / PROJECT / self.snapshot.digest)

    def by_the_bind(self) -> None:
        """Scan through a plain bind."""
        scan(self.bound)

    def cold_by_the_mount(self) -> None:
        """Scan a mount that was made just now."""
        scan(self.state / "mounts" / "cold")

    def build(self) -> None:
        """Make the image anew."""
        self.mounts.build(self.snapshot)

    def copy(self) -> None:
        """Copy the files, as somebody would who keeps each version."""
        subprocess.run(["cp", "-r", "--reflink=never", str(self.tree), str(self.state / "copy")], check=True)
        subprocess.run(["rm", "-r", str(self.state / "copy")], check=True)

    def verify_and_mount(self) -> None:
        """What a workspace waits for before it sees the dataset."""
        self.mounts.unmount_all()
        self.mounted()

    def digest_and_bind(self) -> None:
        """The same for plain files: ``sha256sum``, then a bind."""
        self.host.unmount_all(self.bound)
        subprocess.run(["sha256sum", str(self.tree / FILE)], check=True, capture_output=True)
        self.host.bind_sealed(self.tree, self.bound)


def scan(folder: Path) -> pl.DataFrame:
    """Read every column of every row, with little to compute."""
    return pl.scan_parquet(folder / FILE).select(pl.all().max()).collect()


def _erofs() -> ImageKind:
    return ImageKind.EROFS


@contextmanager
def ready(folder: Path) -> Iterator[Scans]:
    """Write the rows, keep them as a snapshot, and bind the plain files."""
    made = _made(folder)
    made.bound.mkdir()
    made.host.bind_sealed(made.tree, made.bound)
    made.mounted()
    try:
        yield made
    finally:
        made.mounts.unmount_all()
        made.host.unmount_all(made.bound)


def _made(folder: Path) -> Scans:
    (folder / "plain").mkdir(parents=True)
    noise = [pl.int_range(ROWS).hash(n).alias(f"column{n}") for n in range(8)]  # Does not become smaller.
    rows = pl.select(noise)
    rows.write_parquet(folder / "plain" / FILE, compression="lz4")
    vault = FolderVault(folder / "vault")
    host = Host(Images().workspace, LABEL)
    with (folder / "plain" / FILE).open("rb") as file:
        stored = vault.add(file, 2**34)
    files = (SnapshotFile(FILE, stored.sha256, stored.size, ROWS, tuple(rows.columns)),)
    snapshot = Snapshot(snapshot_digest("bench", files), "bench", files, "bench", datetime.now(UTC))
    mounts = SnapshotMounts(folder, vault, host, _erofs)
    image = image_of(snapshot.digest, mounts.build(snapshot), datetime.now(UTC))
    return Scans(folder, snapshot, mounts, host, image)


def rows(folder: Path, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """Measure scans warm and cold, and what a workspace waits for before it sees the dataset."""
    tell("writing half a gigabyte")
    goal = Goal(Of.RATIO, 1.2)
    with ready(folder) as scans:
        # Both are read from the disk once: what was written just now lies in memory in larger pieces than what is read.
        scans.forget()
        scans.mounted()
        warm = Pair("warm scan of 500 MB / through a plain bind", scans.by_the_mount, scans.by_the_bind, goal)
        yield measure(warm, rounds, tell)
        scans.attach_cold()
        cold = Pair(
            "cold scan of 500 MB / through a plain bind", scans.cold_by_the_mount, scans.by_the_bind, goal,
            after_lab=scans.forget, after_instead=scans.attach_cold,
        )  # fmt: skip
        yield measure(cold, rounds, tell)
        mount = Pair("hash and mount 500 MB / sha256sum and bind", scans.verify_and_mount, scans.digest_and_bind)
        yield measure(mount, rounds, tell)
        yield measure(Pair("build the image of 500 MB / copy the files", scans.build, scans.copy), rounds, tell)
