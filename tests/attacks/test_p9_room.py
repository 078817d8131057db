"""Promise 9, and 3: whoever fills all that they can write fills nothing that others need.

The folders are the lab's own, on real disks; each attack also runs where two share a disk, and succeeds there.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from attacks.cells import LIMITS, UID, Cells
from hub.adapters.host import Host
from hub.adapters.loops import loops
from hub.adapters.mount_table import mounts_below
from hub.adapters.storage import LoopStorage
from hub.adapters.vault import FolderVault
from hub.domain.errors import UnavailableError
from hub.settings import Login, Settings, Storage
from spawner_config.isolation import Purpose
from waiting import wait_for

MEGABYTE = 2**20
SIZE = 24 * MEGABYTE
GREEDY = replace(LIMITS, file_size=2**40, seconds=60)
HOST = Host("datalab/workspace:current", "datalab")


@pytest.fixture
def storage(tmp_path: Path, cells: Cells) -> Iterator[LoopStorage]:
    """Its containers are gone before its disks are."""
    state = tmp_path / "state"
    settings = Settings(state=state, login=Login(demo=True), storage=Storage(project=SIZE, scratch=SIZE))
    made = LoopStorage(settings, FolderVault(state / "vault"), HOST)
    yield made
    made.unmount_all()
    assert list(mounts_below(state)) == []
    for image in state.rglob("*.img"):
        image.unlink()


def fill(places: list[str]) -> Any:
    import os
    import pathlib

    taken = {}
    for place in places:
        size, count = 2**30, 0
        with pathlib.Path(f"{place}/full").open("wb") as file:
            while size >= 1024:
                try:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
                except OSError:
                    size //= 2
            taken[place] = os.fstat(file.fileno()).st_size
        try:
            for count in range(200_000):
                pathlib.Path(f"{place}/{count}").touch()
        except OSError:
            pass
        taken[f"files in {place}"] = count
    return taken


def is_full(folder: Path) -> bool:
    """Neither a file nor a megabyte fits any more."""
    try:
        (folder / "probe").write_bytes(b"x" * MEGABYTE)
    except OSError:
        return True
    (folder / "probe").unlink()
    return False


@pytest.mark.parametrize("purpose", [Purpose.READER, Purpose.CHECKER])
def test_a_reader_that_was_taken_over_fills_no_other_work(cells: Cells, storage: LoopStorage, purpose: Purpose) -> None:
    own, other = storage.work("hostile", UID), storage.work("other", UID)
    cells.folders = {"/in": own.inside, "/out": own.out}
    said = cells.run(fill, purpose, limits=GREEDY, places=["/out"]).said
    assert 0 < said["/out"] <= SIZE
    assert 0 < said["files in /out"] <= SIZE // 4096
    assert is_full(own.out)
    assert not is_full(other.out)
    assert not is_full(storage.run("run-1", UID).inside)
    assert not is_full(storage.work("third", UID).out)


def test_it_does_where_two_works_share_a_disk(cells: Cells, storage: LoopStorage) -> None:
    shared = storage.project("shared", UID)
    own, other = (storage.member(shared.home, name, UID) for name in ("hostile", "other"))
    cells.folders = {"/out": own}
    cells.run(fill, Purpose.READER, limits=GREEDY, places=["/out"])
    assert is_full(other)


def test_a_run_fills_its_project_and_its_few_bytes_of_progress_alone(cells: Cells, storage: LoopStorage) -> None:
    folders, other = storage.run("hostile", UID), storage.run("other", UID)
    beside = storage.project("other", UID + 1)
    cells.folders = {
        "/in": folders.inside, "/progress": folders.progress, "/outputs": storage.run_outputs("care", UID, "hostile")
    }  # fmt: skip
    said = cells.run(fill, Purpose.RUN, limits=GREEDY, places=["/progress", "/outputs"]).said
    assert said["/progress"] <= 2**16
    assert said["files in /progress"] <= 8
    assert said["/outputs"] <= SIZE
    for free in (folders.inside, other.inside, beside.shared, storage.work("work", UID).out):
        assert not is_full(free)
    (other.progress / "progress").write_text("1/2")
    assert storage.progress("other") == (1, 2)


def test_a_run_whose_progress_lies_with_others_fills_them(cells: Cells, storage: LoopStorage) -> None:
    scratch = storage.work("shared", UID).out
    cells.folders = {"/progress": scratch}
    cells.run(fill, Purpose.RUN, limits=GREEDY, places=["/progress"])
    assert is_full(scratch)


def write_until_it_fits(place: str) -> Any:
    """Try until it fits, or until one attempt has failed after a word that no more is to come; say each refusal."""
    import pathlib
    import time

    own, refused = pathlib.Path("/home/scientist"), 0
    until = time.monotonic() + 40
    while time.monotonic() < until:
        last = (own / "last").exists()
        try:
            pathlib.Path(f"{place}/large").write_bytes(b"x" * 2**24)
        except OSError:
            refused += 1
            (own / "refused").touch()
            if last:
                break
            time.sleep(0.1)
        else:
            return {"refused": refused, "wrote": True}
    return {"refused": refused, "wrote": False}


def grow_meanwhile(cells: Cells, grow: Callable[[], None]) -> Any:
    own = cells.folder / "home-scientist"
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(cells.run, write_until_it_fits, limits=GREEDY, place="/project")
        wait_for((own / "refused").exists, 20, "nothing is refused")
        grow()
        time.sleep(1)
        (own / "last").touch()
        said = running.result().said
    for word in ("refused", "last"):
        (own / word).unlink()
    return said


def filled(storage: LoopStorage) -> Path:
    shared = storage.project("care", UID).shared
    with suppress(OSError), (shared / "filling").open("wb", buffering=0) as file:
        while file.write(b"x" * 65536):
            pass
    return shared


def attached(storage: LoopStorage) -> list[str]:
    return [device for device, image in loops() if image.is_relative_to(storage._state)]


def may_resize() -> bool:
    """Whether the kernel lets this process resize what is mounted (CAP_SYS_RESOURCE), which root usually may."""
    powers = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("CapEff"))
    return bool(int(powers.split()[1], 16) >> 24 & 1)


def test_a_full_project_grows_under_a_container_that_writes_in_it(cells: Cells, storage: LoopStorage) -> None:
    """Where the kernel does not let root do that, it grows when it is mounted next, and says so until then."""
    cells.folders = {"/project": filled(storage)}
    before = storage.room("care")
    said = grow_meanwhile(cells, lambda: storage.grow("care", UID, 3 * SIZE))
    assert said["refused"] > 0
    assert said["wrote"] is may_resize()
    assert storage.room("care").growing is not may_resize()
    storage.unmount_all()
    wait_for(lambda: not attached(storage), 10, "a loop device is left")
    cells.folders = {"/project": storage.project("care", UID).shared}
    if not may_resize():
        assert cells.run(write_until_it_fits, limits=GREEDY, place="/project").said["wrote"]
    after = storage.room("care")
    assert (before.size, after.size, after.growing) == (SIZE, 3 * SIZE, False)
    assert after.files >= 2 * before.files
    assert (storage.project("care", UID).shared / "filling").stat().st_size > SIZE // 2


def test_it_stays_full_when_nobody_grows_it(cells: Cells, storage: LoopStorage) -> None:
    cells.folders = {"/project": filled(storage)}
    assert grow_meanwhile(cells, lambda: None)["wrote"] is False


def test_a_project_never_shrinks(storage: LoopStorage) -> None:
    storage.project("care", UID)
    storage.grow("care", UID, 2 * SIZE)
    storage.grow("care", UID, MEGABYTE)
    assert storage.room("care").size == 2 * SIZE


@pytest.mark.parametrize("kept_free", [0, MEGABYTE])
def test_a_disk_that_is_too_small_to_grow_a_project_is_said_and_gives_its_room_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_free: int
) -> None:
    monkeypatch.setattr("hub.adapters.disks.LEAST_LEFT", kept_free or -(2**40))
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "none", str(small)], check=True)
    settings = Settings(state=small, login=Login(demo=True), storage=Storage(project=16 * MEGABYTE))
    storage = LoopStorage(settings, FolderVault(small / "vault"), HOST)
    try:
        (storage.project("care", UID).shared / "kept").write_text("kept")
        with pytest.raises(UnavailableError, match="full"):
            storage.grow("care", UID, 2**30)
        assert storage.room("care").size == 16 * MEGABYTE
        assert not is_full(small)
        storage.grow("care", UID, 24 * MEGABYTE)
        assert storage.room("care").size == 24 * MEGABYTE
        assert (storage.project("care", UID).shared / "kept").read_text() == "kept"
    finally:
        storage.unmount_all()
        wait_for(lambda: subprocess.run(["umount", str(small)], check=False).returncode == 0, 10)
