"""Mounts of snapshots: one for each project, so that locks and notifications do not pass between projects.

::

    snapshots/<digest>.erofs          what is mounted, and .verity, its hashes; see snapshot_files
    mounts/<project>/<digest>/        where it is mounted, for all containers of one project
    mounts/<project>/<digest>.used    touched whenever a container is about to see it
    mounts/<project>/runs/            the outputs of its runs, as its workspaces see them

Invariants:

* nothing is mounted that was not hashed a moment before, and all that is mounted has the flags of SEALED;
* what a fresh mount shows is looked at before anybody is told of it: it is the image that was asked for, or no mount;
* a mount that no container has and that none was about to see for a while is taken away;
* mounting, unmounting and letting go of loop devices take turns between processes; the kernel is asked what is
  mounted, nothing is remembered.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from datasets_mount.catalogue import Snapshot
from datasets_mount.images import ImageFile, ImageKind, SnapshotImage
from hub.adapters.host import Host
from hub.adapters.loops import loose_loops
from hub.adapters.mount_table import is_mounted, mounts_below
from hub.adapters.snapshot_files import ErofsImages, LinkedFolders, SnapshotFiles, VerityImages
from hub.adapters.vault import FolderVault
from hub.domain.errors import UnavailableError

IDLE_SECONDS = 40.0
"""How long a mount stays that no container has: between its preparation and the engine's word, much can happen."""
NOSYMFOLLOW = 0x2000
SEALED_FLAGS = os.ST_RDONLY | os.ST_NOSUID | os.ST_NODEV | os.ST_NOEXEC | NOSYMFOLLOW
USED = ".used"


class SnapshotMounts:
    """Builds, verifies, mounts and unmounts the snapshots of one lab."""

    def __init__(self, state: Path, vault: FolderVault, host: Host, kind: Callable[[], ImageKind]) -> None:
        self._state = state
        self._top = state / "mounts"
        self._host = host
        self._kind = kind
        self._ways: dict[ImageKind, SnapshotFiles] = {
            ImageKind.VERITY: VerityImages(state / "snapshots", vault, host),
            ImageKind.EROFS: ErofsImages(state / "snapshots", vault, host),
            ImageKind.FOLDER: LinkedFolders(state / "snapshots", vault, host),
        }

    def kind(self) -> ImageKind:
        """Return how snapshots are mounted here."""
        return self._kind()

    def build(self, snapshot: Snapshot) -> ImageFile:
        """Make what the snapshot is mounted from, from files of the vault that are what was registered."""
        return self._ways[self._kind()].build(snapshot)

    def mount(self, snapshot: Snapshot, image: SnapshotImage, project: str) -> Path:
        """Return where the project's containers find the snapshot, hashed just now."""
        way, folder = self._ways[image.kind], self._top / project / snapshot.digest
        with way.verified(snapshot, image), self._turn():
            if not is_mounted(folder) or not way.is_shown(snapshot, folder):
                self._host.unmount_all(folder)
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                way.show(snapshot, image, folder)
                self._check_shown(way, snapshot, folder)
            self._check_sealed(folder)
            folder.with_suffix(USED).touch()
        return folder

    def _check_shown(self, way: SnapshotFiles, snapshot: Snapshot, folder: Path) -> None:
        """What was mounted just now is what was asked for: a loop device can get another image before it is mounted."""
        if not way.is_shown(snapshot, folder):
            self._host.unmount_all(folder)
            raise UnavailableError(
                "The machine mounted something else than this dataset, which was taken away at once. Try again; "
                "when it happens twice, tell the administrator.",
                reason="mount-another",
            )

    def release_loop(self, device: str, image: Path) -> None:
        """Let go of a loop device over an image that is mounted nowhere; one that is about to be mounted is kept."""
        with self._turn():
            if f"{device} {image}" in loose_loops(self._state):
                self._host.detach(device)

    def seal(self, source: Path, folder: Path) -> Path:
        """Show a folder a second time where containers only read it, with the flags that the engine would drop."""
        with self._turn():
            if not is_mounted(folder):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._host.bind_sealed(source, folder)
            self._check_sealed(folder)
        return folder

    def _check_sealed(self, folder: Path) -> None:
        """A container gets the mount as it is, so it must have all the flags."""
        if os.statvfs(folder).f_flag & SEALED_FLAGS != SEALED_FLAGS:
            self._host.unmount_all(folder)
            raise UnavailableError(
                "The machine does not mount a folder as it was told; its mount program or kernel is too old.",
                reason="mount-flags",
            )

    def release(self, used: Callable[[], set[str]]) -> None:
        """Unmount what no container has; the engine is asked only where a mount was not needed for a while."""
        before = time.time() - IDLE_SECONDS
        if not self._idle(before):
            return
        with self._turn():
            sources = used()
            for stamp in self._idle(before):
                folder = stamp.with_suffix("")
                if str(folder) in sources:
                    stamp.touch()
                else:
                    self._take_away(folder)

    def _idle(self, before: float) -> list[Path]:
        return [stamp for stamp in self._top.glob(f"*/*{USED}") if stamp.stat().st_mtime < before]

    def _take_away(self, folder: Path) -> None:
        if is_mounted(folder):
            self._host.unmount(folder)
        folder.rmdir()
        folder.with_suffix(USED).unlink(missing_ok=True)

    def unmount_all(self) -> None:
        """Unmount all of it; the lab is stopped."""
        if self._top.exists():
            with self._turn():
                for folder in sorted(mounts_below(self._top)):
                    self._host.unmount_all(folder)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        self._top.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._top / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
