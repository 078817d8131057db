from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import Result

from hub.adapters.signer import public_pem

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
