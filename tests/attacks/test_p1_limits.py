"""Floods from inside a container stay inside it.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

# An attack speaks to the kernel as plainly as it can.

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from attacks.cells import EVERY, LIMITS, MEGABYTE, Cells, host
from hub.doctor.inside.floods import fill_scratch, fork_much, open_much
from hub.doctor.inside.power import run_from_scratch
from spawner_config.isolation import Purpose


def take_memory(megabytes: int) -> Any:
    held = []
    for _ in range(megabytes):
        held.append(bytearray(b"x") * 2**20)
    return len(held)


@EVERY
def test_a_memory_hog_is_ended(cells: Cells, purpose: Purpose) -> None:
    outcome = cells.run(take_memory, purpose, megabytes=300)
    # Whether the engine's own word for it comes before or after the end is a race inside the engine.
    assert outcome.said is None
    assert outcome.exit_code == 137


def test_a_memory_hog_goes_on_in_a_weak_container(cells: Cells) -> None:
    outcome = cells.run(take_memory, weaken=host(Memory=600 * MEGABYTE, MemorySwap=600 * MEGABYTE), megabytes=300)
    assert outcome.said == 300


@EVERY
def test_a_fork_bomb_stays_small(cells: Cells, purpose: Purpose) -> None:
    assert cells.worked(fork_much, purpose, most=LIMITS.processes) == []


def test_a_fork_bomb_grows_in_a_weak_container(cells: Cells) -> None:
    weak = host(PidsLimit=0, Memory=600 * MEGABYTE, MemorySwap=600 * MEGABYTE)
    assert cells.worked(fork_much, weaken=weak, most=300) == ["300 processes"]


def test_scratch_space_has_an_end_in_bytes_and_in_files(cells: Cells) -> None:
    roomy = replace(LIMITS, memory=400 * MEGABYTE)
    more = {"sizes": {"/tmp": 10, "/dev/shm": 66}, "files": {"/tmp": LIMITS.tmp // 4096}}
    assert cells.worked(fill_scratch, limits=roomy, **more) == []
    said = cells.worked(fill_scratch, limits=roomy, sizes={"/tmp": 6}, files={"/tmp": 1000})
    assert said == ["6 MB in /tmp", "1000 files in /tmp"]


def test_scratch_space_has_no_such_end_in_a_weak_container(cells: Cells) -> None:
    weak = host(
        Tmpfs={"/tmp": "rw,size=512m"}, ShmSize=512 * MEGABYTE, Memory=600 * MEGABYTE, MemorySwap=600 * MEGABYTE
    )
    said = cells.worked(fill_scratch, weaken=weak, sizes={"/tmp": 200, "/dev/shm": 200}, files={"/tmp": 9000})
    assert said == ["200 MB in /tmp", "200 MB in /dev/shm", "9000 files in /tmp"]


def test_nothing_is_executed_from_scratch_space(cells: Cells) -> None:
    assert cells.worked(run_from_scratch) == []


def test_something_is_executed_from_scratch_space_in_a_weak_container(cells: Cells) -> None:
    assert cells.worked(run_from_scratch, weaken=host(Tmpfs={"/tmp": "rw,exec,size=8m"})) == ["/tmp"]


def test_one_file_and_all_open_files_have_their_bound(cells: Cells) -> None:
    own = {"folder": "/home/scientist", "files": 8192}
    most = LIMITS.file_size // MEGABYTE
    assert cells.worked(open_much, megabytes=most + 1, **own) == []
    assert cells.worked(open_much, megabytes=most, **own) == [f"a file of {most} MB", f"a file made {most} MB long"]


def test_files_have_no_such_bound_in_a_weak_container(cells: Cells) -> None:
    said = cells.worked(open_much, weaken=host(Ulimits=[]), folder="/home/scientist", files=9000, megabytes=16)
    assert {"9000 open files", "a file of 16 MB", "a file made 16 MB long"} <= set(said)


def shout(megabytes: int) -> Any:
    import sys

    for _ in range(megabytes * 8):
        sys.stdout.write("x" * 2**17 + "\n")
    sys.stdout.flush()
    return megabytes


def log_size(engine: Any, identifier: str) -> int:
    folder = Path(engine.info()["DockerRootDir"]) / "containers" / identifier
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_output_without_end_fills_no_disk(cells: Cells) -> None:
    sizes: list[int] = []
    remove = cells.engine.remove_container

    def measure(identifier: str, **options: object) -> None:
        sizes.append(log_size(cells.engine, identifier))
        remove(identifier, **options)

    cells.engine.remove_container = measure
    assert cells.run(shout, megabytes=64).exit_code == 0
    cells.run(shout, weaken=host(LogConfig={"Type": "json-file", "Config": {}}), megabytes=64)
    held, weak = sizes
    assert held < 4 * MEGABYTE
    assert weak > 60 * MEGABYTE
