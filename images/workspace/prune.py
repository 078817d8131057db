"""Removes from an environment what no program reads: tests, headers, static libraries, type stubs of compiled code.

``jupyterlab/staging`` stays: JupyterLab reads its package.json at start. Sizes are in the README.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

FOLDERS = frozenset({"tests", "include"})
SUFFIXES = frozenset({".a", ".h", ".hpp", ".pxd", ".pyx", ".js.map", ".css.map"})
KEPT = ("jupyterlab/staging", "numpy/_core/tests")
"""``numpy.testing`` imports one module of ``numpy/_core/tests``."""


def is_kept(path: Path, packages: Path) -> bool:
    """Says whether the path lies in a folder that stays whole."""
    below = path.relative_to(packages).as_posix()
    return any(below == kept or below.startswith(f"{kept}/") for kept in KEPT)


def prune(environment: Path) -> None:
    """Prunes the site-packages of one environment."""
    packages = next(environment.glob("lib/python3*/site-packages"))
    for path in sorted(packages.rglob("*")):
        if is_kept(path, packages) or not path.exists():
            continue
        if path.is_dir() and path.name in FOLDERS:
            shutil.rmtree(path)
        elif path.is_file() and "".join(path.suffixes[-2:]).endswith(tuple(SUFFIXES)):
            path.unlink()


if __name__ == "__main__":
    prune(Path(sys.argv[1]))
