"""Removes from an environment what no program reads, and what differs from one build to the next.

``jupyterlab/staging`` stays: JupyterLab reads its package.json at start. The README says what the rest weighs.
"""

from __future__ import annotations

import csv
import io
import shutil
import sys
from pathlib import Path

FOLDERS = frozenset({"tests", "include"})
SUFFIXES = (".a", ".h", ".hpp", ".pxd", ".pyx", ".js.map", ".css.map")
BUILD_NOTES = frozenset({"uv_cache.json", ".lock"})
"""What uv writes down about the very build."""
KEPT = ("jupyterlab/staging", "numpy/_core/tests")
"""``numpy.testing`` imports one module of ``numpy/_core/tests``."""

UNUSED = (
    *("etc/jupyter/jupyter_server_config.d/nbgrader.json", "share/jupyter/labextensions/@jupyter/nbgrader"),
    "share/jupyter/labextensions/jupyterlab_pygments",
    "lib/python3*/site-packages/distutils-precedence.pth",
    "lib/python3*/site-packages/setuptools/_vendor/*.dist-info",
)
"""What would open nbgrader's pages and its exchange in a workspace, make JupyterLab wait for colours of pages that it
does not show, run code of setuptools whenever Python starts, and name versions that are not in the lock."""


def is_kept(path: Path, packages: Path) -> bool:
    """Says whether the path lies in a folder that stays whole."""
    below = path.relative_to(packages).as_posix()
    return any(below == kept or below.startswith(f"{kept}/") for kept in KEPT)


def prune(packages: Path) -> None:
    """Removes the folders and files of a site-packages that nothing reads."""
    for path in sorted(packages.rglob("*")):
        if is_kept(path, packages) or not path.exists():
            continue
        if path.is_dir() and path.name in FOLDERS:
            shutil.rmtree(path)
        elif path.is_file() and (path.name.endswith(SUFFIXES) or path.name in BUILD_NOTES):
            path.unlink()


def leave_out(environment: Path) -> None:
    """Removes what a package puts beside its modules and no program of the lab reads."""
    for path in [path for name in UNUSED for path in environment.glob(name)]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def true_record(record: str, packages: Path) -> str:
    """A distribution's list of files, less those that are not there any more."""
    rows = [row for row in csv.reader(io.StringIO(record)) if row and (packages / row[0]).exists()]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def main(environment: Path) -> None:
    """Prunes an environment and makes its lists of files true."""
    (environment / ".lock").unlink(missing_ok=True)
    packages = next(environment.glob("lib/python3*/site-packages"))
    prune(packages)
    leave_out(environment)
    for record in packages.glob("*.dist-info/RECORD"):
        record.write_text(true_record(record.read_text(), packages))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
