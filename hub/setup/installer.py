"""The small environment that holds the locked pip and uv, with which everything else is installed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from hub.setup import stamps
from hub.setup.commands import run
from hub.setup.digests import digest_of, file_digest
from hub.setup.places import Places

LOCK = "installer.txt"


def inputs(places: Places) -> str:
    """Digest of what the installer is made from."""
    return digest_of({"lock": file_digest(places.locks / LOCK), "python": sys.version, "prefix": sys.base_prefix})


def is_done(places: Places) -> bool:
    """Says whether the locked pip and uv are there."""
    return stamps.read(places.installer) == inputs(places)


def python(places: Places) -> Path:
    """The interpreter that has the locked pip."""
    return places.installer / "bin" / "python"


def uv(places: Places) -> Path:
    """The locked uv."""
    return places.installer / "bin" / "uv"


def install(places: Places) -> None:
    """Makes the environment; the pip that Python brings installs the locked one from where pip is told to look."""
    shutil.rmtree(places.installer, ignore_errors=True)
    log = places.logs / "installer.log"
    run([sys.executable, "-m", "venv", places.installer], what="Making an environment for pip", log=log)
    options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check"]
    lock = places.locks / LOCK
    run(
        [python(places), "-m", "pip", "install", *options, "--requirement", lock],
        what="Installing the locked pip and uv",
        log=log,
    )
    stamps.write(places.installer, inputs(places))
