"""Loop devices: one that is let go before it is mounted never shows a project another dataset than it asked for.

The attacker is a worker that was taken over: it asks, as often as it can, that loop devices which are mounted nowhere
are let go. A device is just that between its making and its mount; another lab of the machine then gets it. The weak
twins are the lab as it was: it looked at no mount, and let go of devices in the middle of one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from datasets_mount.catalogue import snapshot_digest
from hub.adapters.host import Host
from hub.adapters.loops import loose_loops
from hub.adapters.mount_table import is_mounted, mounts_below
from hub.adapters.snapshots import SnapshotMounts
from hub.adapters.storage import LoopStorage
from hub.adapters.vault import FolderVault
from hub.domain.errors import UnavailableError
from hub.settings import load_settings
from integration.kept_snapshot import CONTENTS, Kept, kept_snapshot

LAB = Host("datalab/workspace:current", "datalab")
UID = 234_572
Letting = Callable[[Kept, str], None]


@pytest.fixture
def labs(tmp_path: Path) -> Iterator[tuple[Kept, Kept]]:
    """Two labs of one machine: the first one's dataset has two files, the second one's has one of them."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with kept_snapshot(tmp_path / "one") as first, kept_snapshot(tmp_path / "two") as second:
        files = second.snapshot.files[:1]
        second.snapshot = replace(second.snapshot, digest=snapshot_digest("jobs", files), files=files)
        yield first, second


@dataclass(frozen=True)
class Swapping(Host):
    """Somebody lets go of the device right before it is mounted, and another image gets it."""

    other: Path

    def _run(self, *command: str) -> str:
        if command[:3] == ("mount", "-t", "erofs"):
            super()._run("losetup", "--detach", command[-2])
            super()._run("losetup", "--read-only", command[-2], str(self.other))
        return super()._run(*command)


class Slow(Host):
    """A busy machine: everybody has time to come between the making of a device and its mount."""

    def _run(self, *command: str) -> str:
        if command[:3] == ("mount", "-t", "erofs"):
            time.sleep(0.5)
        return super()._run(*command)


@pytest.fixture
def swapped(labs: tuple[Kept, Kept]) -> Iterator[Kept]:
    """The first lab, on a machine where its devices get the second one's image."""
    first, second = labs
    second.built()
    host = Swapping(LAB.image, LAB.label, second.image)
    first.mounts = SnapshotMounts(first.state, first.vault, host, lambda: first.kind)
    yield first
    first.mounts.unmount_all()


def test_a_device_that_got_another_image_before_its_mount_is_no_mount(swapped: Kept) -> None:
    with pytest.raises(UnavailableError) as refused:
        swapped.mounted()
    assert refused.value.reason == "mount-another"
    assert list(mounts_below(swapped.state)) == []


def test_a_lab_that_looks_at_no_mount_shows_another_labs_dataset(
    swapped: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weak twin."""
    monkeypatch.setattr(SnapshotMounts, "_check_shown", lambda *_: None)
    assert {p.name for p in swapped.mounted().iterdir()} == {"manifest.json", "persons.parquet"}


def in_turn(lab: Kept, loop: str) -> None:
    device, _, image = loop.partition(" ")
    lab.mounts.release_loop(device, Path(image))


def at_once(lab: Kept, loop: str) -> None:
    """The weak twin."""
    if loop in loose_loops(lab.state):
        LAB.detach(loop.partition(" ")[0])


@contextmanager
def letting_go(lab: Kept, let_go: Letting) -> Iterator[None]:
    """Whatever device of the lab's is mounted nowhere is asked to be let go, again and again."""
    over = threading.Event()

    def attack() -> None:
        while not over.wait(0.01):
            for loop in loose_loops(lab.state):
                with suppress(UnavailableError):  # somebody was quicker
                    let_go(lab, loop)

    attacker = threading.Thread(target=attack)
    attacker.start()
    try:
        yield
    finally:
        over.set()
        attacker.join()


@pytest.fixture
def slow(labs: tuple[Kept, Kept]) -> Kept:
    first, _ = labs
    first.mounts = SnapshotMounts(first.state, first.vault, Slow(LAB.image, LAB.label), lambda: first.kind)
    return first


def test_devices_are_not_let_go_in_the_middle_of_a_mount(slow: Kept) -> None:
    image = slow.built()
    with letting_go(slow, in_turn):
        for project in ("care", "wages"):
            folder = slow.mounts.mount(slow.snapshot, image, project)
            assert {p.name for p in folder.iterdir()} == {"manifest.json", *CONTENTS}


def test_no_dataset_is_mounted_where_devices_are_let_go_in_the_middle(slow: Kept) -> None:
    """The weak twin."""
    image = slow.built()
    with letting_go(slow, at_once), pytest.raises(UnavailableError):
        slow.mounts.mount(slow.snapshot, image, "care")


def test_a_device_that_nobody_mounts_is_let_go(slow: Kept) -> None:
    slow.built()
    device = LAB._run("losetup", "--find", "--show", str(slow.image)).strip()
    in_turn(slow, f"{device} {slow.state}/another.erofs")
    assert slow.loops() == [device]
    in_turn(slow, f"{device} {slow.image}")
    assert slow.loops() == []


def test_a_projects_disk_is_mounted_whatever_is_let_go_meanwhile(slow: Kept) -> None:
    """The program that mounts a disk holds its device open until it is mounted."""
    config = slow.state / "lab.toml"
    config.write_text('state = "."\n[login]\ndemo = true\n[storage]\nproject = "16M"\nscratch = "16M"\n')
    storage = LoopStorage(load_settings(config), FolderVault(slow.state / "vault"), LAB)
    with letting_go(slow, at_once):
        try:
            for turn in range(5):
                storage.project(f"care{turn}", UID + turn)
                assert is_mounted(slow.state / "projects" / f"care{turn}")
        finally:
            storage.unmount_all()
