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
    """A machine that has everything."""
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
    assert seen.endswith("the kernel has neither dm-verity nor fs-verity")


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


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("sys/module/dm_verity", "dm-verity"),
        (f"modules/{os.uname().release}/dm-verity.ko.zst", "dm-verity"),
        ("sys/fs/ext4/features/verity", "fs-verity"),
    ],
)
def test_what_the_kernel_could_check_itself_is_named(machine: Path, place: str, name: str) -> None:
    assert snapshot_kind.verity() == []
    (machine / place).parent.mkdir(parents=True, exist_ok=True)
    (machine / place).touch()
    assert snapshot_kind.verity() == [name]
    assert name in snapshot_kind.said(settings("auto"))[1]
