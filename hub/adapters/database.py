"""The connection to SQLite or PostgreSQL, and what people are told when it fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import PoolProxiedConnection

from hub.domain.errors import UnavailableError
from hub.domain.space import full_disk


@contextmanager
def said_plainly() -> Iterator[None]:
    """Turn a database that does not answer into a sentence; a fault of ours stays what it is."""
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise full_disk() from error
        raise no_answer(error.orig) from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise UnavailableError(
            "The lab's database went away; nothing was saved. Try again.", reason="database"
        ) from error


def no_answer(error: BaseException | None) -> UnavailableError:
    """Return what people are told of a database that does not answer."""
    return UnavailableError(
        "The lab's database does not answer ({why}); nothing was saved. Try again, or tell the administrator.",
        reason="database",
        why=type(error).__name__,
    )


def engine_of(url: str) -> Engine:
    """Return the engine of a database; transactions that only read see one moment."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": 30})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1), pool_pre_ping=True, isolation_level="REPEATABLE READ"
    )


def _prepare_sqlite(connection: Any, _record: PoolProxiedConnection) -> None:
    """Readers do not wait for writers (WAL), and a commit is on disk before it returns."""
    connection.isolation_level = None  # we say BEGIN ourselves, see below
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the write lock at once, so that what it has read cannot change before it writes."""
    writes = connection.get_execution_options().get("datalab_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
