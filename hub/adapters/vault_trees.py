"""Folders of links to a snapshot's files in the vault, and whether those files are still what was registered.

A file of the vault that was touched since it was last hashed is hashed again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import threading
from contextlib import suppress
from pathlib import Path

from datasets_mount.catalogue import Snapshot, manifest_text
from hub.adapters.vault import FolderVault, check_bytes, vault_changed
from hub.domain.errors import ConflictError

MANIFEST = "manifest.json"


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


def image_changed() -> ConflictError:
    """What a snapshot is mounted from is not what the lab made."""
    return ConflictError(
        "The image of a dataset is missing or was changed after it was made; it is not used. The dataset's stewards "
        "and the auditor were told. Try again: a new image is made from the vault.",
        reason="image-changed",
    )
