"""What a container may write, attacked from inside: its own folders and scratch, and never a dataset.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

# An attack speaks to the kernel as plainly as it can.

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from attacks.cells import EVERY, Body, Cells, root, writable_mounts
from hub.doctor.inside.data import change_files, open_to_write, write_elsewhere
from spawner_config.isolation import Purpose

OWN = {
    Purpose.WORKSPACE: ["/home/scientist", "/outputs", "/run/nb"],
    Purpose.RUN: ["/outputs", "/progress"],
    Purpose.READER: ["/out"],
    Purpose.CHECKER: ["/out"],
}
SCRATCH = ["/tmp", "/dev/shm", "/dev/mqueue"]


@EVERY
def test_nothing_is_writable_but_its_own_folders_and_scratch(cells: Cells, purpose: Purpose) -> None:
    found = cells.worked(write_elsewhere, purpose, own=OWN[purpose] + SCRATCH, above=[])
    assert found == (["/project"] if purpose is Purpose.WORKSPACE else [])


def test_the_image_is_written_in_a_weak_container(cells: Cells) -> None:
    own = OWN[Purpose.WORKSPACE] + SCRATCH
    found = cells.worked(write_elsewhere, weaken=root(ReadonlyRootfs=False), own=own, above=[])
    assert {"/", "/etc", "/opt/datalab", "the whole image"} <= set(found)
    assert int(found[50].removesuffix(" folders more")) > 1_000


def test_what_lies_below_a_writable_folder_is_tried_although_that_folder_is_its_own(cells: Cells) -> None:
    own = OWN[Purpose.WORKSPACE] + SCRATCH
    found = cells.worked(write_elsewhere, weaken=writable_mounts, own=own, above=["/project"])
    assert {"/project", "/project/runs"} & set(found) == {"/project/runs"}


FOREIGN = pytest.mark.parametrize("folder", ["/project/runs", "/run/hub"])
"""What a workspace sees and others write; how datasets are attacked is in ``test_p2_datasets``."""


@FOREIGN
def test_runs_and_the_hubs_socket_cannot_be_changed_from_a_workspace(cells: Cells, folder: str) -> None:
    assert cells.worked(open_to_write, folder=folder, file="there.txt", other="there.txt") == []
    assert cells.worked(change_files, folder=folder, file="there.txt", other="there.txt", outside=["/tmp"]) == []


@FOREIGN
def test_they_are_changed_in_a_container_with_writable_mounts(cells: Cells, folder: str) -> None:
    order = {"weaken": writable_mounts, "folder": folder, "file": "there.txt", "other": "there.txt"}
    assert "open" in cells.worked(open_to_write, **order)
    assert {"create", "socket", "chmod", "symbolic link", "rename"} <= set(
        cells.worked(change_files, **order, outside=[])
    )


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
