"""The reverse proxy: configurable-http-proxy from a package lock, under Debian's Node.js."""

from __future__ import annotations

import shutil
import subprocess

from hub.setup import stamps
from hub.setup.commands import run
from hub.setup.digests import digest_of, file_digests
from hub.setup.places import Places
from hub.setup.steps import SetupError

PROGRAM = "node_modules/.bin/configurable-http-proxy"
OLDEST = 18
"""Debian 12's; the proxy was tried on it, though its package says 20."""


def inputs(places: Places) -> str:
    """Digest of what the proxy is made from."""
    return digest_of(file_digests(places.proxy, "package.json", "package-lock.json"))


def is_done(places: Places) -> bool:
    """Says whether the locked proxy is installed."""
    return stamps.read(places.node) == inputs(places) and (places.node / PROGRAM).exists()


def check_version(version: str) -> None:
    """Raises ``SetupError`` for a Node.js (``v18.20.4``) that is too old for the proxy."""
    major = version.strip().removeprefix("v").partition(".")[0]
    if not major.isdecimal() or int(major) < OLDEST:
        said = version.strip() or "no version"
        raise SetupError(
            f"Node.js says {said}, and the proxy needs {OLDEST} or newer.", "node --version, then upgrade nodejs"
        )


def install(places: Places) -> None:
    """Installs the proxy; npm compares every package with the lock's digests. No package's scripts are run."""
    check_version(subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout)
    places.node.mkdir(parents=True, exist_ok=True)
    stamps.remove(places.node)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(places.proxy / name, places.node / name)
    command = ["npm", "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"]
    run(command, what="Installing the proxy", log=places.logs / "npm.log", cwd=places.node)
    stamps.write(places.node, inputs(places))
