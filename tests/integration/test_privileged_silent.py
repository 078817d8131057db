"""A privileged process that is away, or says nothing, keeps nobody waiting who only looks at what is under way."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doubles.lab import make_lab
from hub.adapters.engine import DockerEngine
from hub.adapters.power.channel import LENGTH, LOOK_SECONDS, receive
from hub.adapters.power.places import VERBS_SOCKET, make_folder
from hub.adapters.power.storage import AskedStorage
from hub.adapters.vault import FolderVault
from hub.domain.errors import InvalidError, UnavailableError

SOON = LOOK_SECONDS + 2.0
"""Seconds that a look may take on a busy machine; a deed waits four times as long for somebody to listen."""


@pytest.fixture(params=["away", "silent"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """The state folder of a lab whose privileged process is not there, or hears and does not answer."""
    make_folder(tmp_path)
    if request.param == "away":
        yield tmp_path
        return
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "privileged" / VERBS_SOCKET))
        listener.listen()
        yield tmp_path


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def test_a_runs_memory_is_not_waited_for_and_not_asked_again_for_a_while(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.adapters.engine.LOOK_AGAIN", LOOK_SECONDS)
    engine = DockerEngine("datalab", state)
    with within(SOON), pytest.raises(UnavailableError):
        engine.memory("run-abc")
    with within(LOOK_SECONDS / 2):
        assert engine.memory("run-abc") is None
    time.sleep(LOOK_SECONDS)
    with pytest.raises(UnavailableError):
        engine.memory("run-abc")


def test_a_runs_progress_is_not_waited_for(state: Path) -> None:
    settings = make_lab(state).settings
    storage = AskedStorage(settings, FolderVault(state / "vault"))
    with within(SOON):
        assert storage.progress("run-abc") is None


@pytest.mark.parametrize(
    ("said", "fault"), [(b"\0", EOFError), (LENGTH.pack(100), EOFError), (b"\xff" * 4, InvalidError)]
)
def test_a_file_that_comes_with_half_a_message_is_closed(said: bytes, fault: type[Exception], tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    (tmp_path / "file").touch()
    with ours, theirs, (tmp_path / "file").open("rb") as file:
        open_before = set(Path("/proc/self/fd").iterdir())
        socket.send_fds(theirs, [said], [file.fileno()])
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(fault):
            receive(ours, 1000)
        assert set(Path("/proc/self/fd").iterdir()) == open_before
