"""Commands are tried without any lab; sockets stay closed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import pytest
from pydantic import TypeAdapter
from typer import Typer
from typer.main import get_command
from typer.testing import CliRunner, Result

from doubles.api import URL, FakeLab
from doubles.lab import SteppingClock, make_lab
from doubles.people import approved_request, fetched, found_consortium, play
from hub.adapters.signer import public_pem
from hub.cli.client import Portal
from hub.cli.main import app
from hub.domain.audit import AuditEntry
from hub.domain.release_crate import CRATE_NAME
from hub.services import releases
from hub.services.audit import audit_entries


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No login of whoever runs the tests, no waiting, and the interpreter's own hook afterwards."""
    for name in ("DATALAB_URL", "DATALAB_TOKEN", "DATALAB_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setattr("hub.cli.client.PAUSE", 0.0)
    monkeypatch.setattr("hub.cli.waiting.PAUSE", 0.0)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr("typer.testing._get_command", all_commands)


@cache
def all_commands(tool: Typer) -> Any:
    """The tool with its hundred commands, put together once and not for each call."""
    return get_command(tool)


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


@dataclass(frozen=True)
class Past:
    """What a lab with a release in it gives away: the log as the API has it, the receipt, the files and the key."""

    log: list[Any]
    receipt: str
    files: dict[str, bytes]
    key: str
    lists: dict[str, str]


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """A story that went through the use cases, up to a release."""
    lab = make_lab(tmp_path_factory.mktemp("past"))
    found_consortium(lab)
    play(lab)
    request = approved_request(lab)
    older = releases.revocations(lab, "researcher")
    cast(SteppingClock, lab.clock).wait(1)
    release = releases.release(lab, "jobs-steward", request.id)
    files = {f.name: fetched(lab, "researcher", request.id, f.name) for f in release.files}
    log = TypeAdapter(list[AuditEntry]).dump_python(audit_entries(lab, "auditor", 0, 1000), mode="json")
    files[CRATE_NAME] = releases.crate(lab, "researcher", request.id)
    stands = releases.revocations(lab, "researcher")
    releases.revoke(lab, "jobs-steward", request.id, "A wrong title")
    lists = {
        "older.json": older,
        "stands.json": stands,
        "revoked.json": releases.revocations(lab, "researcher"),
    }
    lab.store.engine.dispose()  # type: ignore[attr-defined]
    return Past(list(log), release.receipt, files, public_pem(lab.signer.public_key()), lists)
