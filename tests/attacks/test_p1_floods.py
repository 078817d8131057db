"""A flood takes a neighbour's answers where nothing holds it, and does not where the lab's bounds do.

Both share a machine in small: a control group with few processes, little memory or one core, or a small disk, so that
what is weakened on purpose hurts nobody but the neighbour.
"""

# An attack speaks to the kernel as plainly as it can.
# ruff: noqa: PTH123

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docker
import pytest

from attacks.cells import LIMITS, MEGABYTE, UID, Cells, host
from attacks.small_machine import small_machine
from attacks.test_p1_neighbours import PATIENCE, Neighbour, busy, forking
from hub.adapters.host import Host
from hub.adapters.storage import LoopStorage
from hub.adapters.vault import FolderVault
from hub.settings import Login, Settings, Storage
from spawner_config.isolation import OPEN_FILES
from spawner_config.names import LABEL_LAB

SIZE = 24 * MEGABYTE
TIMES = 3
"""Other tests may take of the machine meanwhile: what they take is not there each time, what a flood takes is."""
SECONDS, LONG_ENOUGH = 4.0, 15.0
ROOMY = replace(LIMITS, memory=160 * MEGABYTE)
"""Of the neighbour, which is not to come to its own bound."""


def crowding(seconds: float) -> Any:
    """Many processes that are each too small to be the first that the kernel ends."""
    import os
    import time

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if os.fork() == 0:
                held = [bytearray(b"x") * 2**18 for _ in range(8)]
                while time.monotonic() < end:
                    time.sleep(0.1)
                os._exit(len(held) * 0)
        except (OSError, MemoryError):
            time.sleep(0.01)
    return True


def keeping(seconds: float) -> Any:
    """Take scratch space, and give none of it back."""
    import time

    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for folder in ("/tmp", "/dev/shm"):
            number += 1
            try:
                with open(f"{folder}/{number}", "wb", buffering=0) as file:
                    for _ in range(64):
                        file.write(bytes(2**16))
            except OSError:
                time.sleep(0.001)
    return True


@dataclass(frozen=True)
class Flood:
    """What floods, the machine that it shares, and what is taken from a container that has no bound."""

    flood: Callable[..., Any]
    machine: dict[str, int]
    without: dict[str, Any]


FLOODS = {
    "processes": Flood(forking, {"pids": 120}, {"PidsLimit": 0, "Memory": 0, "MemorySwap": 0, "Ulimits": []}),
    "memory": Flood(
        crowding,
        {"memory": 320 * MEGABYTE, "pids": 2000},
        {"PidsLimit": 0, "Memory": 0, "MemorySwap": 0, "Ulimits": []},
    ),
    "scratch": Flood(
        keeping,
        {"memory": 320 * MEGABYTE},
        {"Tmpfs": {"/tmp": "rw,size=1g"}, "ShmSize": 2**30, "Memory": 0, "MemorySwap": 0},
    ),
    "cores": Flood(busy, {"core": 0}, {"NanoCpus": 0, "CpuShares": 2**18}),
}


def longest(neighbour: Neighbour, cells: Cells, flooding: str) -> float:
    """The longest that a neighbour's person waited for an answer while there was a flood, until one came too late.

    One that does not come at all counts as three seconds.
    """
    took = 0.0
    while took < PATIENCE and cells.engine.inspect_container(flooding)["State"]["Running"]:
        began = time.monotonic()
        try:
            neighbour.ask(3 * PATIENCE)
        except (OSError, AssertionError):
            return 3 * PATIENCE
        took = max(took, time.monotonic() - began)
        time.sleep(0.05)
    return took


@contextmanager
def flooded(cells: Cells, about: Flood, *, weak: bool) -> Iterator[tuple[Neighbour, str]]:
    """A neighbour beside a flood, on a small machine that both share; what is in it is gone before it is."""
    with small_machine(**about.machine) as machine:
        shared = {"CgroupParent": machine}
        try:
            neighbour = Neighbour(cells, host(**shared, OomScoreAdj=500), ROOMY)
            neighbour.ask()
            weaken = host(**shared, **(about.without if weak else {}))
            yield neighbour, cells.begin(about.flood, weaken=weaken, seconds=LONG_ENOUGH if weak else SECONDS)
        finally:
            for left in cells.engine.containers(all=True, filters={"label": f"{LABEL_LAB}={cells.name}"}):
                with suppress(docker.errors.NotFound):
                    cells.engine.remove_container(left["Id"], force=True, v=True)


@pytest.mark.parametrize("name", FLOODS)
def test_a_neighbour_on_a_small_machine_answers_within_a_second_beside_a_flood(
    cells: Cells, name: str, record_property: Callable[[str, object], None]
) -> None:
    took = 0.0
    for _ in range(TIMES):
        with flooded(cells, FLOODS[name], weak=False) as (neighbour, flooding):
            took = longest(neighbour, cells, flooding)
            cells.outcome(flooding)  # it did not end for a fault of its own
        if took < PATIENCE:
            break
    record_property("longest_answer_ms", round(took * 1000))
    assert 0 < took < PATIENCE


@pytest.mark.parametrize("name", FLOODS)
def test_a_neighbour_does_not_answer_in_time_where_the_flood_has_no_bound(cells: Cells, name: str) -> None:
    with flooded(cells, FLOODS[name], weak=True) as (neighbour, flooding):
        assert longest(neighbour, cells, flooding) >= PATIENCE


# Disks: files in number and in bytes, in the home and in the shared folder


def making_files(seconds: float, folder: str) -> Any:
    """Leave no file that could be made."""
    import os
    import time

    end, number, told = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        try:
            open(f"{folder}/{number}", "w").close()
            number += 1
        except OSError as error:
            told = error.errno or 0
    free = os.statvfs(folder)
    return {"errno": told, "files": number, "free files": free.f_ffree, "free bytes": free.f_bavail}


def writing_bytes(seconds: float, folder: str) -> Any:
    """Leave no byte free."""
    import os
    import time

    end, number, told = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        number += 1
        try:
            with open(f"{folder}/{number}", "wb", buffering=0) as file:
                while True:
                    file.write(bytes(2**16))
        except OSError as error:
            told = error.errno or 0
    return {"errno": told, "files": number, "free bytes": os.statvfs(folder).f_bavail}


NO_ROOM = 28
GREEDY = replace(LIMITS, file_size=2**40)


@dataclass
class Pair:
    """Two members' containers, each with the folders of a project."""

    flooding: Cells
    neighbour: Cells

    def folders(self, flooding: tuple[Path, Path], neighbour: tuple[Path, Path]) -> None:
        for cells, (home, shared) in ((self.flooding, flooding), (self.neighbour, neighbour)):
            cells.folders = {"/home/scientist": home, "/project": shared}


@pytest.fixture
def pair(cells: Cells, tmp_path: Path) -> Iterator[Pair]:
    (tmp_path / "neighbour").mkdir(mode=0o755)
    made = Pair(cells, Cells(tmp_path / "neighbour"))
    yield made
    made.neighbour.close()


@pytest.fixture
def storage(tmp_path: Path, pair: Pair) -> Iterator[LoopStorage]:
    """The lab's own disks; its containers are gone before they are."""
    state = tmp_path / "state"
    settings = Settings(state=state, login=Login(demo=True), storage=Storage(project=SIZE, scratch=SIZE))
    made = LoopStorage(settings, FolderVault(state / "vault"), Host("datalab/workspace:current", "datalab"))
    yield made
    for made_in in (pair.flooding, pair.neighbour):
        made_in.close()
    made.unmount_all()
    for image in state.rglob("*.img"):
        image.unlink()


def places(storage: LoopStorage, project: str, person: str) -> tuple[Path, Path]:
    """A member's home and the project's shared folder; so many bytes and files as the project may have."""
    folders = storage.project(project, UID)
    return storage.member(folders.home, person, UID), folders.shared


ON_DISK = pytest.mark.parametrize("flood", [making_files, writing_bytes], ids=lambda flood: flood.__name__)


@ON_DISK
@pytest.mark.parametrize("folder", ["/home/scientist", "/project"])
def test_whoever_fills_a_folder_of_their_project_is_told_and_another_project_answers_meanwhile(
    pair: Pair, storage: LoopStorage, flood: Callable[..., Any], folder: str
) -> None:
    pair.folders(places(storage, "hostile", "scientist"), places(storage, "other", "scientist"))
    neighbour = Neighbour(pair.neighbour, work="/home/scientist")
    neighbour.ask()
    made = pair.flooding.begin(flood, limits=GREEDY, seconds=SECONDS, folder=folder)
    assert longest(neighbour, pair.flooding, made) < PATIENCE
    said = pair.flooding.outcome(made).said
    assert said["errno"] == NO_ROOM
    room = storage.room("hostile")
    if flood is making_files:
        assert (said["free files"], room.files_used) == (0, room.files)
        assert said["free bytes"] > 0
        assert said["files"] <= SIZE // 8192
    else:
        assert said["free bytes"] < 64  # blocks that are too few for what was written
        assert room.used > 0.9 * room.size
    assert storage.room("other").files_used < 100


@ON_DISK
def test_a_neighbour_who_works_on_the_same_disk_does_not_answer_any_more(
    pair: Pair, storage: LoopStorage, flood: Callable[..., Any]
) -> None:
    """The weak twin: two on one disk, as members of one project are and members of two never."""
    own, shared = places(storage, "both", "scientist")
    pair.folders((own, shared), (storage.member(own.parent, "other", UID), shared))
    neighbour = Neighbour(pair.neighbour, work="/home/scientist")
    neighbour.ask()
    made = pair.flooding.begin(flood, limits=GREEDY, seconds=LONG_ENOUGH, folder="/project")
    assert longest(neighbour, pair.flooding, made) >= PATIENCE


# The machine's table of open files


def opening_all(seconds: float) -> Any:
    """Open as many as can be had, and no more than a machine can spare."""
    import os
    import time

    held: list[int] = []
    try:
        while len(held) < 40_000:
            held += os.pipe()
    except OSError:
        pass
    time.sleep(seconds)
    return len(held)


def most_open(cells: Cells, **weaken: object) -> int:
    """How far the machine's count of open files rises meanwhile."""
    before = most = _open_files()
    made = cells.begin(opening_all, weaken=host(**weaken), seconds=1.5)
    while cells.engine.inspect_container(made)["State"]["Running"]:
        most = max(most, _open_files())
        time.sleep(0.05)
    return most - before


def _open_files() -> int:
    return int(Path("/proc/sys/fs/file-nr").read_text().split()[0])


def test_what_one_process_takes_of_the_machines_open_files_is_bounded_and_is_not_in_a_weak_container(
    cells: Cells,
) -> None:
    assert most_open(cells) < 1.5 * OPEN_FILES
    assert most_open(cells, Ulimits=[], Memory=400 * MEGABYTE, MemorySwap=400 * MEGABYTE) > 2 * OPEN_FILES
