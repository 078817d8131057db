"""The vault: files by SHA-256, written once, read-only ever after.

Invariants:

* a file has no name before it is whole and on disk: whoever is killed while it is written leaves nothing of it;
* bytes that are there are never changed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import IO, BinaryIO

from hub.domain.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from hub.domain.space import not_writable
from hub.domain.uploads import Stored

CHUNK = 2**20
DIGEST = re.compile(r"[0-9a-f]{64}")


@contextmanager
def full_disk_said() -> Iterator[None]:
    """Say that the disk is full or broken, in a sentence; nothing that was accepted is lost by it."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO):
            raise not_writable(error.errno) from error
        raise


class FolderVault:
    """Files below one folder, ``<first two digits>/<digest>``, mode 0444."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, source: BinaryIO, limit: int) -> Stored:
        """Copy a stream; the file appears under its digest whole and on disk, or not at all."""
        with full_disk_said(), self._unnamed() as part:
            stored = _copy(source, part, limit)
            part.flush()
            os.fchmod(part.fileno(), 0o444)
            os.fsync(part.fileno())
            self._keep(part.fileno(), stored.sha256)
        return stored

    def _unnamed(self) -> IO[bytes]:
        """Open a file of the vault's file system that has no name yet."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        try:
            return os.fdopen(os.open(self._folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600), "w+b")
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR):
                raise
            raise UnavailableError(
                "The vault's file system knows no files without a name; keep the vault on ext4, xfs or btrfs.",
                reason="vault-file-system",
            ) from error

    def _keep(self, part: int, sha256: str) -> None:
        """Give the finished file its name; a file that is there already stays as it is."""
        target = self.path(sha256)
        if self._is_new(target.parent):
            with _opened(self._folder) as vault:
                os.fsync(vault)
        with _opened(target.parent) as folder:
            with suppress(FileExistsError):
                # Only with a folder to go by does Python follow the link that stands for the open file.
                os.link(f"/proc/self/fd/{part}", target.name, dst_dir_fd=folder, follow_symlinks=True)
            os.fsync(folder)

    def _is_new(self, folder: Path) -> bool:
        """Let a folder be there, and say whether it was not: who may put files into the vault may put them into it."""
        try:
            folder.mkdir(mode=0o770)
        except FileExistsError:
            return False
        folder.chmod(stat.S_IMODE(self._folder.stat().st_mode))
        return True

    def path(self, sha256: str) -> Path:
        """Return the file of a digest."""
        if not DIGEST.fullmatch(sha256):
            raise NotFoundError("There is no such file in the vault.", reason="not-found")
        return self._folder / sha256[:2] / sha256

    def read(self, sha256: str, limit: int) -> bytes:
        """Return the bytes, after checking them against their digest."""
        try:
            with self.path(sha256).open("rb") as file:
                content = file.read(limit + 1)
        except FileNotFoundError:
            raise vault_changed() from None
        if len(content) > limit:
            raise InvalidError("The file is too large to be read here.", reason="too-large")
        if hashlib.sha256(content).hexdigest() != sha256:
            raise vault_changed()
        return content

    def ends(self, sha256: str, count: int) -> tuple[bytes, bytes]:
        """Return the first and the last bytes of a file."""
        with self.path(sha256).open("rb") as file:
            first = file.read(count)
            file.seek(max(0, os.fstat(file.fileno()).st_size - count))
            return first, file.read(count)

    def check(self, sha256: str, size: int) -> None:
        """Hash the file again; a missing or changed file is a conflict."""
        check_bytes(self.path(sha256), sha256, size)


def check_bytes(path: Path, sha256: str, size: int) -> None:
    """Hash a file of ours again; ConflictError when it is missing or was changed."""
    try:
        with path.open("rb") as file:
            same = os.fstat(file.fileno()).st_size == size and _digest_of(file) == sha256
    except OSError:
        raise vault_changed() from None
    if not same:
        raise vault_changed()


def vault_changed() -> ConflictError:
    """A file of the vault is not what was registered."""
    return ConflictError(
        "A file of the vault is missing or was changed after it was registered; it is not used. "
        "Tell the administrator, who restores it from a backup.",
        reason="vault-changed",
    )


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """Hold a folder open."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _digest_of(file: BufferedReader) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()


def _copy(source: BinaryIO, target: IO[bytes], limit: int) -> Stored:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise InvalidError(
                "The file is larger than the lab accepts ({limit} bytes).", reason="too-large", limit=limit
            )
        digest.update(chunk)
        target.write(chunk)
    return Stored(digest.hexdigest(), size)
