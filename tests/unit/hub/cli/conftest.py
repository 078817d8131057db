"""Commands are tried without any lab; sockets stay closed."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from doubles.api import URL, FakeLab
from typer.testing import CliRunner, Result

from hub.cli.client import Portal
from hub.cli.main import app


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No login of whoever runs the tests, no waiting, and the interpreter's own hook afterwards."""
    for name in ("DATALAB_URL", "DATALAB_TOKEN", "DATALAB_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setattr("hub.cli.client.PAUSE", 0.0)
    monkeypatch.setattr("hub.cli.waiting.PAUSE", 0.0)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


@pytest.fixture
def fake() -> FakeLab:
    return FakeLab()


@pytest.fixture
def portal(fake: FakeLab) -> Portal:
    return Portal(URL, "secret-token", fake)


Command = Callable[..., Result]


@pytest.fixture
def datalab(portal: Portal) -> Command:
    """Run a command against the fake lab."""

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, list(words), obj=portal)

    return run
