"""Facts about snapshots on real loop devices: built the same, verified each time, mounted once for each project."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from datasets_mount.catalogue import snapshot_digest
from datasets_mount.images import ImageKind, image_of
from hub.adapters.mount_table import is_mounted, mounts_below
from hub.adapters.snapshot_kind import lacking_to_check
from hub.adapters.snapshots import SEALED_FLAGS
from hub.adapters.vault import FolderVault
from hub.domain.errors import ConflictError, UnavailableError
from integration.kept_snapshot import CONTENTS, Kept, kept_snapshot

CHECKED = not lacking_to_check()
KINDS = pytest.mark.parametrize("kind", [kind for kind in ImageKind if CHECKED or kind is not ImageKind.VERITY])
"""Those of this kernel; test_checked_images.py has these tests run on one that checks images itself."""


@pytest.fixture
def kind() -> ImageKind:
    return ImageKind.VERITY if CHECKED else ImageKind.EROFS


@pytest.fixture
def kept(tmp_path: Path, kind: ImageKind) -> Iterator[Kept]:
    with kept_snapshot(tmp_path, kind) as made:
        yield made


@KINDS
def test_a_mount_holds_the_files_and_their_manifest(kept: Kept) -> None:
    folder = kept.mounts.mount(kept.snapshot, kept.built(), "care")
    assert {p.name for p in folder.iterdir()} == {"manifest.json", *CONTENTS}
    assert all((folder / name).read_bytes() == content for name, content in CONTENTS.items())
    assert hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest() == kept.snapshot.digest


@KINDS
def test_a_mount_is_sealed_and_writes_fail_for_root_too(kept: Kept) -> None:
    folder = kept.mounts.mount(kept.snapshot, kept.built(), "care")
    assert os.statvfs(folder).f_flag & SEALED_FLAGS == SEALED_FLAGS
    with pytest.raises(OSError, match="Read-only"):
        (folder / "new").touch()


def test_the_same_snapshot_gives_the_same_image_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = Kept(tmp_path / "one"), Kept(tmp_path / "two")
    first = one.built()
    os.utime(two.vault.path(two.snapshot.files[0].sha256), (1, 1))
    os.chown(two.vault.path(two.snapshot.files[0].sha256), 1234, 1234)
    second = two.built()
    assert (first.sha256, first.size) == (second.sha256, second.size)
    assert first.sha256 == hashlib.sha256(one.image.read_bytes()).hexdigest()
    assert one.built().sha256 == first.sha256


def test_each_project_has_a_loop_device_and_a_file_system_of_its_own(kept: Kept) -> None:
    image = kept.built()
    folders = [kept.mounts.mount(kept.snapshot, image, project) for project in ("care", "wages", "care")]
    assert folders[0] == folders[2]
    assert folders[0].stat().st_dev != folders[1].stat().st_dev
    assert len(kept.loops()) == 2 * kept.devices


def test_many_at_once_mount_once(kept: Kept) -> None:
    image = kept.built()
    with ThreadPoolExecutor(6) as pool:
        folders = set(pool.map(lambda _: kept.mounts.mount(kept.snapshot, image, "care"), range(12)))
    assert len(folders) == 1
    assert len(list(mounts_below(kept.state))) == 1


def test_many_that_build_at_once_make_one_whole_image(kept: Kept) -> None:
    with ThreadPoolExecutor(6) as pool:
        digests = {image.sha256 for image in pool.map(lambda _: kept.built(), range(6))}
    assert digests == {hashlib.sha256(kept.image.read_bytes()).hexdigest()}
    assert not [p for p in kept.image.parent.iterdir() if p.suffix in (".part", ".tree")]


Harm = Callable[[Kept], None]


def flip_the_image(kept: Kept) -> None:
    content = bytearray(kept.image.read_bytes())
    content[len(content) // 2] ^= 1
    kept.image.write_bytes(content)


def cut_the_image(kept: Kept) -> None:
    os.truncate(kept.image, 4096)


def remove_the_image(kept: Kept) -> None:
    kept.image.unlink()


def swap_the_image(kept: Kept) -> None:
    other = Kept(kept.state / "other")
    other.built()
    content = bytearray(other.image.read_bytes())
    content[-1] ^= 1
    kept.image.unlink()
    kept.image.write_bytes(content)


def link_the_image(kept: Kept) -> None:
    elsewhere = kept.image.rename(kept.state / "elsewhere")
    kept.image.symlink_to(elsewhere)


def put_a_pipe(kept: Kept) -> None:
    kept.image.unlink()
    os.mkfifo(kept.image)


def put_a_folder(kept: Kept) -> None:
    kept.image.unlink()
    kept.image.mkdir()


def put_a_device(kept: Kept) -> None:
    kept.image.unlink()
    os.mknod(kept.image, 0o60644, os.makedev(7, 0))


@pytest.mark.parametrize("shown", [False, True], ids=["not mounted", "mounted already"])
@pytest.mark.parametrize(
    "harm",
    [flip_the_image, cut_the_image, remove_the_image, swap_the_image, link_the_image, put_a_pipe, put_a_folder,
     put_a_device],
)  # fmt: skip
def test_an_image_that_is_not_what_was_made_is_not_mounted_and_can_be_made_anew(
    kept: Kept, harm: Harm, shown: bool
) -> None:
    image = kept.built()
    if shown:
        kept.mounts.mount(kept.snapshot, image, "care")
    harm(kept)
    for project in ("care", "wages"):
        with pytest.raises(ConflictError) as said:
            kept.mounts.mount(kept.snapshot, image, project)
        assert said.value.reason == "image-changed"
    assert not is_mounted(kept.state / "mounts" / "wages" / kept.snapshot.digest)
    anew = kept.built()
    folder = kept.mounts.mount(kept.snapshot, anew, "care")
    assert (folder / "persons.parquet").read_bytes() == CONTENTS["persons.parquet"]
    assert (anew.sha256, anew.size) == (image.sha256, image.size)


def flip_the_vault(kept: Kept, number: int = 0) -> bytes:
    path = kept.vault.path(kept.snapshot.files[number].sha256)
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    return content


@KINDS
@pytest.mark.parametrize("moment", ["before it is built", "after it was built", "after it was mounted"])
def test_a_flipped_byte_in_the_vault_is_no_mount_until_it_was_restored(kept: Kept, moment: str) -> None:
    image = kept.built() if moment != "before it is built" else None
    if image and moment == "after it was mounted":
        kept.mounts.mount(kept.snapshot, image, "care")
    content = flip_the_vault(kept)
    for _ in range(2):
        with pytest.raises(ConflictError) as said:
            kept.mounts.mount(kept.snapshot, image or kept.built(), "care")
        assert said.value.reason == "vault-changed"
    path = kept.vault.path(kept.snapshot.files[0].sha256)
    path.unlink()  # A restored file has another inode.
    path.write_bytes(content)
    folder = kept.mounts.mount(kept.snapshot, kept.built(), "care")
    assert (folder / "persons.parquet").read_bytes() == content


def test_a_vault_file_is_hashed_again_only_after_it_was_touched(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    image, hashed = kept.built(), list[str]()
    check = FolderVault.check

    def counted(vault: FolderVault, sha256: str, size: int) -> None:
        hashed.append(sha256)
        check(vault, sha256, size)

    monkeypatch.setattr(FolderVault, "check", counted)
    for _ in range(3):
        kept.mounts.mount(kept.snapshot, image, "care")
    assert sorted(hashed) == sorted(f.sha256 for f in kept.snapshot.files)
    content = flip_the_vault(kept)
    path = kept.vault.path(kept.snapshot.files[0].sha256)
    path.write_bytes(content)
    os.utime(path, (1, 1))
    kept.mounts.mount(kept.snapshot, image, "care")
    assert hashed[2:] == [kept.snapshot.files[0].sha256]


def test_a_folder_with_one_more_file_or_a_link_is_not_mounted(tmp_path: Path) -> None:
    kept = Kept(tmp_path, ImageKind.FOLDER)
    image = kept.built()
    tree = tmp_path / "snapshots" / kept.snapshot.digest
    for harm in (lambda: (tree / "more").touch(), lambda: (tree / "more").symlink_to("/etc/hostname")):
        harm()
        with pytest.raises(ConflictError):
            kept.mounts.mount(kept.snapshot, image, "care")
        (tree / "more").unlink()
    assert list(mounts_below(tmp_path)) == []


@KINDS
def test_a_mount_is_taken_away_once_no_container_has_it_for_a_while(kept: Kept) -> None:
    image = kept.built()
    used, idle, fresh = (kept.mounts.mount(kept.snapshot, image, project) for project in ("used", "idle", "fresh"))
    asked = list[int]()

    def sources() -> set[str]:
        asked.append(1)
        return {str(used)}

    kept.mounts.release(sources)
    assert (asked, len(list(mounts_below(kept.state)))) == ([], 3)
    for folder in (used, idle):
        os.utime(folder.with_suffix(".used"), (1, 1))
    kept.mounts.release(sources)
    assert [is_mounted(folder) for folder in (used, idle, fresh)] == [True, False, True]
    assert not idle.exists()
    kept.mounts.release(sources)
    assert asked == [1]
    assert kept.mounts.mount(kept.snapshot, image, "idle") == idle


def test_the_loop_device_that_a_killed_process_left_is_not_in_the_way(kept: Kept) -> None:
    image = kept.built()
    folder = kept.mounts.mount(kept.snapshot, image, "care")
    kept.mounts._host.unmount(folder)
    assert kept.mounts.mount(kept.snapshot, image, "care") == folder
    assert len(kept.loops()) == kept.devices


def test_a_mount_without_its_flags_is_taken_away_and_said(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.adapters.host.SEALED", ("ro", "nosuid"))
    with pytest.raises(UnavailableError, match="too old"):
        kept.mounts.mount(kept.snapshot, kept.built(), "care")
    assert list(mounts_below(kept.state)) == []


@KINDS
def test_another_version_of_a_dataset_has_another_mount(kept: Kept) -> None:
    first = kept.mounts.mount(kept.snapshot, kept.built(), "care")
    files = kept.snapshot.files[:1]
    newer = replace(kept.snapshot, digest=snapshot_digest("jobs", files), files=files)
    image = image_of(newer.digest, kept.mounts.build(newer), datetime.now(UTC))
    second = kept.mounts.mount(newer, image, "care")
    assert {p.name for p in first.iterdir()} == {"manifest.json", *CONTENTS}
    assert {p.name for p in second.iterdir()} == {"manifest.json", "persons.parquet"}


def test_building_and_mounting_are_quick(kept: Kept) -> None:
    began = time.monotonic()
    image = kept.built()
    kept.mounts.mount(kept.snapshot, image, "care")
    assert time.monotonic() - began < 5
