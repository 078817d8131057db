from __future__ import annotations

import socket
from pathlib import Path

import pytest

from hub.setup import engine, engine_api
from hub.setup.engine_api import Engine, EngineError
from hub.setup.steps import SetupError


def test_docker_host_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/other.sock")
    assert engine.address() == "unix:///run/other.sock"
    monkeypatch.setenv("DOCKER_HOST", "")
    assert engine.address() == engine_api.DEFAULT_ADDRESS


def test_an_engine_that_docker_host_names_is_not_ours_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/other.sock")
    with pytest.raises(SetupError, match=r"DOCKER_HOST names unix:///run/other\.sock"):
        engine.check_startable()


def test_a_person_who_is_not_root_is_told_how_to_start_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(engine.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(engine, "is_forbidden", lambda _: False)
    with pytest.raises(SetupError) as refused:
        engine.check_startable()
    assert refused.value.mend == "sudo systemctl start docker"


def test_a_person_outside_the_docker_group_is_told_about_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(engine, "is_forbidden", lambda _: True)
    with pytest.raises(SetupError) as refused:
        engine.check_startable()
    assert "usermod --append --groups docker" in refused.value.mend


def test_a_socket_without_permission_is_forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        monkeypatch.setattr(engine.os, "access", lambda *_: False)
        assert engine.is_forbidden(f"unix://{tmp_path}/s")
        assert not engine.is_forbidden(f"unix://{tmp_path}/gone")


def test_the_engine_is_started_without_network_of_its_own() -> None:
    assert {"--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false"} <= set(engine.DAEMON)


@pytest.mark.parametrize("address", ["ssh://somewhere", "tcp://", "nonsense"])
def test_an_address_that_is_not_understood_is_an_engine_that_does_not_answer(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EngineError, match="not understood"):
        Engine(address).version()
    monkeypatch.setenv("DOCKER_HOST", address)
    assert not engine.answers()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("datalab/base:1", ("datalab/base", "1")),
        ("debian", ("debian", "latest")),
        ("registry.example:5000/debian", ("registry.example:5000/debian", "latest")),
        ("registry.example:5000/debian:12", ("registry.example:5000/debian", "12")),
    ],
)
def test_a_registrys_port_is_no_tag(name: str, parts: tuple[str, str]) -> None:
    assert engine_api.split_tag(name) == parts


def test_log_frames_are_put_together() -> None:
    raw = b"\x01\0\0\0\0\0\0\x03abc\x02\0\0\0\0\0\0\x02de"
    assert b"".join(engine_api._frames(raw)) == b"abcde"
