"""What the doctor says of the machine: each weak setting is one ✗."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from hub.adapters import snapshot_kind
from hub.adapters.secrets import make_secrets
from hub.doctor import machine
from hub.doctor.accounts import secrets_closed
from hub.doctor.machine import datasets_mounted, engine_socket, machine_looked_at
from hub.domain.examinations import Attempt, Verdict
from hub.settings import Login, ReaderLimits, Server, Settings

ENGINE: dict[str, Any] = {
    "SecurityOptions": ["name=seccomp,profile=default"],
    "LiveRestoreEnabled": True,
    "Driver": "overlay2",
    "CgroupVersion": "2",
    "Warnings": ["WARNING: API is accessible on http://127.0.0.1 without encryption."],
    "ServerVersion": "20.10.24",
    "DefaultRuntime": "runc",
    "OperatingSystem": "Debian",
    "Components": [{"Name": "runc", "Version": "1.1.5"}, {"Name": "containerd", "Version": "1.6"}],
}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(machine, "port_is_free", lambda *_: True)
    monkeypatch.setattr(machine, "status", lambda _: [])
    made = Settings(state=tmp_path / "state", login=Login(demo=True))
    make_secrets(made)
    return made


def looked(settings: Settings, **engine: object) -> dict[str, Attempt]:
    return {a.name: a for a in machine_looked_at(settings, ENGINE | engine)}


def broken(found: dict[str, Attempt]) -> list[str]:
    return [name for name, a in found.items() if a.verdict is Verdict.BROKEN]


def test_a_sound_machine_holds(settings: Settings) -> None:
    found = looked(settings)
    assert set(broken(found)) <= {"programs", "disk", "engine-socket"}
    assert {"kernel.dmesg_restrict", "core-pattern", "swap", "datasets", "clock", "live-restore"} <= set(found)


@pytest.mark.parametrize(
    ("engine", "name"),
    [
        ({"SecurityOptions": ["name=apparmor"]}, "seccomp"),
        ({"SecurityOptions": None}, "seccomp"),
        ({"Warnings": ["WARNING: No swap limit support"]}, "limits"),
    ],
)
def test_a_weak_engine_is_seen(settings: Settings, engine: dict[str, object], name: str) -> None:
    assert name in broken(looked(settings, **engine))
    assert name not in broken(looked(settings))


@pytest.mark.parametrize(
    ("mode", "verdict"), [(0o660, Verdict.HOLDS), (0o666, Verdict.BROKEN), (0o662, Verdict.BROKEN)]
)
def test_an_engines_socket_that_everybody_may_use_is_seen(tmp_path: Path, mode: int, verdict: Verdict) -> None:
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    path.chmod(mode)
    assert engine_socket(path).verdict is verdict
    assert engine_socket(tmp_path / "elsewhere").verdict is Verdict.NOTE


@pytest.mark.parametrize(
    "name", ["cookie", "signing.pem", "portal-token", "worker-token", "proxy-token", "client-secret"]
)
def test_a_secret_that_others_may_read_is_seen(settings: Settings, name: str) -> None:
    assert secrets_closed(settings).verdict is Verdict.HOLDS
    settings.secret(name).chmod(0o640)
    seen = secrets_closed(settings)
    assert (seen.verdict, seen.seen) == (Verdict.BROKEN, f"Open to others: {name}.")


def test_an_open_state_folder_is_seen(settings: Settings) -> None:
    settings.state.chmod(0o755)
    assert "secrets" in broken(looked(settings))


def test_a_lab_that_is_not_set_up_has_no_secrets_yet(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "none", login=Login(demo=True))
    assert secrets_closed(settings).verdict is Verdict.NOTE


def test_a_full_disk_missing_programs_and_taken_ports_are_seen(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "LEAST_FREE", 2**60)
    monkeypatch.setattr(machine, "PROGRAMS", ("no-such-program",))
    monkeypatch.setattr(machine, "port_is_free", lambda *_: False)
    assert {"disk", "programs", "ports"} <= set(broken(looked(settings)))


@pytest.mark.parametrize(("days", "verdict"), [(90, Verdict.HOLDS), (5, Verdict.BROKEN), (-1, Verdict.BROKEN)])
def test_a_certificate_that_ends_soon_is_seen(settings: Settings, tmp_path: Path, days: int, verdict: Verdict) -> None:
    key, now = Ed25519PrivateKey.generate(), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lab.example")])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 7, now - timedelta(days=99), now + timedelta(days=days)
    )
    path = tmp_path / "lab.crt"
    path.write_bytes(builder.sign(key, None).public_bytes(Encoding.PEM))
    with_it = settings.model_copy(update={"server": Server(certificate=str(path), key=str(settings.secret("cookie")))})
    assert looked(with_it)["certificate"].verdict is verdict
    path.write_text("no certificate")
    assert looked(with_it)["certificate"].verdict is Verdict.BROKEN


def test_the_versions_say_what_was_tried(settings: Settings) -> None:
    known = machine.versions(settings, ENGINE, "sha256:1")
    assert known["runtime"] == "runc 1.1.5"
    assert known["image"] == "sha256:1"
    assert known["policy"].startswith("uk-sacro ")
    assert all(known.values())


def test_datasets_in_folders_are_said_and_a_machine_that_cannot_do_as_told_is_seen(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(word: str) -> Attempt:
        storage = settings.storage.model_copy(update={"datasets": word})
        return datasets_mounted(settings.model_copy(update={"storage": storage}))

    monkeypatch.setattr(snapshot_kind, "lacking", lambda: [])
    assert told("auto").verdict is Verdict.HOLDS
    monkeypatch.setattr(snapshot_kind, "lacking", lambda: ["loop devices"])
    assert told("auto").verdict is Verdict.NOTE
    assert "lacks loop devices" in told("auto").seen
    assert told("folder").verdict is Verdict.HOLDS
    assert told("erofs").verdict is Verdict.BROKEN


@pytest.mark.parametrize(
    ("named", "there", "verdict", "said"),
    [
        ("", {"runc": {}, "runsc": {}}, Verdict.NOTE, "It has: runc, runsc."),
        ("runsc", {"runc": {}, "runsc": {}}, Verdict.HOLDS, "It has runsc"),
        ("runsc", {"runc": {}}, Verdict.BROKEN, "It has no runsc"),
        ("runsc", None, Verdict.BROKEN, "It has no runsc"),
    ],
)
def test_a_runtime_that_is_named_must_be_there(
    settings: Settings, named: str, there: object, verdict: Verdict, said: str
) -> None:
    with_it = settings.model_copy(update={"reader": ReaderLimits(runtime=named)})
    found = looked(with_it, Runtimes=there)["reader-runtime"]
    assert found.verdict is verdict
    assert said in found.seen
