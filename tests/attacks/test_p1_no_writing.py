"""What a container may write, attacked from inside: its own folders and scratch, and never a dataset.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

# An attack speaks to the kernel as plainly as it can.
# ruff: noqa: PTH101, PTH104, PTH108, PTH118, PTH123, PTH211

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


def change_folder(folder: str) -> Any:
    import os
    import pathlib

    file = f"{folder}/there.txt"
    attempts = {
        "create": lambda: pathlib.Path(f"{folder}/new").write_text("x"),
        "write": lambda: pathlib.Path(file).write_text("x"),
        "socket": lambda: os.mknod(f"{folder}/socket", 0o140600),
        "chmod": lambda: os.chmod(file, 0o777),
        "symlink": lambda: os.symlink("/etc", f"{folder}/soft"),
        "rename": lambda: os.rename(file, f"{folder}/moved"),
    }
    done = []
    for name, attempt in attempts.items():
        try:
            attempt()
            done.append(name)
        except OSError:
            pass
    return done


FOREIGN = pytest.mark.parametrize("folder", ["/project/runs", "/run/hub"])
"""What a workspace sees and others write; how datasets are attacked is in ``test_p2_datasets``."""


@FOREIGN
def test_runs_and_the_hubs_socket_cannot_be_changed_from_a_workspace(cells: Cells, folder: str) -> None:
    assert cells.run(change_folder, folder=folder).said == []


def writable_mounts(body: Body) -> None:
    for mount in body["HostConfig"]["Mounts"]:
        mount["ReadOnly"] = False


@FOREIGN
def test_they_are_changed_in_a_container_with_writable_mounts(cells: Cells, folder: str) -> None:
    said = cells.run(change_folder, weaken=writable_mounts, folder=folder).said
    assert said == ["create", "write", "socket", "chmod", "symlink", "rename"]


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
