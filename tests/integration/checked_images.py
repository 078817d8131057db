"""Facts about images whose blocks the kernel checks; test_checked_images.py has them run on a kernel that can."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from datasets_mount.images import ImageKind, SnapshotImage
from hub.adapters.host import Host
from hub.adapters.loops import checked_devices, loose_loops
from hub.domain.errors import ConflictError
from integration.kept_snapshot import CONTENTS, Kept, kept_snapshot
from waiting import wait_for

NAME = "persons.parquet"
HALFWAY = """
import os, signal, sys
from pathlib import Path
from hub.adapters.host import Host
image, hashes, root = sys.argv[1:]
with Host("", "").checked(Path(image), Path(hashes), root):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with kept_snapshot(tmp_path, ImageKind.VERITY) as made:
        yield made
    assert checked_devices() == []


def hashes_of(kept: Kept) -> Path:
    return kept.image.with_suffix(".verity")


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    with path.open("r+b") as file:  # the very file that is mounted
        file.write(content)
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")


def read_all(kept: Kept, image: SnapshotImage) -> list[bytes]:
    return [path.read_bytes() for path in kept.mounts.mount(kept.snapshot, image, "care").iterdir()]


def test_a_byte_that_is_flipped_under_a_mount_is_never_read(kept: Kept) -> None:
    image = kept.built()
    folder = kept.mounts.mount(kept.snapshot, image, "care")
    place = kept.image.read_bytes().index(CONTENTS[NAME][4:300])
    flip(kept.image, place)
    with pytest.raises(OSError, match="Input/output"):
        (folder / NAME).read_bytes()
    with pytest.raises(ConflictError):
        kept.mounts.mount(kept.snapshot, image, "care")


def test_without_the_kernels_checks_it_would_be_read(tmp_path: Path) -> None:
    with kept_snapshot(tmp_path, ImageKind.EROFS) as plain:
        folder = plain.mounted()
        flip(plain.image, plain.image.read_bytes().index(CONTENTS[NAME][4:300]))
        assert (folder / NAME).read_bytes() != CONTENTS[NAME]


@pytest.mark.parametrize("place", [0, -1])
def test_a_tree_of_hashes_that_was_changed_is_no_mount_or_no_byte(kept: Kept, place: int) -> None:
    image = kept.built()
    flip(hashes_of(kept), place)
    with pytest.raises((ConflictError, OSError)):
        read_all(kept, image)
    folder = kept.mounts.mount(kept.snapshot, kept.built(), "care")
    assert (folder / NAME).read_bytes() == CONTENTS[NAME]


def test_another_root_than_the_recorded_one_is_no_mount(kept: Kept) -> None:
    image = kept.built()
    with pytest.raises(ConflictError) as said:
        kept.mounts.mount(kept.snapshot, replace(image, root="0" * 64), "care")
    assert said.value.reason == "image-changed"
    assert kept.mounts.mount(kept.snapshot, image, "care").is_dir()


@pytest.mark.parametrize("harm", ["gone", "link", "pipe"])
def test_a_tree_that_is_no_plain_file_is_no_mount_and_is_made_anew(kept: Kept, harm: str) -> None:
    image, hashes = kept.built(), hashes_of(kept)
    elsewhere = hashes.rename(kept.state / "elsewhere")
    if harm == "link":
        hashes.symlink_to(elsewhere)
    if harm == "pipe":
        os.mkfifo(hashes)
    with pytest.raises(ConflictError):
        kept.mounts.mount(kept.snapshot, image, "care")
    folder = kept.mounted()
    assert (folder / NAME).read_bytes() == CONTENTS[NAME]


def test_what_a_killed_process_left_between_checking_and_mounting_is_found_and_let_go(kept: Kept) -> None:
    image = kept.built()
    words = [sys.executable, "-c", HALFWAY, str(kept.image), str(hashes_of(kept)), image.root]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    (left,) = checked_devices()
    assert loose_loops(kept.state) == {f"{left[0]} {left[1]}"}, "what is below it goes after it"
    for _ in range(2):
        for loose in loose_loops(kept.state):
            device, _, of = loose.partition(" ")
            kept.mounts.release_loop(device, Path(of))
    wait_for(lambda: kept.loops() == [], 10, "a loop device is left")


def test_a_mounted_one_is_not_loose_and_goes_with_its_mount(kept: Kept) -> None:
    folder = kept.mounted()
    assert loose_loops(kept.state) == set()
    with (folder / NAME).open("rb"):
        Host("", "").unmount_all(folder)
        assert len(kept.loops()) == kept.devices
    wait_for(lambda: kept.loops() == [], 10, "the devices are left")
