"""The host's copy of JupyterLab's own files, from the image that browsers' JupyterLab comes from.

::

    .cache/lab-files/<image>/static/lab/…     what browsers load as JupyterLab
    .cache/lab-files/<image>/static/…         the server's icons and styles
    .cache/lab-files/<image>/lab/extensions/… the extensions that the image brings
    …/<file>.gz                               the same, packed once, for browsers that unpack

JupyterLab's program comes in some forty parts, which a browser asks for one by one before it shows anything. The copy's
``main.*.js`` begins with the parts that ``images/workspace/first_files.txt`` names, so that the first visit asks once.

Set-up takes the copy from the image of the Python packages, which names it, and from a container that never ran; the
gateway answers with it, so that no container changes what runs as JupyterLab.
"""

from __future__ import annotations

import gzip
import os
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from hub.setup.engine_api import Engine
from hub.setup.image import FIRST_FILES, RECIPE, environment_of
from hub.setup.places import Places
from hub.setup.steps import SetupError

ENVIRONMENT = "/opt/datalab/venv"
PLACES = (
    (f"{ENVIRONMENT}/share/jupyter/lab/static", "static/lab"),
    (f"{ENVIRONMENT}/share/jupyter/labextensions", "lab/extensions"),
    (ENVIRONMENT + "/lib/python3.{minor}/site-packages/jupyter_server/static", "static"),
)
MINORS = range(11, 16)
"""Where the image has these files, and below which path of a workspace a browser asks for them."""
PACKED = frozenset({".js", ".css", ".json", ".svg", ".ttf", ".eot", ".ico"})
MAIN = "main.*.js"
"""The program's beginning, which looks for parts that are there already before it asks for them."""
LARGEST = 64 * 2**20
MOST = 5000
KEPT = 4

Fetch = Callable[[str], bytes | None]
"""Returns a folder of the image as a tar archive, or nothing when the image has no such folder."""


def copy_of(folder: Path, image: str) -> Path:
    """The copy of an image's files; ``image`` is its digest, with or without the name of the algorithm."""
    return folder / image.rpartition(":")[2]


def keep_lab_files(copies: Path, image: str, fetch: Fetch, first: Sequence[str] = ()) -> None:
    """Take the copy, unless it is there, and join its first parts; of two at the same time, one wins."""
    folder = copy_of(copies, image)
    if folder.is_dir():
        return
    folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        for place, below in PLACES:
            _unpack(_first(place, fetch), draft / below)
        _join(draft / "static/lab", first)
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


def _first(place: str, fetch: Fetch) -> bytes:
    for minor in MINORS:
        found = fetch(place.format(minor=minor))
        if found is not None:
            return found
    raise SetupError(f"The image has no JupyterLab at {place}.", "make clean setup")


def _unpack(archived: bytes, to: Path) -> None:
    """Write the plain files of an archive, without the folder's own name; links and everything else are left out."""
    with tempfile.TemporaryFile() as packed:
        packed.write(archived)
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


def _join(folder: Path, first: Sequence[str]) -> None:
    """Put the first parts before the program's beginning; a part that this JupyterLab does not have is left out."""
    parts = [path for name in first for path in sorted(folder.glob(f"{name}.*.js"))]
    for main in folder.glob(MAIN):
        main.write_bytes(b"\n;\n".join(path.read_bytes() for path in (*parts, main)))


def _pack(folder: Path) -> None:
    """Write a packed twin beside each file that gets smaller by it."""
    for file in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in PACKED):
        packed = gzip.compress(file.read_bytes(), 9, mtime=0)
        if len(packed) < file.stat().st_size:
            twin = file.with_name(f"{file.name}.gz")
            twin.write_bytes(packed)
            stamp = file.stat().st_mtime
            os.utime(twin, (stamp, stamp))


def _image(engine: Engine, places: Places) -> str:
    tag = environment_of(engine, places).tag
    found = engine.image_id(tag)
    if found is None:
        raise SetupError(f"The engine has no image {tag}.", "make setup")
    return found


def is_done(engine: Engine, places: Places) -> bool:
    """Says whether there is a copy of the files of the image that the engine has now."""
    return copy_of(places.lab_files, _image(engine, places)).is_dir()


def make(engine: Engine, places: Places) -> None:
    """Takes the copy from a container that is made for it and never runs."""
    image = _image(engine, places)
    container = engine.create(image, ["true"], {"datalab": "build"})
    try:
        first = (places.root / RECIPE / FIRST_FILES).read_text().split()
        keep_lab_files(places.lab_files, image, lambda place: engine.folder(container, place), first)
    finally:
        engine.remove(container)
