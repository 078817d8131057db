"""One question that is asked of the database again and again, at a small part of what a transaction costs.

Invariants:

* each look is a statement of its own, outside every transaction: it sees what is committed when it is asked;
* a connection that failed is not asked again; the next look opens another.
"""

from __future__ import annotations

import threading
from contextlib import suppress

from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

from hub.adapters.database import no_answer


class Glance:
    """Asks for one text, over a connection that is kept for this alone; threads take turns."""

    def __init__(self, engine: Engine, question: str) -> None:
        self._engine = engine
        self._question = question
        self._turn = threading.Lock()
        self._connection: PoolProxiedConnection | None = None
        event.listen(engine, "engine_disposed", lambda _engine: self.close())

    def look(self) -> str | None:
        """Return the text, None where there is no row; UnavailableError when the database does not answer."""
        with self._turn:
            try:
                return self._asked()
            except (DBAPIError, self._engine.dialect.loaded_dbapi.Error) as error:
                self._drop()
                raise no_answer(getattr(error, "orig", error)) from error

    def close(self) -> None:
        """Close the connection; the next look opens another."""
        with self._turn:
            self._drop()

    def _asked(self) -> str | None:
        if self._connection is None:
            self._connection = self._opened()
        cursor = self._connection.cursor()
        try:
            cursor.execute(self._question)
            row = cursor.fetchone()
        finally:
            cursor.close()
        return None if row is None else str(row[0])

    def _opened(self) -> PoolProxiedConnection:
        """Open a connection that no pool gets back, and that begins no transaction by itself; SQLite's never do."""
        opened = self._engine.raw_connection()
        if self._engine.dialect.name == "postgresql":
            opened.dbapi_connection.autocommit = True  # type: ignore[union-attr]
        opened.detach()
        return opened

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(self._engine.dialect.loaded_dbapi.Error):  # it may have failed already
                self._connection.close()
            self._connection = None
