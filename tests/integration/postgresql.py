"""A PostgreSQL server of the tests' own: on a unix socket, in a temporary folder, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def _command(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([*map(str, reversed(DEBIAN)), os.environ.get("PATH", "")]))
    if found is None:
        raise RuntimeError(f"{name} is not installed; “make test” installs PostgreSQL")
    return found


def _run(*command: str, user: str | None) -> None:
    # The server refuses to be run by root.
    subprocess.run(command, check=True, capture_output=True, user=user, cwd="/", env={"PATH": os.environ["PATH"]})


@contextmanager
def postgresql() -> Iterator[str]:
    """Give the URL of a fresh, empty server's database."""
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder = Path(name)
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        data = str(folder / "data")
        _run(_command("initdb"), "-D", data, "--auth=trust", "--username=lab", "-E", "UTF8", "--no-sync", user=user)
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        _run(_command("pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start", user=user)
        try:
            yield f"postgresql://lab@/postgres?host={folder}"
        finally:
            _run(_command("pg_ctl"), "-D", data, "-w", "-m", "immediate", "stop", user=user)
