"""Archives that go into a build: sorted, of root, readable by all and of one time; same files, same bytes."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from hub.setup.base_image import EPOCH


def _entry(name: str, kind: bytes, mode: int, size: int = 0) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.size, entry.mtime = kind, mode, size, int(EPOCH)
    return entry


def folders(names: Mapping[str, Path]) -> list[str]:
    """The folders that the named files stand in, outer ones first."""
    parents = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents}
    return sorted(parents - {"."})


def archive(files: Mapping[str, Path]) -> IO[bytes]:
    """An archive with the files under the given names, ready to be read."""
    packed = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in folders(files):
            tar.addfile(_entry(name, tarfile.DIRTYPE, 0o755))
        for name, path in sorted(files.items()):
            data = path.read_bytes()
            tar.addfile(_entry(name, tarfile.REGTYPE, 0o644, len(data)), io.BytesIO(data))
    packed.seek(0)
    return packed
