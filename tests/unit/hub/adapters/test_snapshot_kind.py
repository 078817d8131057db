"""Facts about how it is found out which way of mounting snapshots works on a machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datasets_mount.images import ImageKind
from hub.adapters import snapshot_kind
from hub.domain.errors import UnavailableError
from hub.settings import Login, Settings, Storage


def settings(datasets: str) -> Settings:
    return Settings(
        state=Path("/srv/lab"), login=Login(demo=True), storage=Storage.model_validate({"datasets": datasets})
    )


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has everything but what the kernel checks images with."""
    (tmp_path / "filesystems").write_text("nodev\ttmpfs\n\text4\n\terofs\n")
    (tmp_path / "loop-control").touch()
    (tmp_path / "mkfs.erofs").touch(mode=0o755)
    (tmp_path / "modules" / os.uname().release / "kernel/fs").mkdir(parents=True)
    monkeypatch.setattr(snapshot_kind, "FILE_SYSTEMS", tmp_path / "filesystems")
    monkeypatch.setattr(snapshot_kind, "LOOP_CONTROL", tmp_path / "loop-control")
    monkeypatch.setattr(snapshot_kind, "MODULES", tmp_path / "modules")
    monkeypatch.setattr(snapshot_kind, "SYS", tmp_path / "sys")
    monkeypatch.setattr(snapshot_kind, "PATH", str(tmp_path))
    return tmp_path


def test_a_machine_with_everything_mounts_images(machine: Path) -> None:
    for wish in ("auto", "erofs"):
        assert snapshot_kind.snapshot_kind(settings(wish)) is ImageKind.EROFS
    holds, seen = snapshot_kind.said(settings("auto"))
    assert holds
    assert seen.endswith("this machine lacks dm-verity in the kernel, veritysetup (package cryptsetup-bin)")
    assert snapshot_kind.said(settings("erofs"))[1].endswith("as lab.toml says")


@pytest.mark.parametrize(
    ("absent", "word"), [("filesystems", "kernel"), ("loop-control", "loop"), ("mkfs.erofs", "erofs-utils")]
)
def test_what_a_machine_lacks_is_said_and_it_binds_folders_only_where_that_is_allowed(
    machine: Path, absent: str, word: str
) -> None:
    (machine / absent).write_text("") if absent == "filesystems" else (machine / absent).unlink()
    assert snapshot_kind.snapshot_kind(settings("auto")) is ImageKind.FOLDER
    with pytest.raises(UnavailableError, match=word):
        snapshot_kind.snapshot_kind(settings("erofs"))
    for wish, promised in (("auto", False), ("erofs", False), ("folder", True)):
        holds, seen = snapshot_kind.said(settings(wish))
        assert holds is promised
        assert word in seen or wish == "folder"


def test_a_module_that_the_kernel_can_load_counts_as_there(machine: Path) -> None:
    (machine / "filesystems").write_text("\text4\n")
    (machine / "modules" / os.uname().release / "kernel/fs/erofs.ko.xz").touch()
    assert snapshot_kind.snapshot_kind(settings("erofs")) is ImageKind.EROFS


@pytest.fixture(params=["sys/module/dm_verity", f"modules/{os.uname().release}/dm-verity.ko.zst"])
def checking(machine: Path, request: pytest.FixtureRequest) -> Path:
    """A machine whose kernel checks images, too."""
    (machine / request.param).parent.mkdir(parents=True, exist_ok=True)
    (machine / request.param).touch()
    (machine / "veritysetup").touch(mode=0o755)
    return machine


def test_a_kernel_that_checks_images_does_so_unless_it_is_told_otherwise(checking: Path) -> None:
    ways = {wish: snapshot_kind.snapshot_kind(settings(wish)) for wish in ("auto", "verity", "erofs", "folder")}
    assert ways == {
        "auto": ImageKind.VERITY,
        "verity": ImageKind.VERITY,
        "erofs": ImageKind.EROFS,
        "folder": ImageKind.FOLDER,
    }
    holds, seen = snapshot_kind.said(settings("auto"))
    assert holds
    assert "by dm-verity at each read" in seen


def test_what_is_asked_for_and_lacking_is_refused_and_never_silently_less(
    checking: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checking / "veritysetup").unlink()
    with pytest.raises(UnavailableError, match="cryptsetup-bin"):
        snapshot_kind.snapshot_kind(settings("verity"))
    holds, seen = snapshot_kind.said(settings("verity"))
    assert not holds
    assert "cryptsetup-bin" in seen
    assert snapshot_kind.snapshot_kind(settings("auto")) is ImageKind.EROFS
    (checking / "veritysetup").touch(mode=0o755)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert snapshot_kind.snapshot_kind(settings("auto")) is ImageKind.EROFS
    with pytest.raises(UnavailableError, match="root"):
        snapshot_kind.snapshot_kind(settings("verity"))
