from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import Result

from hub.adapters.signer import public_pem
from hub.domain.release_crate import CRATE_NAME
from hub.domain.signed_texts import one_form

Command = Callable[..., Result]


@pytest.fixture
def left(past: Any, tmp_path: Path) -> Path:
    """A folder with what a recipient was given: the receipt, the released file and, by another way, the key."""
    (tmp_path / "receipt.json").write_text(past.receipt)
    (tmp_path / "lab.pub").write_text(past.key)
    for name, content in past.files.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.fixture
def verify(datalab: Command, left: Path) -> Command:
    def run(*words: str, key: str = "lab.pub") -> Result:
        return datalab("receipt", "verify", str(left / "receipt.json"), "--key", str(left / key), *words)

    return run


def test_a_receipt_and_its_files_are_verified_offline(verify: Command, left: Path) -> None:
    done = verify("--files", str(left))
    assert done.exit_code == 0, done.stderr
    assert "as released" in done.stdout
    seen = json.loads(verify("--files", str(left), "--json").stdout)
    assert seen["verified"] is True
    assert [file["bytes"] for file in seen["files"]] == ["as released"]


def test_files_that_were_not_looked_at_are_said_not_to_be(verify: Command) -> None:
    assert "not looked at" in verify().stdout


def test_one_byte_changed_in_a_file_is_refused(verify: Command, left: Path) -> None:
    name = json.loads((left / "receipt.json").read_text())["files"][0]["name"]
    content = bytearray((left / name).read_bytes())
    content[0] ^= 1
    (left / name).write_bytes(content)
    done = verify("--files", str(left))
    assert done.exit_code == 1
    assert "its bytes differ" in done.stderr
    (left / name).unlink()
    assert "not in the folder" in verify("--files", str(left)).stderr


@pytest.mark.parametrize("field", ["lab", "project", "policy", "released", "audit", "signature", "snapshots"])
def test_one_word_changed_in_the_receipt_is_refused(verify: Command, left: Path, field: str) -> None:
    body = json.loads((left / "receipt.json").read_text())
    body[field] = "A" * 88 if field == "signature" else "other"
    (left / "receipt.json").write_text(json.dumps(body))
    done = verify()
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1


def test_another_labs_key_does_not_verify_it(verify: Command, left: Path) -> None:
    raw = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    (left / "other.pub").write_text(public_pem(raw))
    done = verify(key="other.pub")
    assert done.exit_code == 1
    assert "do not trust it" in done.stderr


def test_what_is_no_key_is_said_to_be_none(verify: Command, left: Path) -> None:
    agreement = X25519PrivateKey.generate().public_key()
    (left / "x.pub").write_bytes(agreement.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (left / "empty.pub").write_text("")
    for key in ("x.pub", "empty.pub"):
        done = verify(key=key)
        assert (done.exit_code, done.exception.__class__) == (1, SystemExit)
        assert "key" in done.stderr


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000, b'{"signature": "", "files": [1]}'])
def test_what_is_no_receipt_is_said_to_be_none(verify: Command, left: Path, text: bytes) -> None:
    (left / "receipt.json").write_bytes(text)
    done = verify()
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no receipt" in done.stderr


# The crate, and what else lies in the folder


def one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def said(done: Result) -> str:
    assert (done.exit_code, done.stdout) == (1, "")
    return " ".join(done.stderr.split())


def test_a_changed_or_missing_crate_is_refused(verify: Command, left: Path) -> None:
    one_bit(left / CRATE_NAME)
    assert f"The file {CRATE_NAME} is not the one that was released" in said(verify("--files", str(left)))
    (left / CRATE_NAME).unlink()
    assert f"The released file {CRATE_NAME} is not in the folder." in said(verify("--files", str(left)))


@pytest.mark.parametrize("name", ["more.csv", ".hidden", "folder/deep/file.txt", "receipt.json.bak", "Table.csv"])
def test_a_file_that_was_not_released_is_named(verify: Command, left: Path, name: str) -> None:
    (left / name).parent.mkdir(parents=True, exist_ok=True)
    (left / name).write_bytes(b"")
    assert f"The folder holds {name}, which is not of this release." in said(verify("--files", str(left)))


@pytest.mark.parametrize("target", ["/etc", "/etc/passwd", "nowhere", "."])
def test_a_link_is_no_released_file_wherever_it_leads(verify: Command, left: Path, target: str) -> None:
    (left / "link").symlink_to(target)
    assert "The folder holds link, which is not of this release." in said(verify("--files", str(left)))


@pytest.mark.parametrize("what", ["link", "pipe", "device", "socket"])
def test_what_is_no_plain_file_is_not_read_in_place_of_a_released_one(
    verify: Command, left: Path, tmp_path_factory: pytest.TempPathFactory, what: str
) -> None:
    name = json.loads((left / "receipt.json").read_text())["files"][0]["name"]
    same = tmp_path_factory.mktemp("elsewhere") / name
    (left / name).rename(same)
    {
        "link": lambda: (left / name).symlink_to(same),
        "pipe": lambda: os.mkfifo(left / name),
        "device": lambda: (left / name).symlink_to("/dev/zero"),
        "socket": lambda: os.mknod(left / name, stat.S_IFSOCK | 0o600),
    }[what]()
    done = verify("--files", str(left))
    assert (done.exit_code, "is no plain file" in done.stderr) == (1, True)


def test_a_receipt_that_is_a_pipe_is_not_waited_for(datalab: Command, left: Path) -> None:
    os.mkfifo(left / "pipe.json")
    done = datalab("receipt", "verify", str(left / "pipe.json"), "--key", str(left / "lab.pub"))
    assert (done.exit_code, "pipe.json is no plain file" in done.stderr) == (1, True)


def test_a_folder_that_cannot_be_listed_may_hold_anything(verify: Command, left: Path, monkeypatch: Any) -> None:
    (left / "closed").mkdir()
    plain = os.scandir

    def closed(path: Any) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return plain(path)

    monkeypatch.setattr(os, "scandir", closed)
    done = verify("--files", str(left))
    assert (done.exit_code != 0, "closed" in done.stderr, "Traceback" in done.stderr) == (True, True, False)


def test_a_folder_in_place_of_a_released_file_is_refused(verify: Command, left: Path) -> None:
    name = json.loads((left / "receipt.json").read_text())["files"][0]["name"]
    (left / name).unlink()
    (left / name).mkdir()
    assert f"{name} is no plain file" in said(verify("--files", str(left)))


def test_a_crate_that_the_receipt_does_not_name_is_not_taken_for_its_own(verify: Command, left: Path) -> None:
    """Taking the crate out of a receipt breaks its signature."""
    body = json.loads((left / "receipt.json").read_text())
    del body["crate"]
    (left / "receipt.json").write_text(one_form(body))
    assert "do not trust it" in said(verify("--files", str(left)))


# Revocations


@pytest.fixture
def lists(past: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    for name, text in past.lists.items():
        (folder / name).write_text(text)
    return folder


def test_a_release_that_stands_is_said_to_as_of_the_list(verify: Command, left: Path, lists: Path) -> None:
    done = verify("--files", str(left), "--revoked", str(lists / "stands.json"))
    assert done.exit_code == 0, done.stderr
    assert "not revoked, as of" in done.stdout
    issued = json.loads((lists / "stands.json").read_text())["issued"]
    assert json.loads(verify("--revoked", str(lists / "stands.json"), "--json").stdout)["not revoked, as of"] == issued


def test_a_revoked_release_is_refused_and_named(verify: Command, left: Path, lists: Path) -> None:
    release = json.loads((left / "receipt.json").read_text())["request"]
    assert f"The release {release} was revoked by the lab" in said(verify("--revoked", str(lists / "revoked.json")))
    assert release not in (lists / "revoked.json").read_text()


def test_a_list_from_before_the_release_does_not_clear_it(verify: Command, lists: Path) -> None:
    text = said(verify("--revoked", str(lists / "older.json")))
    assert "from before the release" in text
    assert "says nothing of it" in text
    assert json.loads((lists / "older.json").read_text())["issued"] in text


@pytest.mark.parametrize(
    "forge",
    [
        lambda body: body | {"revoked": []},
        lambda body: body | {"issued": "2099-01-01T00:00:00+00:00"},
        lambda body: body | {"signature": "A" * 86 + "=="},
        lambda body: body | {"format": "datalab-receipt/1"},
        lambda body: {key: value for key, value in body.items() if key != "revoked"},
    ],
)
def test_a_list_that_was_changed_clears_no_release(
    verify: Command, lists: Path, forge: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    body = forge(json.loads((lists / "revoked.json").read_text()))
    (lists / "revoked.json").write_text(one_form(body))
    assert "list of revoked releases" in said(verify("--revoked", str(lists / "revoked.json")))


def test_a_receipt_is_no_list_and_a_list_no_receipt(datalab: Command, left: Path, lists: Path) -> None:
    """Both are signed with one key, and each says what it is within what is signed."""
    key = str(left / "lab.pub")
    receipt, revoked = str(left / "receipt.json"), str(lists / "stands.json")
    done = datalab("receipt", "verify", receipt, "--key", key, "--revoked", receipt)
    assert "no list of revoked releases" in said(done)
    assert "no receipt of a data lab" in said(datalab("receipt", "verify", revoked, "--key", key))
