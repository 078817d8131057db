"""What a container may write, attacked from inside: its own folders and scratch, and never a dataset.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

# An attack speaks to the kernel as plainly as it can.
# ruff: noqa: PTH101, PTH104, PTH108, PTH110, PTH118, PTH123, PTH211

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from attacks.cells import EVERY, Body, Cells, root
from spawner_config.isolation import Purpose


def find_writable(allowed: list[str]) -> Any:
    import os

    found = []
    for folder, folders, _ in os.walk("/"):
        if folder == "/":
            folders.remove("proc")
        if folder in allowed:
            folders.clear()
            continue
        name = os.path.join(folder, f"written-{os.getpid()}")
        try:
            with open(name, "w") as file:
                file.write("x")
            os.unlink(name)
            found.append(folder)
        except OSError:
            pass
    if not os.statvfs("/").f_flag & os.ST_RDONLY:
        found.append("root")
    return found


OWN = {
    Purpose.WORKSPACE: ["/home/scientist", "/outputs", "/run/nb"],
    Purpose.RUN: ["/outputs", "/progress"],
    Purpose.READER: ["/out"],
    Purpose.CHECKER: ["/out"],
}
SCRATCH = ["/tmp", "/dev/shm", "/dev/mqueue"]


@EVERY
def test_nothing_is_writable_but_its_own_folders_and_scratch(cells: Cells, purpose: Purpose) -> None:
    found = cells.run(find_writable, purpose, allowed=OWN[purpose] + SCRATCH).said
    assert found == (["/project"] if purpose is Purpose.WORKSPACE else [])


def test_the_image_is_written_in_a_weak_container(cells: Cells) -> None:
    found = cells.run(find_writable, weaken=root(ReadonlyRootfs=False), allowed=OWN[Purpose.WORKSPACE] + SCRATCH).said
    assert {"/", "/etc", "/opt/datalab/venv/bin", "root"} <= set(found)


def change_data(folder: str) -> Any:
    import ctypes
    import os
    import pathlib

    libc = ctypes.CDLL(None, use_errno=True)
    file = f"{folder}/there.txt"

    def reopen() -> None:
        descriptor = os.open(file, os.O_RDONLY)
        os.close(os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR))

    def remount(flags: int) -> None:
        if libc.mount(b"none", folder.encode(), b"none", flags, None) != 0:
            raise OSError
        pathlib.Path(f"{folder}/remounted").write_text("x")

    def unmount() -> None:
        if libc.umount2(folder.encode(), 2) != 0:
            raise OSError

    attempts = {
        "create": lambda: pathlib.Path(f"{folder}/new").write_text("x"),
        "write": lambda: pathlib.Path(file).write_text("x"),
        "append": lambda: os.close(os.open(file, os.O_WRONLY | os.O_APPEND)),
        "truncate": lambda: os.truncate(file, 0),
        "chmod": lambda: os.chmod(file, 0o777),
        "touch": lambda: os.utime(file, (1, 1)),
        "link": lambda: os.link(file, f"{folder}/hard"),
        "symlink": lambda: os.symlink("/etc", f"{folder}/soft"),
        "attribute": lambda: os.setxattr(file, "user.a", b"b"),
        "reopen": reopen,
        "rename": lambda: os.rename(file, f"{folder}/moved"),
        "unlink": lambda: os.unlink(file if os.path.exists(file) else f"{folder}/moved"),
        "remount": lambda: remount(4096 | 32),
        "unmount": unmount,
    }
    done = []
    for name, attempt in attempts.items():
        try:
            attempt()
            done.append(name)
        except OSError:
            pass
    return done


@pytest.mark.parametrize("purpose", [Purpose.WORKSPACE, Purpose.RUN, Purpose.CHECKER])
def test_a_dataset_cannot_be_changed_though_its_files_are_ones_own(cells: Cells, purpose: Purpose) -> None:
    assert cells.run(change_data, purpose, folder="/data/rand").said == []
    assert (cells.folder / "data-rand/there.txt").read_text() == "true"


@pytest.mark.parametrize("folder", ["/project/runs", "/run/hub"])
def test_runs_and_the_hubs_socket_cannot_be_changed_from_a_workspace(cells: Cells, folder: str) -> None:
    assert cells.run(change_data, folder=folder).said == []


def writable_mounts(body: Body) -> None:
    for mount in body["HostConfig"]["Mounts"]:
        mount["ReadOnly"] = False


def test_a_dataset_is_changed_in_a_container_with_a_writable_mount(cells: Cells) -> None:
    said = cells.run(change_data, weaken=writable_mounts, folder="/data/rand").said
    assert {"create", "write", "append", "truncate", "chmod", "touch", "link", "reopen", "rename", "unlink"} <= set(
        said
    )


def test_a_dataset_is_remounted_in_a_container_with_the_power_to(cells: Cells) -> None:
    weak = root(CapAdd=["SYS_ADMIN", "DAC_OVERRIDE"], SecurityOpt=["seccomp=unconfined"])
    assert {"remount", "unmount"} <= set(cells.run(change_data, weaken=weak, folder="/data/rand").said)


def read_below(folder: str) -> Any:
    import pathlib

    return sorted(str(path) for path in pathlib.Path(folder).rglob("*"))


@contextmanager
def mounted_below(folder: Path) -> Iterator[None]:
    """A file system of another owner, mounted inside a dataset's folder."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "datalab", str(folder)], check=True)
    try:
        (folder / "other.txt").write_text("x")
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def recursive_mounts(body: Body) -> None:
    for mount in body["HostConfig"]["Mounts"]:
        mount["BindOptions"]["NonRecursive"] = False


def test_what_is_mounted_below_a_folder_does_not_come_along(cells: Cells) -> None:
    cells.mounts(Purpose.RUN)
    with mounted_below(cells.folder / "data-rand/below"):
        assert "/data/rand/below/other.txt" not in cells.run(read_below, Purpose.RUN, folder="/data").said
        weak = cells.run(read_below, Purpose.RUN, weaken=recursive_mounts, folder="/data").said
        assert "/data/rand/below/other.txt" in weak
