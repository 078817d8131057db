"""Makes the locks again: the newest allowed versions with digests, and not a word on where they come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.setup.commands import run
from hub.setup.installer import python as installer_python
from hub.setup.installer import uv
from hub.setup.places import Places
from hub.setup.python_index import uv_environment

OLDEST_PYTHON = "3.11"
OPTIONS = (
    "--universal",
    f"--python-version={OLDEST_PYTHON}",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--no-annotate",
    "--upgrade",
    "--quiet",
)
LEFT_OUT = "--excludes=hub/locks/excluded.txt"


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock, what it is made from, the lock whose versions it shares, and whether it has what the lab leaves out."""

    path: str
    sources: tuple[str, ...]
    like: str | None = None
    whole: bool = False


HUB = "hub/locks/hub.txt"
WORKSPACE = "images/workspace/requirements.lock"
LOCKS = (
    Lock("hub/locks/installer.txt", ("hub/locks/installer.in",)),
    Lock(HUB, ("pyproject.toml", "hub/locks/build.in", "--extra=demo")),
    Lock("hub/locks/dev.txt", ("pyproject.toml", "hub/locks/build.in", "--extra=demo", "--group=dev"), HUB),
    Lock(WORKSPACE, ("images/workspace/requirements.in",), HUB),
    Lock("images/stock/requirements.lock", ("images/stock/requirements.in",), WORKSPACE, whole=True),
    Lock("hub/locks/identity.txt", ("hub/locks/identity.in",)),
    Lock("hub/locks/oracle.txt", ("hub/locks/oracle.in",)),
)


def command(uv_program: Path, lock: Lock) -> list[str | Path]:
    """What uv is asked; a lock that is like another one takes the versions that the other one has."""
    like: Sequence[str] = ("--constraints", lock.like) if lock.like else ()
    left_out = () if lock.whole else (LEFT_OUT,)
    return [uv_program, "pip", "compile", *lock.sources, *OPTIONS, *left_out, *like, "--output-file", lock.path]


def make_all(places: Places) -> None:
    """Writes every lock of Python packages, and the proxy's."""
    added = uv_environment(installer_python(places))
    for lock in LOCKS:
        log = places.logs / f"lock-{Path(lock.path).stem}.log"
        run(command(uv(places), lock), what=f"Locking {lock.path}", log=log, extra=added, cwd=places.root)
    npm = ["npm", "install", "--package-lock-only", "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund"]
    run(npm, what="Locking the proxy", log=places.logs / "lock-proxy.log", cwd=places.proxy)
