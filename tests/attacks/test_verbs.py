"""The verbs of the privileged process: a taken-over hub that asks it gets what has a name, and nothing that has a path.

The weak twin is a helper of root that takes paths, as the lab had one: the same attack on it works.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from hub.adapters.host import Host
from hub.adapters.power.channel import BUSY
from hub.adapters.power.places import VERBS_SOCKET, privileged_folder
from hub.adapters.power.storage import AskedStorage
from hub.adapters.processes.alone import privileged_process
from hub.adapters.vault import FolderVault
from hub.domain.errors import LabError
from hub.host_wiring import storage_from
from hub.privileged.verb_door import MOST_EACH
from hub.settings import Settings, load_settings
from waiting import wait_for

UID = 234_568
LENGTH = struct.Struct("!I")
SOON = 5.0  # on a busy machine; whoever waits for silent ones waits for 10 seconds


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    # The path of the socket is longer than a socket's address may be.
    folder = tmp_path_factory.mktemp("a-lab-with-a-long-name-" + "x" * 80)
    config = folder / "lab.toml"
    config.write_text(
        'name = "verbs"\nstate = "state"\n[login]\ndemo = true\n[storage]\nproject = "16M"\nscratch = "16M"\n'
    )
    settings = load_settings(config)
    with privileged_process(settings, config, log=folder / "privileged.log"):
        yield settings
    storage_from(settings).unmount_all()


@pytest.fixture(scope="module")
def storage(settings: Settings) -> AskedStorage:
    return AskedStorage(settings, FolderVault(settings.state / "vault"))


def said(settings: Settings, text: bytes, length: int | None = None) -> dict[str, Any]:
    """Say exactly this; returns the answer, or nothing where the other side hung up."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        folder = os.open(privileged_folder(settings.state), os.O_PATH)
        try:
            connection.connect(f"/proc/self/fd/{folder}/{VERBS_SOCKET}")
        finally:
            os.close(folder)
        with suppress(BrokenPipeError):
            connection.sendall(LENGTH.pack(len(text) if length is None else length) + text)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        with suppress(ConnectionResetError):
            while received := connection.recv(2**16):
                answer += received
    return dict(json.loads(answer[LENGTH.size :])) if answer else {}


def asked(settings: Settings, verb: str, **names: object) -> dict[str, Any]:
    return said(settings, json.dumps({"verb": verb, **names}).encode())


OPEN_PROJECT = {"project": "care", "uid": UID}
PATHS = [
    "..",
    "../care",
    "/etc",
    "care/..",
    "care/shared",
    ".",
    "",
    "care\x00",
    "care\n",
    "Care",
    "-",
    "a" * 41,
    "ⅽare",
]


def test_a_verb_with_proper_names_is_done(settings: Settings) -> None:
    assert asked(settings, "open-project", **OPEN_PROJECT)["error"] == ""
    assert (settings.state / "projects/care/shared").stat().st_uid == UID


@pytest.mark.parametrize("name", PATHS)
def test_a_name_is_never_a_path(settings: Settings, name: str) -> None:
    before = everything(settings)
    place = {"kind": "member", "project": name, "name": "scientist"}
    of_work = {"kind": "out", "name": name}
    for verb, names in (
        ("open-project", {"project": name, "uid": UID}),
        ("open-member", {**OPEN_PROJECT, "part": "home", "person": name}),
        ("open-member", {**OPEN_PROJECT, "part": name, "person": "scientist"}),
        ("open-run", {**OPEN_PROJECT, "run": name}),
        ("open-work", {"work": name, "uid": UID}),
        ("open-run-folders", {"work": name, "uid": UID}),
        ("show-fragments", {"work": name}),
        ("grow-project", {"project": name, "uid": UID, "size": 2**25}),
        ("forget-work", {"work": name}),
        ("list-files", {"place": {**place, "name": name, "project": "care"}}),
        ("open-file", {"place": of_work, "path": "x"}),
        ("open-server", {"person": name, "project": "care", "tier": "open", "uid": UID}),
        ("open-server", {"person": "scientist", "project": name, "tier": "open", "uid": UID}),
        ("close-server", {"server": name}),
    ):
        # Some of these names are fit for a piece of work, whose own may be longer; such a piece of work is not there.
        if name == "a" * 41 and verb in (
            "open-run",
            "open-work",
            "open-run-folders",
            "show-fragments",
            "forget-work",
            "list-files",
            "open-file",
        ):
            continue
        assert asked(settings, verb, **names)["error"] == "InvalidError", (verb, names)
    assert everything(settings) == before


def everything(settings: Settings) -> list[tuple[str, int, int]]:
    """Every file of the lab, with owner and mode."""
    found = [(path, path.lstat()) for path in settings.state.rglob("*")]
    return sorted((str(path), status.st_uid, status.st_mode) for path, status in found)


TEXTS = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b'{"verb": "open-project"}',
    b'{"verb": "run", "command": ["id"]}',
    b'{"verb": "mount", "image": "/x", "folder": "/y"}',
    b'{"verb": "open-project", "project": "care", "uid": 0}',
    b'{"verb": "open-project", "project": "care", "uid": "234568"}',
    b'{"verb": "open-project", "project": "care", "uid": 234568, "path": "/etc"}',
    b'{"verb": "open-project", "project": "care", "uid": 199999}',
    b'{"verb": "open-project", "project": "care", "uid": 150000}',
    b'{"verb": "open-project", "project": ["care"], "uid": 234568}',
    b'{"verb": "close-server", "server": "0000000000000000/.."}',
    b'{"verb": "open-file", "place": {"kind": "secrets", "name": "x"}, "path": "signing.pem"}',
    b'{"verb": "open-file", "place": {"kind": "member", "name": "scientist"}, "path": "x"}',
    b"\xff\xfe",
    b"[" * 100_000,
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda t: t[:60].decode(errors="replace"))
def test_what_is_no_verb_changes_nothing(settings: Settings, text: bytes) -> None:
    before = everything(settings)
    assert said(settings, text)["error"] == "InvalidError"
    assert everything(settings) == before


@pytest.mark.parametrize("length", [2**32 - 1, 5 * 2**20])
def test_a_message_that_claims_to_be_huge_is_not_waited_for(settings: Settings, length: int) -> None:
    assert said(settings, b"x", length)["reason"] == "verb-length"


@contextmanager
def silent_ones(settings: Settings, count: int) -> Iterator[list[socket.socket]]:
    """Connect and say nothing."""
    silent = [socket.socket(socket.AF_UNIX) for _ in range(count)]
    folder = os.open(privileged_folder(settings.state), os.O_PATH)
    try:
        for connection in silent:
            connection.connect(f"/proc/self/fd/{folder}/{VERBS_SOCKET}")
        yield silent
    finally:
        os.close(folder)
        for connection in silent:
            connection.close()


def test_whoever_says_nothing_holds_nobody_up(settings: Settings) -> None:
    with silent_ones(settings, 40):
        began = time.monotonic()
        assert asked(settings, "open-project", **OPEN_PROJECT)["error"] == ""
        assert time.monotonic() - began < SOON


def test_an_account_with_too_many_connections_is_told_at_once(settings: Settings) -> None:
    with silent_ones(settings, MOST_EACH + 40) as silent:
        # Callers of an earlier test may still be there, so it is not said which ones are refused.
        wait_for(lambda: len(select.select(silent, [], [], 0)[0]) >= 40, SOON)
        told = select.select(silent, [], [], 0)[0]
        answer = b"".join(iter(lambda: told[0].recv(2**16), b""))
        assert json.loads(answer[LENGTH.size :])["reason"] == BUSY
    # As soon as their ends are noticed, the account is answered as ever.
    wait_for(lambda: asked(settings, "open-project", **OPEN_PROJECT)["error"] == "", SOON)


def test_a_folder_of_one_project_is_not_given_to_another(settings: Settings) -> None:
    assert asked(settings, "open-project", project="mine", uid=UID)["error"] == ""
    assert asked(settings, "open-project", project="mine", uid=UID + 1)["reason"] == "another-owner"
    assert asked(settings, "open-member", project="mine", uid=UID + 1, part="home", person="x")["error"] != ""
    shared = settings.state / "projects/mine/shared"
    assert shared.stat().st_uid == UID
    Host("none", "datalab").give(shared, UID + 1)
    assert shared.stat().st_uid == UID + 1, "a helper that takes paths does it"
    Host("none", "datalab").give(shared, UID)


def test_a_snapshot_is_named_by_its_manifest_and_its_files_by_plain_names(settings: Settings) -> None:
    file = {"path": "x.parquet", "sha256": "a" * 64, "size": 1, "rows": 1, "columns": ["a"]}
    named = {"digest": "b" * 64, "dataset": "jobs", "files": [file]}
    image = {"kind": "erofs", "sha256": "c" * 64, "root": "", "size": 1, "project": "care"}
    assert asked(settings, "build-snapshot", snapshot=named)["error"] == "InvalidError"
    assert asked(settings, "mount-snapshot", snapshot=named, **image)["error"] == "InvalidError"
    for path in ("../x", "/etc/shadow", "a/b", "..", ".", "", "x\n"):
        bad = named | {"files": [file | {"path": path}]}
        assert asked(settings, "build-snapshot", snapshot=bad)["error"] == "InvalidError", path


def offered(storage: AskedStorage) -> Path:
    folders = storage.project("care", UID)
    return storage.member(folders.outputs, "scientist", UID)


@pytest.mark.parametrize("kind", ["link", "link on the way", "link to a folder", "second name", "pipe", "folder"])
def test_no_file_is_handed_over_that_the_container_did_not_write(
    storage: AskedStorage, kind: str, tmp_path: Path
) -> None:
    outputs = offered(storage)
    secret = outputs.parent / "secret"
    secret.write_text("secret")
    path = outputs / "attack"
    if kind == "link":
        path.symlink_to("/etc/hostname")
    elif kind == "link on the way":
        (outputs / "way").symlink_to("/etc")
        path = outputs / "way" / "hostname"
    elif kind == "link to a folder":
        path.symlink_to(outputs.parent)
        path = path / "secret"
    elif kind == "second name":
        path.hardlink_to(secret)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    try:
        with pytest.raises(LabError), storage.opened(outputs, str(path.relative_to(outputs))):
            pass
    finally:
        subprocess.run(["rm", "-rf", str(outputs / "attack"), str(outputs / "way")], check=True)


@pytest.mark.parametrize("path", ["../secret", "/etc/hostname", "a/../../secret", "./../secret", "\x00", ""])
def test_a_path_below_a_folder_does_not_lead_out_of_it(storage: AskedStorage, path: str) -> None:
    outputs = offered(storage)
    (outputs.parent / "secret").write_text("secret")
    with pytest.raises(LabError), storage.opened(outputs, path):
        pass


def test_a_folder_that_is_swapped_for_a_link_in_a_race_never_leads_out(storage: AskedStorage) -> None:
    outputs = offered(storage)
    other = outputs.parent / "other"
    other.mkdir(exist_ok=True)
    (other / "file").write_text("secret")
    (outputs / "real").mkdir()
    (outputs / "real" / "file").write_text("plain")
    (outputs / "link").symlink_to("../other")
    stop = threading.Event()

    def swap() -> None:
        turning = outputs / "turning"
        while not stop.is_set():
            for name in ("real", "link"):
                (outputs / name).rename(turning)
                turning.rename(outputs / name)

    swapping = threading.Thread(target=swap)
    swapping.start()
    seen = set[str]()
    try:
        for _ in range(150):
            for path in ("turning/file", "real/file"):
                with suppress(LabError), storage.opened(outputs, path) as file:
                    seen.add(os.read(file, 20).decode())
    finally:
        stop.set()
        swapping.join()
    assert seen == {"plain"}
    assert (outputs / "link" / "file").read_text() == "secret", "whoever follows links reads it"


def test_another_user_of_the_machine_is_not_answered(settings: Settings, tmp_path: Path) -> None:
    script = tmp_path / "ask.py"
    script.write_text(
        "import os, socket, struct, sys\n"
        "place = os.open(sys.argv[1], os.O_PATH)\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(f'/proc/self/fd/{place}/verbs.sock')\n"
        'text = b\'{"verb": "snapshot-kind"}\'\n'
        "s.sendall(struct.pack('!I', len(text)) + text)\n"
        "print(b''.join(iter(lambda: s.recv(4096), b''))[4:].decode())\n"
    )
    folder = privileged_folder(settings.state)
    (folder / VERBS_SOCKET).chmod(0o666)
    folder.chmod(0o711)
    try:
        ask = ["/usr/bin/python3", str(script), str(folder)]
        told = subprocess.run(ask, capture_output=True, text=True, check=False)
    finally:
        folder.chmod(0o700)
    assert json.loads(told.stdout)["reason"] == "gate-peer", told.stderr
    assert asked(settings, "snapshot-kind")["value"] in ("erofs", "folder")
