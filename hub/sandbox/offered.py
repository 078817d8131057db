"""Intake where no vault is: plain files are copied without following links, and a manifest says what was taken in."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.domain.errors import ConflictError, InvalidError
from hub.gate.exchange import CheckedFile

FORM = "datalab-gate-manifest/1"


@dataclass(frozen=True, slots=True)
class Offered:
    """A file that is checked: where it lies and the path that it goes by."""

    source: Path
    path: str


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A file as it was taken in; from then on only the copy counts."""

    path: str
    sha256: str
    size: int


def offered(paths: Iterable[Path]) -> Iterable[Offered]:
    """Files as they are given, and those below folders, in the order of their names."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            for found in sorted(path.rglob("*")):
                if found.is_symlink() or not found.is_dir():
                    yield Offered(found, found.relative_to(path).as_posix())
        else:
            yield Offered(path, path.name)


def take_in(file: Offered, target: Path) -> TakenIn:
    """Copy a regular file; a link, a pipe or a device is refused and nothing waits for it."""
    try:
        descriptor = os.open(file.source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise InvalidError(
            "{path} cannot be read: {why}. Give a plain file.",
            reason="not-readable",
            path=file.path,
            why=error.strerror,
        ) from None
    with os.fdopen(descriptor, "rb") as source:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InvalidError("{path} is not a plain file. Give a plain file.", reason="not-a-file", path=file.path)
        with target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    with target.open("rb") as copy:
        digest = hashlib.file_digest(copy, "sha256").hexdigest()
    return TakenIn(file.path, digest, target.stat().st_size)


def keep_manifest(path: Path, taken: Sequence[TakenIn], checked: Sequence[CheckedFile]) -> None:
    """Write what was taken in; where the manifest is there already, what was taken in has to be what it says."""
    kinds = {file.index: str(file.kind) for file in checked}
    files = [
        {"path": t.path, "sha256": t.sha256, "size": t.size, "kind": kinds[n]} for n, t in enumerate(taken, start=1)
    ]
    text = json.dumps({"form": FORM, "files": files}, indent=2, ensure_ascii=False) + "\n"
    try:
        with path.open("x", encoding="utf-8") as manifest:
            manifest.write(text)
    except FileExistsError:
        if path.read_text(encoding="utf-8") != text:
            raise ConflictError(
                "What was taken in is not what the manifest {path} says. Check the files that it names, or name "
                "another manifest.",
                reason="manifest-differs",
                path=path,
            ) from None
