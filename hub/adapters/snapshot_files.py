"""What snapshots are mounted from: images made from the vault, or folders of links to it.

Invariants:

* an image appears whole and on disk, or not at all, and the same snapshot gives the same bytes;
* what is mounted was hashed from the very file that is mounted, reached without following a link.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from datasets_mount.catalogue import Snapshot
from datasets_mount.images import ImageFile, ImageKind, SnapshotImage
from hub.adapters.checked_device import PROGRAM, images_below, make_hashes
from hub.adapters.host import Host
from hub.adapters.snapshot_kind import MAKER, PATH
from hub.adapters.vault import FolderVault, full_disk_said
from hub.adapters.vault_trees import check_touched, check_tree, image_changed, make_tree, remove_tree, tree_of
from hub.domain.errors import UnavailableError

REPRODUCIBLE = ("--quiet", "-x-1", "-T0", "-U00000000-0000-0000-0000-000000000000", "--all-root")
"""No extended attributes, and a fixed time, identifier and owner: nothing but names, modes and bytes counts."""
LONGEST_BUILD = 3600


class SnapshotFiles(Protocol):
    """One way of keeping and mounting snapshots."""

    def build(self, snapshot: Snapshot) -> ImageFile:
        """Make it anew from files of the vault that are what was registered; ConflictError when one is not."""

    @contextmanager
    def verified(self, snapshot: Snapshot, image: SnapshotImage) -> Iterator[Path]:
        """Hash what is to be mounted and give its path; ConflictError when it is not what was made."""

    def is_shown(self, snapshot: Snapshot, folder: Path) -> bool:
        """Say whether what is mounted on a folder comes from what is there now."""

    def show(self, snapshot: Snapshot, image: SnapshotImage, folder: Path) -> None:
        """Mount it; ConflictError when it cannot be what was made."""


class ErofsImages:
    """Uncompressed EROFS images, ``<digest>.erofs``."""

    def __init__(self, folder: Path, vault: FolderVault, host: Host) -> None:
        self._folder = folder
        self._vault = vault
        self._host = host

    def _image(self, snapshot: Snapshot) -> Path:
        return self._folder / f"{snapshot.digest}.erofs"

    def build(self, snapshot: Snapshot) -> ImageFile:
        """Make the image anew; the vault's files are hashed right before."""
        image = self._image(snapshot)
        part = image.with_suffix(".part")
        with building(self._folder), full_disk_said():
            part.unlink(missing_ok=True)
            try:
                _make_image(make_tree(self._folder, snapshot, self._vault), part)
            finally:  # also where it does not fit: a full disk gets its room back
                remove_tree(tree_of(self._folder, snapshot))
            with part.open("rb") as file:
                os.fsync(file.fileno())
                made = ImageFile(ImageKind.EROFS, hashlib.file_digest(file, "sha256").hexdigest(), part.stat().st_size)
            _put(part, image)
        return made

    @contextmanager
    def verified(self, snapshot: Snapshot, image: SnapshotImage) -> Iterator[Path]:
        """Hash the image, and the vault's files where they were touched since; the path stays what was hashed."""
        path = self._image(snapshot)
        with _opened(path) as opened:
            status = os.fstat(opened)
            with os.fdopen(os.dup(opened), "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if status.st_size != image.size or digest != image.sha256:
                raise image_changed()
            check_touched(self._folder / f"{snapshot.digest}.seen", snapshot, self._vault)
            yield path
            if not os.path.samestat(path.lstat(), status):
                raise image_changed()

    def is_shown(self, snapshot: Snapshot, folder: Path) -> bool:
        """The loop device under the folder is that of the image; the kernel marks one whose file was replaced."""
        device = folder.stat().st_dev
        backing = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/loop/backing_file")
        return backing.exists() and backing.read_text().strip() == str(self._image(snapshot).resolve())

    def show(self, snapshot: Snapshot, image: SnapshotImage, folder: Path) -> None:
        """Mount the image on a loop device of its own."""
        self._host.mount_snapshot(self._image(snapshot), folder)


class VerityImages(ErofsImages):
    """Such images, ``<digest>.erofs``, with their trees of hashes, ``<digest>.verity``; the root is in the records."""

    def _hashes(self, snapshot: Snapshot) -> Path:
        return self._folder / f"{snapshot.digest}.verity"

    def build(self, snapshot: Snapshot) -> ImageFile:
        """Make the image anew, and its tree."""
        made = super().build(snapshot)
        hashes = self._hashes(snapshot)
        part = hashes.with_suffix(".verity-part")
        with building(self._folder), full_disk_said():
            part.unlink(missing_ok=True)
            root = make_hashes(self._image(snapshot), part, PATH)
            if not root:
                part.unlink(missing_ok=True)
                raise _maker_failed(PROGRAM, "cryptsetup-bin")
            _put(part, hashes)
        return replace(made, kind=ImageKind.VERITY, root=root)

    def is_shown(self, snapshot: Snapshot, folder: Path) -> bool:
        """The device under the folder is checked, and below it are the image and the tree that are there now."""
        device = folder.stat().st_dev
        below = images_below(Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}"))
        return below == {str(path.resolve()) for path in (self._image(snapshot), self._hashes(snapshot))}

    def show(self, snapshot: Snapshot, image: SnapshotImage, folder: Path) -> None:
        """Mount the image on devices of its own, by the root that was recorded; another image or tree has another."""
        hashes = self._hashes(snapshot)
        with _opened(hashes), self._host.checked(self._image(snapshot), hashes, image.root) as device:
            try:
                self._host.mount_device(device, folder)
            except UnavailableError:
                raise image_changed() from None


class LinkedFolders:
    """Folders of links to vault files, where there are no loop devices or no EROFS."""

    def __init__(self, folder: Path, vault: FolderVault, host: Host) -> None:
        self._folder = folder
        self._vault = vault
        self._host = host

    def _tree(self, snapshot: Snapshot) -> Path:
        return self._folder / snapshot.digest

    def build(self, snapshot: Snapshot) -> ImageFile:
        """Link the vault's files anew; each is hashed."""
        with building(self._folder), full_disk_said():
            remove_tree(self._tree(snapshot))
            make_tree(self._folder, snapshot, self._vault).rename(self._tree(snapshot))
        return ImageFile(ImageKind.FOLDER, snapshot.digest, sum(f.size for f in snapshot.files))

    @contextmanager
    def verified(self, snapshot: Snapshot, image: SnapshotImage) -> Iterator[Path]:
        """Hash every file of the folder; one more, one less or a link is a change."""
        tree = self._tree(snapshot)
        check_tree(tree, snapshot)
        yield tree

    def is_shown(self, snapshot: Snapshot, folder: Path) -> bool:
        """The folder that is mounted is the one that is there."""
        return os.path.samestat(folder.stat(), self._tree(snapshot).stat())

    def show(self, snapshot: Snapshot, image: SnapshotImage, folder: Path) -> None:
        """Bind the folder read-only."""
        self._host.bind_sealed(self._tree(snapshot), folder)


def _put(part: Path, place: Path) -> None:
    """Let a file that is whole stand in its place, whatever somebody put there."""
    part.chmod(0o400)
    if place.is_dir() and not place.is_symlink():
        remove_tree(place)
    part.rename(place)


@contextmanager
def building(folder: Path) -> Iterator[None]:
    """Let one process at a time build: hub and worker may come here at the same moment."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (folder / ".building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Hold a regular file open; ConflictError when it is missing, a link, a pipe or a device."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise image_changed() from None
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise image_changed()
        yield opened
    finally:
        os.close(opened)


def _make_image(tree: Path, image: Path) -> None:
    command = [MAKER, *REPRODUCIBLE, str(image), str(tree)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=LONGEST_BUILD, env={"PATH": PATH})
    if done.returncode:
        image.unlink(missing_ok=True)
        if shutil.disk_usage(tree).free < sum(p.stat().st_size for p in tree.iterdir()):
            raise OSError(errno.ENOSPC, "no room for the image")
        raise _maker_failed(MAKER, "erofs-utils")


def _maker_failed(program: str, package: str) -> UnavailableError:
    return UnavailableError(
        "{program} failed; install {package}, and look whether the disk is full.",
        reason="file-system",
        program=program,
        package=package,
    )
