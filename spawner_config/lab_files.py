"""JupyterLab's own scripts, as they stand in the image: a copy on the host, which no container can change.

::

    lab-files/<image>/static/lab/…     what browsers load as JupyterLab
    lab-files/<image>/static/…         the server's icons and styles
    lab-files/<image>/lab/extensions/… the extensions that the image brings
    …/<file>.gz                        the same, packed once, for browsers that unpack

The copy is named by the digest of the image, and taken from a container of it before that starts.
"""

from __future__ import annotations

import gzip
import os
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from hub.domain.errors import UnavailableError

ENVIRONMENT = "/opt/datalab/venv"
PLACES = (
    (f"{ENVIRONMENT}/share/jupyter/lab/static", "static/lab"),
    (f"{ENVIRONMENT}/share/jupyter/labextensions", "lab/extensions"),
    (ENVIRONMENT + "/lib/python3.{minor}/site-packages/jupyter_server/static", "static"),
)
MINORS = range(11, 16)
"""Where the image has these files, and below which path of a workspace a browser asks for them."""
SHARED = "/services/gateway/lab/"
"""The address below which every workspace of one image has the same files."""
PACKED = frozenset({".js", ".css", ".json", ".svg", ".ttf", ".eot", ".ico"})
LARGEST = 64 * 2**20
MOST = 5000
KEPT = 12

Fetch = Callable[[str], Iterable[bytes] | None]
"""Returns a folder of the image as the pieces of a tar archive; None when the image has no such folder."""


def lab_files_folder(state: Path, image: str) -> Path:
    """Where the copy of an image's files is; ``image`` is its digest, with or without the name of the algorithm."""
    return state / "lab-files" / image.rpartition(":")[2]


def shared_address(image: str) -> str:
    """The address of ``static/lab`` that all workspaces of an image share."""
    return f"{SHARED}{image.rpartition(':')[2]}/"


def keep_lab_files(state: Path, image: str, fetch: Fetch) -> None:
    """Take the copy, unless it is there; of two at the same time, one wins."""
    folder = lab_files_folder(state, image)
    if folder.is_dir():
        return
    folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        for place, below in PLACES:
            _unpack(_first(place, fetch), draft / below)
        _pack(draft)
        if not folder.is_dir():
            draft.rename(folder)
            _forget_old(folder.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _forget_old(folder: Path) -> None:
    """Keep the copies of the last images, far more than run at the same time."""
    copies = sorted((p for p in folder.iterdir() if not p.name.startswith(".")), key=lambda p: p.stat().st_mtime)
    for copy in copies[:-KEPT]:
        shutil.rmtree(copy, ignore_errors=True)


def _first(place: str, fetch: Fetch) -> Iterable[bytes]:
    for minor in MINORS:
        found = fetch(place.format(minor=minor))
        if found is not None:
            return found
    raise UnavailableError(
        "The image has no JupyterLab at {place}; run “make setup”.", reason="no-lab-files", place=place
    )


def _unpack(pieces: Iterable[bytes], to: Path) -> None:
    """Write the plain files of an archive, without the folder's own name; links and everything else are left out."""
    with tempfile.TemporaryFile() as packed:
        for piece in pieces:
            packed.write(piece)
        packed.seek(0)
        with tarfile.open(fileobj=packed) as archive:
            for number, entry in enumerate(archive):
                path = PurePosixPath(*PurePosixPath(entry.name).parts[1:])
                if not entry.isreg() or ".." in path.parts or entry.size > LARGEST or number > MOST:
                    continue
                content = archive.extractfile(entry)
                if content is None:
                    continue
                (to / path).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
                (to / path).write_bytes(content.read())


def _pack(folder: Path) -> None:
    """Write a packed twin beside each file that gets smaller by it."""
    for file in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in PACKED):
        packed = gzip.compress(file.read_bytes(), 9, mtime=0)
        if len(packed) < file.stat().st_size:
            twin = file.with_name(f"{file.name}.gz")
            twin.write_bytes(packed)
            stamp = file.stat().st_mtime
            os.utime(twin, (stamp, stamp))
