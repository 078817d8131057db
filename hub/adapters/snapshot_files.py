"""What snapshots are mounted from: images made from the vault, or folders of links to it.

Invariants:

* an image appears whole and on disk, or not at all, and the same snapshot gives the same bytes;
* what is mounted was hashed from the very file that is mounted, reached without following a link;
* a file of the vault that was touched since it was last hashed is hashed again.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from datasets_mount.catalogue import Snapshot, manifest_text
from datasets_mount.images import ImageFile, ImageKind, SnapshotImage
from hub.adapters.host import Host
from hub.adapters.snapshot_kind import MAKER, PATH
from hub.adapters.vault import FolderVault, check_bytes, full_disk_said, vault_changed
from hub.domain.errors import ConflictError, UnavailableError

MANIFEST = "manifest.json"
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

    def show(self, snapshot: Snapshot, folder: Path) -> None:
        """Mount it."""


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
            part.chmod(0o400)
            if image.is_dir() and not image.is_symlink():
                remove_tree(image)
            part.rename(image)
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

    def show(self, snapshot: Snapshot, folder: Path) -> None:
        """Mount the image on a loop device of its own."""
        self._host.mount_snapshot(self._image(snapshot), folder)


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

    def show(self, snapshot: Snapshot, folder: Path) -> None:
        """Bind the folder read-only."""
        self._host.bind_sealed(self._tree(snapshot), folder)


@contextmanager
def building(folder: Path) -> Iterator[None]:
    """Let one process at a time build: hub and worker may come here at the same moment."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (folder / ".building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def tree_of(folder: Path, snapshot: Snapshot) -> Path:
    """Where a snapshot's files lie together while it is built."""
    return folder / f"{snapshot.digest}.tree"


def make_tree(folder: Path, snapshot: Snapshot, vault: FolderVault) -> Path:
    """Make a folder of a snapshot's files with its manifest, each file hashed in its new place."""
    tree = tree_of(folder, snapshot)
    remove_tree(tree)
    tree.mkdir(mode=0o755)
    for file in snapshot.files:
        if not _mark(vault.path(file.sha256)):
            raise vault_changed()
        link_or_copy(vault.path(file.sha256), tree / file.path)
        check_bytes(tree / file.path, file.sha256, file.size)
        (tree / file.path).chmod(0o444)
    manifest = tree / MANIFEST
    manifest.write_text(manifest_text(snapshot.dataset, snapshot.files), encoding="utf-8")
    manifest.chmod(0o444)
    tree.chmod(0o555)
    return tree


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name; where the vault is another file system, or the file another account's, copy it."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        # The kernel lets nobody link what is another's and that they cannot write.
        if error.errno not in (errno.EXDEV, errno.EPERM):
            raise
        shutil.copyfile(source, target, follow_symlinks=False)
        target.chmod(0o444)


def remove_tree(tree: Path) -> None:
    """Remove a folder of ours, if it is there."""
    if tree.is_dir():
        tree.chmod(0o755)
        shutil.rmtree(tree)


def check_tree(tree: Path, snapshot: Snapshot) -> None:
    """The folder holds the manifest and the files that it names, and nothing else; ConflictError otherwise."""
    wanted = {f.path: (f.sha256, f.size) for f in snapshot.files}
    manifest = manifest_text(snapshot.dataset, snapshot.files).encode()
    wanted[MANIFEST] = (hashlib.sha256(manifest).hexdigest(), len(manifest))
    try:
        plain = {e.name for e in os.scandir(tree) if e.is_file(follow_symlinks=False)}
        same = plain == set(wanted) and len(plain) == len(list(os.scandir(tree)))
    except OSError:
        same = False
    if not same:
        raise image_changed()
    for name, (sha256, size) in wanted.items():
        check_bytes(tree / name, sha256, size)


def check_touched(seen: Path, snapshot: Snapshot, vault: FolderVault) -> None:
    """Hash the vault's files that were touched since they were hashed last; ConflictError when one was changed.

    What the kernel says of a file changes with every write to it, so that a large dataset is not read twice for each
    workspace: what is mounted is the image, which is hashed each time.
    """
    known = _read_seen(seen)
    marks = {f.sha256: _mark(vault.path(f.sha256)) for f in snapshot.files}
    for file in snapshot.files:
        if not marks[file.sha256] or known.get(file.sha256) != marks[file.sha256]:
            vault.check(file.sha256, file.size)
    if marks != known:
        _note_seen(seen, marks)


def _note_seen(seen: Path, marks: dict[str, list[int]]) -> None:
    """Note what was hashed; on a full disk it is not noted, and hashed once more the next time."""
    part = seen.with_suffix(f".{threading.get_native_id()}")  # one for each thread of each process
    try:
        part.write_text(json.dumps(marks))
        part.rename(seen)
    except OSError:
        with suppress(OSError):
            part.unlink()


def _read_seen(seen: Path) -> dict[str, list[int]]:
    """What was noted; a note that cannot be read makes the lab hash once more, and is no fault."""
    try:
        return dict(json.loads(seen.read_text()))
    except (OSError, ValueError):
        return {}


def _mark(path: Path) -> list[int]:
    """What the kernel changes with every write to a file, and nobody can set back but root; empty for no file."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return []
    if not stat.S_ISREG(status.st_mode):
        return []
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


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


def image_changed() -> ConflictError:
    """What a snapshot is mounted from is not what the lab made."""
    return ConflictError(
        "The image of a dataset is missing or was changed after it was made; it is not used. The dataset's stewards "
        "and the auditor were told. Try again: a new image is made from the vault.",
        reason="image-changed",
    )


def _make_image(tree: Path, image: Path) -> None:
    command = [MAKER, *REPRODUCIBLE, str(image), str(tree)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=LONGEST_BUILD, env={"PATH": PATH})
    if done.returncode:
        image.unlink(missing_ok=True)
        if shutil.disk_usage(tree).free < sum(p.stat().st_size for p in tree.iterdir()):
            raise OSError(errno.ENOSPC, "no room for the image")
        raise UnavailableError(
            "mkfs.erofs failed; install erofs-utils, and look whether the disk is full.", reason="file-system"
        )
