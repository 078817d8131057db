"""Root of a container is nobody on the machine, where the engine maps users; and the lab's containers run there.

The mapping is that of ``docs/how-to/map-users.md``. Each attack is also run on the machine's own engine, which maps no
users, where it must succeed: so the attack is tested.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from attacks.cells import EVERY, UID, Body, Cells, root
from attacks.locks import LOCKABLE, find_locks, hold_locks
from attacks.own_engine import base_image, copy_image, own_engine
from spawner_config.isolation import Purpose
from waiting import wait_for

SYSTEM, PROJECTS = "nobody:1000000:100000", "nobody:100000:900000"
SUBORDINATE = f"{SYSTEM}\n{PROJECTS}\n"
FIRST_MAPPED = 1_000_000


@pytest.fixture(scope="module")
def mapping_engine() -> Iterator[str]:
    files = {"subuid": SUBORDINATE, "subgid": SUBORDINATE}
    with own_engine({"userns-remap": "nobody:nogroup"}, files) as made:
        copy_image(base_image(), made.address)
        yield made.address


@pytest.fixture
def mapped(mapping_engine: str, tmp_path: Path) -> Iterator[Cells]:
    yield from with_base_image(tmp_path, mapping_engine)


@pytest.fixture
def unmapped(tmp_path: Path) -> Iterator[Cells]:
    yield from with_base_image(tmp_path, "")


def with_base_image(folder: Path, address: str) -> Iterator[Cells]:
    folder.chmod(0o755)
    made = Cells(folder, image=base_image(), python="python3", address=address)
    yield made
    made.close()


OWN = {Purpose.WORKSPACE: "/outputs", Purpose.RUN: "/outputs", Purpose.READER: "/out", Purpose.CHECKER: "/out"}


def leave_a_file(folder: str) -> Any:
    import os
    import pathlib

    pathlib.Path(folder, "made").write_text("x")
    return [os.getuid(), os.getgid()]


@EVERY
def test_a_container_of_each_purpose_runs_and_its_files_are_its_projects(mapped: Cells, purpose: Purpose) -> None:
    assert mapped.run(leave_a_file, purpose, folder=OWN[purpose]).said == [UID, UID]
    made = (mapped.folder / OWN[purpose].strip("/") / "made").stat()
    assert (made.st_uid, made.st_gid) == (UID, UID)


def stay() -> Any:
    import time

    time.sleep(30)


def number_on_the_machine(cells: Cells) -> int:
    """Which user of the machine the root of a weak container is."""
    made = cells.begin(stay, weaken=root())
    first = cells.engine.inspect_container(made)["State"]["Pid"]
    lines = Path(f"/proc/{first}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Uid:"))


def test_root_of_a_container_is_nobody_on_the_machine(mapped: Cells) -> None:
    assert number_on_the_machine(mapped) == FIRST_MAPPED


def test_root_of_a_container_is_root_where_no_users_are_mapped(unmapped: Cells) -> None:
    assert number_on_the_machine(unmapped) == 0


def read_roots_file() -> Any:
    import pathlib

    try:
        return pathlib.Path("/machine/secret").read_text()
    except OSError:
        return None


def see_a_secret(folder: Path) -> Any:
    """Root inside, and a folder of the machine that only root may read."""
    (folder / "machine").mkdir(exist_ok=True)
    secret = folder / "machine" / "secret"
    secret.write_text("of root")
    secret.chmod(0o600)

    def weaken(body: Body) -> None:
        root(CapAdd=["DAC_OVERRIDE"])(body)
        body["HostConfig"]["Mounts"].append(
            {"Type": "bind", "Source": str(folder / "machine"), "Target": "/machine", "ReadOnly": True}
        )

    return weaken


def test_a_file_of_root_is_not_read_by_a_containers_root(mapped: Cells) -> None:
    assert mapped.run(read_roots_file, weaken=see_a_secret(mapped.folder)).said is None


def test_a_file_of_root_is_read_where_no_users_are_mapped(unmapped: Cells) -> None:
    assert unmapped.run(read_roots_file, weaken=see_a_secret(unmapped.folder)).said == "of root"


def locks_seen(cells: Cells) -> set[str]:
    """Locks of one container that another one sees."""
    holder = cells.begin(hold_locks, paths=LOCKABLE, seconds=30)
    wait_for((cells.folder / "home-scientist" / "held").exists, 20, "no lock is held")
    time.sleep(0.1)
    said = cells.run(find_locks, paths=LOCKABLE).said
    cells.engine.kill(holder)
    return set(said["locked"])


KNOWN = {"/proc/self/ns/time", "/proc/self/ns/time_for_children", "/dev/null", "/proc/locks"}
"""Written down: where users are mapped, the engine cannot make devices, and shows the machine's own null device in each
container, also in the place of what is masked. So that is a message there, and the user name space no longer is."""


def test_a_lock_on_the_user_namespace_is_no_message_where_users_are_mapped(mapped: Cells) -> None:
    assert locks_seen(mapped) <= KNOWN


def test_a_lock_on_the_user_namespace_is_a_message_where_they_are_not(unmapped: Cells) -> None:
    assert "/proc/self/ns/user" in locks_seen(unmapped)
