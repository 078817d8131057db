"""A founded lab on SQLite and plain folders, for tests of use cases; sockets stay closed here."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from doubles.lab import make_lab
from doubles.people import found_consortium
from hub.services.lab import Lab


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit test that connects anywhere fails."""

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a unit test opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    founded = make_lab(tmp_path)
    found_consortium(founded)
    yield founded
    founded.store.engine.dispose()  # type: ignore[attr-defined]
