"""Floods from inside a container stay inside it.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

# An attack speaks to the kernel as plainly as it can.
# ruff: noqa: PTH101, PTH108, PTH123, PTH208, SIM115

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from attacks.cells import EVERY, LIMITS, MEGABYTE, Cells, host
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


def fork_much(most: int) -> Any:
    import os
    import signal

    children = []
    try:
        for _ in range(most):
            child = os.fork()
            if child == 0:
                signal.pause()
                os._exit(0)
            children.append(child)
    except OSError:
        pass
    for child in children:
        os.kill(child, signal.SIGKILL)
    return len(children)


@EVERY
def test_a_fork_bomb_stays_small(cells: Cells, purpose: Purpose) -> None:
    assert cells.run(fork_much, purpose, most=300).said < LIMITS.processes


def test_a_fork_bomb_grows_in_a_weak_container(cells: Cells) -> None:
    weak = host(PidsLimit=0, Memory=600 * MEGABYTE, MemorySwap=600 * MEGABYTE)
    assert cells.run(fork_much, weaken=weak, most=300).said == 300


def fill_scratch(megabytes: int) -> Any:
    import os

    written = {}
    for folder in ("/tmp", "/dev/shm"):
        count = 0
        try:
            for number in range(megabytes // 2):
                with open(f"{folder}/{number}", "wb") as file:
                    file.write(b"x" * 2**21)
                count += 2
        except OSError:
            pass
        written[folder] = count
        for name in os.listdir(folder):
            os.unlink(f"{folder}/{name}")
    return written


def test_scratch_space_has_an_end(cells: Cells) -> None:
    roomy = replace(LIMITS, memory=400 * MEGABYTE)
    said = cells.run(fill_scratch, limits=roomy, megabytes=200).said
    assert said["/tmp"] <= 8
    assert said["/dev/shm"] <= 64


def test_scratch_space_has_no_such_end_in_a_weak_container(cells: Cells) -> None:
    weak = host(
        Tmpfs={"/tmp": "rw,size=512m"}, ShmSize=512 * MEGABYTE, Memory=600 * MEGABYTE, MemorySwap=600 * MEGABYTE
    )
    assert cells.run(fill_scratch, weaken=weak, megabytes=200).said == {"/tmp": 200, "/dev/shm": 200}


def make_files(most: int) -> Any:
    number = 0
    try:
        for number in range(most):
            open(f"/tmp/{number}", "w").close()
    except OSError:
        return number
    return most


def test_the_files_in_scratch_space_are_counted(cells: Cells) -> None:
    assert cells.run(make_files, most=9000).said < LIMITS.tmp // 4096


def test_the_files_in_scratch_space_are_not_counted_so_closely_in_a_weak_container(cells: Cells) -> None:
    assert cells.run(make_files, weaken=host(Tmpfs={"/tmp": "rw,size=8m"}), most=9000).said == 9000


def run_from_scratch() -> Any:
    import os
    import shutil
    import subprocess

    ran = []
    for folder in ("/tmp", "/dev/shm"):
        shutil.copy("/bin/true", f"{folder}/program")
        os.chmod(f"{folder}/program", 0o755)
        try:
            subprocess.run([f"{folder}/program"], check=True)
            ran.append(folder)
        except OSError:
            pass
    return ran


def test_nothing_is_executed_from_scratch_space(cells: Cells) -> None:
    assert cells.run(run_from_scratch).said == []


def test_something_is_executed_from_scratch_space_in_a_weak_container(cells: Cells) -> None:
    assert cells.run(run_from_scratch, weaken=host(Tmpfs={"/tmp": "rw,exec,size=8m"})).said == ["/tmp"]


def write_long_file(megabytes: int) -> Any:
    import os
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    written = 0
    with open("/home/scientist/long", "wb", buffering=0) as file:
        try:
            for _ in range(megabytes):
                written += file.write(b"x" * 2**20)
        except OSError:
            pass
    os.unlink("/home/scientist/long")
    return written


def open_many_files(most: int) -> Any:
    held = []
    try:
        for _ in range(most):
            held.append(open("/dev/null"))
    except OSError:
        pass
    count = len(held)
    del held
    return count


def test_one_file_and_all_open_files_have_their_bound(cells: Cells) -> None:
    assert cells.run(write_long_file, megabytes=16).said == LIMITS.file_size
    assert cells.run(open_many_files, most=9000).said < 8192


def test_files_have_no_such_bound_in_a_weak_container(cells: Cells) -> None:
    assert cells.run(write_long_file, weaken=host(Ulimits=[]), megabytes=16).said == 16 * MEGABYTE
    assert cells.run(open_many_files, weaken=host(Ulimits=[]), most=9000).said == 9000


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
