"""Facts about the vault."""

from __future__ import annotations

import errno
import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.adapters.vault import FolderVault
from hub.domain.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from hub.domain.uploads import Stored


@pytest.fixture
def vault(tmp_path: Path) -> FolderVault:
    return FolderVault(tmp_path / "vault")


@given(st.binary(max_size=3 * 2**20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_bytes_come_back_under_their_digest(vault: FolderVault, content: bytes) -> None:
    stored = vault.add(io.BytesIO(content), 2**24)
    assert stored == Stored(hashlib.sha256(content).hexdigest(), len(content))
    assert vault.read(stored.sha256, 2**24) == content
    vault.check(stored.sha256, stored.size)


def test_a_file_is_read_only_and_written_once(vault: FolderVault) -> None:
    stored = vault.add(io.BytesIO(b"bytes"), 100)
    before = vault.path(stored.sha256).stat()
    vault.add(io.BytesIO(b"bytes"), 100)
    after = vault.path(stored.sha256).stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_nlink) == (before.st_ino, before.st_mtime_ns, 1)
    assert oct(after.st_mode & 0o777) == "0o444"


def test_two_writers_of_the_same_bytes_do_not_disturb_each_other(vault: FolderVault) -> None:
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda _: vault.add(io.BytesIO(b"x" * 10**6), 2**24), range(32)))
    assert len(set(stored)) == 1
    vault.check(stored[0].sha256, stored[0].size)


def test_a_stream_over_its_limit_leaves_nothing(vault: FolderVault, tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="larger"):
        vault.add(io.BytesIO(b"x" * 101), 100)
    assert [p for p in (tmp_path / "vault").rglob("*") if p.is_file()] == []


def test_a_changed_or_missing_file_is_found(vault: FolderVault) -> None:
    stored = vault.add(io.BytesIO(b"bytes"), 100)
    path = vault.path(stored.sha256)
    path.chmod(0o644)
    path.write_bytes(b"bytez")
    for look in (lambda: vault.read(stored.sha256, 100), lambda: vault.check(stored.sha256, 5)):
        with pytest.raises(ConflictError, match="changed after it was registered"):
            look()
    path.unlink()
    with pytest.raises(ConflictError):
        vault.check(stored.sha256, 5)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_only_a_digest_names_a_file(vault: FolderVault, digest: str) -> None:
    with pytest.raises(NotFoundError):
        vault.path(digest)


def test_a_full_disk_is_said_and_leaves_nothing(
    vault: FolderVault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnavailableError, match="full"):
        vault.add(io.BytesIO(b"bytes"), 100)
    assert [p for p in (tmp_path / "vault").rglob("*") if p.is_file()] == []
