"""The base image: the distribution's own packages of the machine's release, or an image that BASE_IMAGE names.

Without package manager, documentation and translations, and with no file that runs as somebody else (setuid, setgid).
The same packages give the same bytes, since every time stamp in it is ``EPOCH``.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path

from hub.setup import apt_sources
from hub.setup.commands import run
from hub.setup.digests import SHORT, digest_of
from hub.setup.engine_api import Engine, EngineError
from hub.setup.places import Places
from hub.setup.steps import SetupError

EPOCH = "1767225600"
"""2026-01-01 UTC, the time of every file that a build makes."""
LABEL = "LABEL datalab=image"
REPOSITORY = "datalab/base"
MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr/setup00.sh"

_LEFT_OUT = ("/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/doc/*")
_KEPT = ("/usr/share/doc/*/copyright",)
_HOOKS = (
    'find "$1" -xdev -type f -perm /6000 -exec chmod a-s {} +',
    'rm -rf "$1"/var/log/* "$1"/var/cache/* "$1"/var/lib/apt/lists/* "$1"/etc/apt/sources.list*',
    # What mmdebstrap takes over from the machine, and what is compiled before it sets the time.
    ': > "$1"/etc/hostname; : > "$1"/etc/resolv.conf; rm -rf "$1"/usr/share/python3/debpython/__pycache__',
)


def release() -> str:
    """The machine's release by its code name, such as ``bookworm``."""
    try:
        return platform.freedesktop_os_release()["VERSION_CODENAME"]
    except (OSError, KeyError) as error:
        sentence = "The base image is made from the packages of Debian or Ubuntu, and this machine is neither."
        raise SetupError(sentence, "BASE_IMAGE=<an image with Python 3.11 or newer> make setup") from error


def packages(listing: str) -> list[str]:
    """The names in the list of packages, without its comments."""
    return [name for line in listing.splitlines() if (name := line.partition("#")[0].strip())]


def bootstrap_options(names: Iterable[str]) -> list[str]:
    """Options of mmdebstrap: what the image has, leaves out, and how it ends."""
    options = ["--quiet", "--variant=essential", f"--include={','.join(names)}", f"--setup-hook={MERGED_USR}"]
    options += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    options += [f"--dpkgopt=path-include={pattern}" for pattern in _KEPT]
    return options + [f"--customize-hook={hook}" for hook in _HOOKS]


def named() -> str | None:
    """The image that BASE_IMAGE names, if it does."""
    return os.environ.get("BASE_IMAGE") or None


def tag(places: Places) -> str:
    """The name of the base image: BASE_IMAGE, or one that its recipe's digest is part of."""
    if foreign := named():
        return foreign
    options = bootstrap_options(packages((places.images / "base" / "packages.txt").read_text()))
    recipe = {"options": " ".join(options), "release": release(), "machine": platform.machine(), "epoch": EPOCH}
    return f"{REPOSITORY}:{digest_of(recipe)[:SHORT]}"


def is_done(engine: Engine, places: Places) -> bool:
    """Says whether the engine has the base image."""
    return engine.image_id(tag(places)) is not None


def make(engine: Engine, places: Places) -> None:
    """Pulls the named image, or makes one from packages."""
    if foreign := named():
        _pull(engine, foreign)
        return
    archive = places.cache / "base" / "base.tar"
    _bootstrap(archive, places)
    with archive.open("rb") as tar:
        engine.import_image(tar, tag(places), [LABEL, 'CMD ["python3"]'])
    archive.unlink()


def _pull(engine: Engine, image: str) -> None:
    try:
        engine.pull(image)
    except EngineError as error:
        raise SetupError(f"The engine could not fetch BASE_IMAGE {image}: {error}.", f"docker pull {image}") from error


def _bootstrap(archive: Path, places: Places) -> None:
    name = release()
    sources = apt_sources.write(archive.parent, name)
    if not sources:
        sentence = (
            f"No package source of this machine is for {name} itself, so there is nothing to make the base image from."
        )
        raise SetupError(sentence, "BASE_IMAGE=<an image with Python 3.11 or newer> make setup")
    options = bootstrap_options(packages((places.images / "base" / "packages.txt").read_text()))
    command: list[str | Path] = ["mmdebstrap", *options, "--format=tar", name, archive, *sources]
    extra = {"SOURCE_DATE_EPOCH": EPOCH}
    run(command, what="Making the base image from packages", log=places.logs / "mmdebstrap.log", extra=extra)
