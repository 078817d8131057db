"""Bring a state folder of an older layout along: what stood beside everything else goes where its accounts can have it.

Invariants:

* a file is moved by one rename, so it is at one place or at the other, whoever is killed;
* a database is moved as one file, whose last transactions are in it;
* what is at its new place already is not replaced by anything that holds less.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from hub.domain.errors import ConflictError, UnavailableError
from hub.settings import Settings

BESIDE = ("-wal", "-shm", "-journal")


def move_old_layout(settings: Settings) -> None:
    """Move what an older version left; nothing of the lab may run. Raises ConflictError or UnavailableError."""
    for before, after in _databases(settings):
        if before.is_file():
            _move_database(before, after)
    for before, after in _files(settings.state):
        if before.is_file() and not before.is_symlink():
            _move(before, after)


def _databases(settings: Settings) -> Iterator[tuple[Path, Path]]:
    state = settings.state
    if not settings.database_url and settings.database_file:
        yield state / "database.sqlite", settings.database_file
    yield state / "jupyterhub.sqlite", state / "hub" / "jupyterhub.sqlite"
    yield state / "identity" / "canaille.sqlite", state / "identity" / "data" / "canaille.sqlite"


def _files(state: Path) -> Iterator[tuple[Path, Path]]:
    yield state / "gateway-bytes.json", state / "gateway" / "gateway-bytes.json"
    for line in sorted((state / "logs").glob("gateway-access-*.jsonl")):
        yield line, state / "access-log" / line.name


def _move_database(before: Path, after: Path) -> None:
    """Let SQLite put everything into the one file, then move that."""
    try:
        with closing(sqlite3.connect(before, timeout=5, isolation_level=None)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise _in_use(before) from error
    beside = [before.with_name(before.name + part) for part in BESIDE]
    if any(path.exists() and path.stat().st_size and not path.name.endswith("-shm") for path in beside):
        raise _in_use(before)
    for path in beside:
        path.unlink(missing_ok=True)
    _move(before, after)


def _in_use(database: Path) -> UnavailableError:
    return UnavailableError(
        "The database {file} cannot be moved to its new place now: some process still has it open. End that, then try "
        "again.",
        reason="database-in-use",
        file=database,
    )


def _move(before: Path, after: Path) -> None:
    after.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if after.exists() and after.stat().st_size:
        raise ConflictError(
            "There are both {before} and {after}. Keep the right one at the second place, and take the other away.",
            reason="two-places",
            before=before,
            after=after,
        )
    before.rename(after)
    for folder in {before.parent, after.parent}:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
