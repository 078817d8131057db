"""Wheels for the images: downloaded by the machine, compared with the lock's digests, and kept between builds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.setup.commands import run
from hub.setup.digests import digest_of, file_digest
from hub.setup.installer import python as installer_python
from hub.setup.places import Places

_OLDEST_GLIBC = 5
_DIGEST = re.compile(r"--hash=sha256:([0-9a-f]{64})")

# Reads the lock as pip does, but for the image's Python: pip compares conditions with the Python that it runs on.
_APPLICABLE = """
import sys
from pip._vendor.packaging.requirements import Requirement
lock, full, machine = sys.argv[1:]
python = {"python_full_version": full, "python_version": ".".join(full.split(".")[:2]), "platform_machine": machine}
for entry in open(lock).read().replace("\\\\\\n", " ").splitlines():
    text, *digests = entry.split("--hash=")
    if not text.strip() or text.lstrip().startswith("#"):
        continue
    requirement = Requirement(text.strip())
    if requirement.marker is None or requirement.marker.evaluate(python):
        requirement.marker = None
        print(requirement, *("--hash=" + digest.strip() for digest in digests))
"""


@dataclass(frozen=True, slots=True)
class Target:
    """The Python that the wheels are for."""

    version: str
    machine: str
    glibc: str

    @property
    def minor(self) -> str:
        """Such as ``3.11``."""
        return ".".join(self.version.split(".")[:2])


def platforms(target: Target) -> Iterator[str]:
    """The wheels' platforms that run on the target, the newest first."""
    major, minor = (int(part) for part in target.glibc.split(".")[:2])
    for number in range(minor, _OLDEST_GLIBC - 1, -1):
        yield f"manylinux_{major}_{number}_{target.machine}"
    for old in ("manylinux2014", "manylinux2010", "manylinux1", "linux"):
        yield f"{old}_{target.machine}"


def download_options(target: Target) -> list[str]:
    """Options of ``pip download`` that ask for the target's wheels, and for nothing that is not locked."""
    options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--quiet", "--disable-pip-version-check"]
    options += ["--python-version", target.version, "--implementation", "cp"]
    for abi in (f"cp{target.minor.replace('.', '')}", "abi3", "none"):
        options += ["--abi", abi]
    for platform in platforms(target):
        options += ["--platform", platform]
    return options


def locked_digests(locks: Iterable[Path]) -> frozenset[str]:
    """Every digest that the locks allow."""
    return frozenset(found for lock in locks for found in _DIGEST.findall(lock.read_text()))


def verified(listing: Path, allowed: frozenset[str]) -> list[Path]:
    """The wheels of a finished download, or none when one of them is missing or is not what the lock says."""
    try:
        names = [str(name) for name in json.loads(listing.read_text())]
    except (FileNotFoundError, ValueError):
        return []
    wheels = [listing.parent / name for name in names]
    return wheels if all(wheel.is_file() and file_digest(wheel) in allowed for wheel in wheels) else []


def wheels(locks: Sequence[Path], target: Target, places: Places) -> list[Path]:
    """The wheels that the locks name for the target; downloads what is not there yet."""
    inputs = {str(number): file_digest(lock) for number, lock in enumerate(locks)} | asdict(target)
    folder = places.wheelhouse / digest_of(inputs)[:16]
    listing = folder / "wheels.json"
    allowed = locked_digests(locks)
    if found := verified(listing, allowed):
        return found
    folder.mkdir(parents=True, exist_ok=True)
    _download(locks, target, folder, places)
    names = sorted(path.name for path in folder.glob("*.whl"))
    listing.write_text(json.dumps(names, indent=1))
    return verified(listing, allowed)


def _download(locks: Sequence[Path], target: Target, folder: Path, places: Places) -> None:
    python = installer_python(places)
    for number, lock in enumerate(locks):
        wanted = folder / f"{number}.txt"
        command: list[str | Path] = [python, "-c", _APPLICABLE, lock, target.version, target.machine]
        run(command, what=f"Reading {lock.name}", log=wanted)
        command = [
            python,
            "-m",
            "pip",
            "download",
            *download_options(target),
            "--requirement",
            wanted,
            "--dest",
            folder,
        ]
        run(command, what=f"Downloading the wheels of {lock.name}", log=places.logs / f"wheels-{lock.stem}.log")
