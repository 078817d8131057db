"""Promise 2: datasets cannot be changed from inside, and a mount names one immutable, content-addressed version.

The attacks run in containers that see a real snapshot, once as the lab keeps it and once with every file the
container's own. Each is also run in a container that was weakened on purpose, where it must succeed: so the attack is
tested.
"""

# An attack speaks to the kernel as plainly as it can.

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from attacks.cells import UID, UNFILTERED, Body, Cells, host, root, writable_mounts
from attacks.living import PROJECT, Living, one_bit, other_bytes
from datasets_mount.images import ImageKind
from hub.adapters.host import Host
from hub.cli.client import place
from hub.demo.people import AUDITOR, JOBS, JOBS_STEWARD, SCIENTIST
from hub.doctor.inside.data import (
    change_files,
    change_memory,
    compare_with_digest,
    look_for_a_broken_seal,
    mount_over,
    open_to_write,
)
from hub.doctor.inside.trying import tried
from hub.doctor.program import Call, Said
from integration.kept_snapshot import Kept, kept_snapshot
from spawner_config.isolation import SEALED, Purpose
from spawner_config.names import LABEL_LAB
from waiting import wait_for

KILLED = 137
HOST = Host("datalab/workspace:current", "datalab")
FOLDER, PERSONS = "/data/jobs", "persons.parquet"
CHANGED = "A file of the vault is missing or was changed after it was registered; it is not used."


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    with kept_snapshot(tmp_path / "state") as made:
        yield made


def unsealed(kept: Kept) -> Path:
    """The snapshot as a plain folder of the container's user, as it never is."""
    kept.kind = ImageKind.FOLDER
    kept.built()
    give(kept.tree)
    return kept.tree


def give(folder: Path) -> None:
    """Make all of it the container's user's own, as it never is."""
    for path in (folder, *folder.iterdir()):
        os.chown(path, UID, UID)
        path.chmod(0o777)


def seen_on_the_host(folder: Path) -> list[tuple[str, int, int, int, int, str]]:
    """Name, mode, owner, links, time and bytes of all that is there."""
    seen = []
    for path in (folder, *sorted(folder.rglob("*"))):
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        digest = hashlib.sha256(content).hexdigest()
        links = 0 if path.is_dir() else status.st_nlink
        seen.append((path.name, status.st_mode, status.st_uid, links, status.st_mtime_ns, digest))
    return seen


OUTSIDE = ["/home/scientist", "/project", "/outputs", "/run/nb", "/progress", "/out", "/tmp", "/dev/shm"]


def attempts(digest: str, outside: list[str]) -> list[Call]:
    """All that the doctor tries on a dataset, the more harmful after the less."""
    file = {"folder": FOLDER, "file": PERSONS}
    return [
        Call("digest", compare_with_digest, {"folder": FOLDER, "digest": digest}),
        Call("seal", look_for_a_broken_seal, {"folder": FOLDER, "seal": list(SEALED)}),
        Call("opening", open_to_write, {**file, "other": "years.parquet"}),
        Call("memory", change_memory, file),
        Call("changes", change_files, {**file, "other": "years.parquet", "outside": outside}),
        Call("mounts", mount_over, {"folder": FOLDER}),
    ]


def done(said: dict[str, Said | str], name: str) -> set[str]:
    """What of an attempt worked, which must have tried something."""
    answer = said[name]
    assert isinstance(answer, Said), answer
    assert answer.tried
    return set(answer.done)


@dataclass(frozen=True)
class Tried:
    """What was tried in one container, and the dataset on the host before and after."""

    said: dict[str, Said | str]
    before: list[tuple[str, int, int, int, int, str]]
    after: list[tuple[str, int, int, int, int, str]]
    names_its_digest: bool


KINDS = ("as the lab keeps it", "as a folder", "as a folder with files of its own")
PURPOSES = (Purpose.WORKSPACE, Purpose.RUN, Purpose.CHECKER)


@pytest.fixture(
    scope="module",
    params=[(kind, purpose) for kind in KINDS for purpose in PURPOSES],
    ids=[f"{kind}-{purpose}" for kind in KINDS for purpose in PURPOSES],
)
def attacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    """A container of each purpose that sees a dataset, once for each way in which that may lie on the host."""
    kind, purpose = request.param
    place = tmp_path_factory.mktemp("attacked")
    place.chmod(0o755)
    with kept_snapshot(place / "state") as kept, closing(Cells(place)) as cells:
        kept.kind = ImageKind.EROFS if kind == KINDS[0] else ImageKind.FOLDER
        folder = kept.mounted()
        if kind == KINDS[2]:
            give(kept.tree)
        cells.data = {"jobs": folder}
        before = seen_on_the_host(folder)
        said = cells.try_all(attempts(kept.snapshot.digest, OUTSIDE), purpose)
        yield Tried(said, before, seen_on_the_host(folder), folder.name == kept.snapshot.digest)


def test_no_file_of_a_dataset_is_changed_from_inside(attacked: Tried) -> None:
    for name in ("opening", "memory", "changes"):
        assert done(attacked.said, name) == set(), name
    assert attacked.after == attacked.before


def test_nothing_is_mounted_over_a_dataset_and_it_is_not_mounted_anew(attacked: Tried) -> None:
    assert done(attacked.said, "mounts") == set()
    assert attacked.after == attacked.before


def test_no_file_of_a_dataset_gets_a_name_elsewhere(attacked: Tried) -> None:
    changes = attacked.said["changes"]
    assert isinstance(changes, Said)
    assert {f"name in {place}" for place in OUTSIDE} <= set(changes.tried)
    assert not any(name.startswith("name in") for name in changes.done)


def test_a_mount_shows_exactly_what_its_digest_names(attacked: Tried) -> None:
    assert done(attacked.said, "digest") == set()
    assert attacked.names_its_digest


def test_a_dataset_is_sealed_as_seen_from_inside(attacked: Tried) -> None:
    assert done(attacked.said, "seal") == set()


def test_every_change_succeeds_in_a_container_with_a_writable_mount(cells: Cells, kept: Kept) -> None:
    folder = unsealed(kept)
    (folder / "out").mkdir(mode=0o777)
    (folder / "out").chmod(0o777)
    cells.data = {"jobs": folder}
    before = seen_on_the_host(folder)
    said = cells.try_all(attempts(kept.snapshot.digest, [f"{FOLDER}/out"]), weaken=writable_mounts)
    assert done(said, "opening") == set(said["opening"].tried)  # type: ignore[union-attr]
    assert {"shared memory", "unprotected memory"} <= done(said, "memory")
    assert done(said, "changes") >= set(said["changes"].tried) - {"attribute"}  # type: ignore[union-attr]
    assert seen_on_the_host(folder) != before


def test_mounts_succeed_in_a_container_with_the_power_to(cells: Cells, kept: Kept) -> None:
    cells.data = {"jobs": kept.mounted()}
    weak = root(CapAdd=["SYS_ADMIN"], **UNFILTERED)
    said = cells.worked(mount_over, weaken=weak, folder=FOLDER)
    assert {"remount", "bind over", "bind away", "scratch over", "unmount", "own name spaces"} <= set(said)


@pytest.mark.parametrize(
    ("harm", "noticed"), [("a flipped bit", "other bytes"), ("one more file", "a file more or less")]
)
def test_a_mount_that_shows_something_else_is_noticed_from_inside(
    cells: Cells, kept: Kept, harm: str, noticed: str
) -> None:
    folder = unsealed(kept)
    cells.data = {"jobs": folder}
    if harm == "a flipped bit":
        file = folder / PERSONS
        file.write_bytes(one_bit(file.read_bytes()))
    else:
        (folder / "more.parquet").write_bytes(b"PAR1")
    assert cells.worked(compare_with_digest, folder=FOLDER, digest=kept.snapshot.digest) == [noticed]


# What else holds of the mount


def remounted(body: Body) -> None:
    """Ask the engine for a read-only bind of a mount that is one already."""
    for mount in body["HostConfig"]["Mounts"]:
        mount["ReadOnly"] = mount["Target"].startswith("/data/")


def test_a_dataset_that_the_engine_makes_read_only_itself_is_not_sealed(cells: Cells, kept: Kept) -> None:
    cells.data = {"jobs": kept.mounted()}
    lacks = cells.worked(look_for_a_broken_seal, weaken=remounted, folder=FOLDER, seal=list(SEALED))
    assert set(lacks) == set(SEALED) - {"ro"}


def use_what_is_in_the_image(folder: str) -> Any:
    import os
    import pathlib
    import subprocess

    def set_user() -> None:
        if os.statvfs(folder).f_flag & os.ST_NOSUID:
            raise OSError

    return tried(
        {
            "link": lambda: pathlib.Path(f"{folder}/link").read_text(),
            "program": lambda: subprocess.run([f"{folder}/program"], check=True),
            "device": lambda: os.close(os.open(f"{folder}/null", os.O_RDONLY)),
            "set-user-id": set_user,
        }
    )


@pytest.fixture
def evil(kept: Kept) -> Iterator[Path]:
    """An image as the lab never makes one: with a link, a program and a device in it."""
    tree, place = kept.state / "evil", kept.state / "evil-mount"
    tree.mkdir()
    place.mkdir()
    (tree / "link").symlink_to("/etc/hostname")
    (tree / "program").write_text("#!/bin/sh\ntrue\n")
    (tree / "program").chmod(0o4755)
    os.mknod(tree / "null", 0o20666, os.makedev(1, 3))
    (tree / "null").chmod(0o666)
    subprocess.run(["mkfs.erofs", "--quiet", str(kept.state / "evil.erofs"), str(tree)], check=True)
    HOST.mount_snapshot(kept.state / "evil.erofs", place)
    yield place
    HOST.unmount(place)


def test_an_image_that_somebody_else_made_gives_no_link_program_or_device(cells: Cells, evil: Path) -> None:
    cells.data = {"jobs": evil}
    assert cells.worked(use_what_is_in_the_image, folder=FOLDER) == []


def test_link_program_and_device_work_where_the_engine_takes_the_flags_away(cells: Cells, evil: Path) -> None:
    cells.data = {"jobs": evil}
    said = cells.worked(use_what_is_in_the_image, weaken=remounted, folder=FOLDER)
    assert said == ["link", "program", "device", "set-user-id"]


def reach_the_loop_device(numbers: list[int]) -> Any:
    import os

    done = []
    for number in numbers:
        for path in (f"/dev/loop{number}", f"/sys/block/loop{number}/loop/backing_file", f"/tmp/loop{number}"):
            try:
                if path.startswith("/tmp"):
                    os.mknod(path, 0o60666, os.makedev(7, number))
                os.close(os.open(path, os.O_RDONLY))
                done.append(path.split("/")[1])
            except OSError:
                pass
    return done


def test_no_loop_device_is_reached_from_inside(cells: Cells, kept: Kept) -> None:
    cells.data = {"jobs": kept.mounted()}
    number = os.minor(cells.data["jobs"].stat().st_dev)
    assert cells.run(reach_the_loop_device, numbers=[number, 0, 1]).said == []


def test_the_loop_device_is_reached_with_the_power_to_make_devices(cells: Cells, kept: Kept) -> None:
    cells.data = {"jobs": kept.mounted()}
    number = os.minor(cells.data["jobs"].stat().st_dev)
    weak = root(
        **UNFILTERED,
        CapAdd=["MKNOD"],
        DeviceCgroupRules=["b 7:* rwm"],
        Tmpfs={"/tmp": "rw,dev"},
        MaskedPaths=[],
        ReadonlyPaths=[],
    )
    assert cells.run(reach_the_loop_device, weaken=weak, numbers=[number]).said == ["sys", "tmp"]


def mount_lines() -> Any:
    import pathlib

    return pathlib.Path("/proc/self/mountinfo").read_text()


def test_what_is_mounted_names_no_project_and_no_folder_of_the_lab(cells: Cells, kept: Kept) -> None:
    kept.mounted("other")
    cells.data = {"jobs": kept.mounted("care")}
    line = next(x for x in cells.run(mount_lines).said.splitlines() if FOLDER in x)
    assert not [word for word in ("care", "other", str(kept.state)) if word in line]


# Signals between projects


def hold_a_lock(folder: str) -> Any:
    import fcntl
    import os
    import time

    for name in ("persons.parquet", "."):
        fcntl.flock(os.open(f"{folder}/{name}", os.O_RDONLY), fcntl.LOCK_EX)
    print("sending", flush=True)
    time.sleep(50)


def see_a_lock(folder: str, seconds: float) -> Any:
    import fcntl
    import os
    import time

    seen = set()
    names = {name: os.open(f"{folder}/{name}", os.O_RDONLY) for name in ("persons.parquet", ".")}
    until = time.monotonic() + seconds
    while time.monotonic() < until and not seen:
        for name, descriptor in names.items():
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            except OSError:
                seen.add(name)
        time.sleep(0.02)
    return sorted(seen)


def read_all_the_time(folder: str) -> Any:
    import pathlib
    import time

    print("sending", flush=True)
    until = time.monotonic() + 50
    while time.monotonic() < until:
        pathlib.Path(f"{folder}/persons.parquet").read_bytes()
        time.sleep(0.02)


def see_reading(folder: str, seconds: float) -> Any:
    import contextlib
    import ctypes
    import os
    import time

    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_NONBLOCK)
    watched = libc.inotify_add_watch(descriptor, folder.encode(), 0x1 | 0x20)  # access, open
    seen, until = [], time.monotonic() + seconds
    while watched > 0 and time.monotonic() < until and not seen:
        time.sleep(0.1)
        with contextlib.suppress(BlockingIOError):
            seen = ["seen"] if os.read(descriptor, 4096) else []
    return seen


SIGNALS = pytest.mark.parametrize(("send", "see"), [(hold_a_lock, see_a_lock), (read_all_the_time, see_reading)])


def signalled(
    cells: Cells, sending: Path, seeing: Path, send: Callable[..., Any], see: Callable[..., Any], seconds: float
) -> Any:
    """What a container on one mount sees of what one on another mount does."""
    with ThreadPoolExecutor(1) as pool:
        cells.data = {"jobs": sending}
        sent = pool.submit(cells.run, send, folder=FOLDER)
        sender = wait_for(lambda: cells.engine.containers(filters={"label": f"{LABEL_LAB}={cells.name}"}), 30)[0]["Id"]
        wait_for(lambda: b"sending" in cells.engine.logs(sender), 30)
        cells.data = {"jobs": seeing}
        # The list of system calls has no inotify; the mounts must do without it.
        seen = cells.run(see, weaken=host(SecurityOpt=["seccomp=unconfined"]), folder=FOLDER, seconds=seconds).said
        cells.engine.kill(sender)
        assert sent.result().exit_code == KILLED
    return seen


@SIGNALS
def test_no_lock_and_no_notification_passes_between_projects(
    cells: Cells, kept: Kept, send: Callable[..., Any], see: Callable[..., Any]
) -> None:
    image = kept.built()
    folders = [kept.mounts.mount(kept.snapshot, image, project) for project in ("care", "other")]
    assert signalled(cells, *folders, send, see, 3.0) == []


@SIGNALS
def test_locks_and_notifications_pass_where_projects_share_a_loop_device(
    cells: Cells, kept: Kept, send: Callable[..., Any], see: Callable[..., Any]
) -> None:
    folder, second = kept.mounted(), kept.state / "second"
    second.mkdir()
    # mount takes the loop device that is there already.
    subprocess.run(["mount", "-o", "loop,ro", str(kept.image), str(second)], check=True)
    try:
        assert signalled(cells, folder, second, send, see, 25.0) != []
    finally:
        HOST.unmount(second)


# On a running lab


@contextmanager
def one_bit_flipped(living: Living) -> Iterator[None]:
    """One bit of a dataset's file is another one in the vault of the running lab; it is mended afterwards."""
    listed = living.portal(JOBS_STEWARD).get("/datasets")
    snapshot = next(d["snapshots"][-1] for d in listed if d["dataset"]["owner"] == JOBS)
    with other_bytes(living.vaulted(snapshot["files"][0]["sha256"]), one_bit):
        yield


def test_a_workspace_with_a_flipped_bit_in_a_dataset_is_refused_with_the_sentence(living: Living) -> None:
    visitor = living.visitor(SCIENTIST)
    visitor.get("/hub/home")
    server = f"/hub/api/users/{SCIENTIST}/servers/{PROJECT}"
    wait_for(lambda: visitor.send("DELETE", server, "/hub/", None).status_code in (204, 404), 30)
    with one_bit_flipped(living):
        answer = visitor.post(server, {}, "/hub/")
    assert answer.status_code == 403
    assert CHANGED in answer.json()["message"]
    refused = living.audit("lab:workspace:refuse", subject=PROJECT)[-1]
    assert (refused[1], refused[3]) == (SCIENTIST, {"reason": "vault-changed"})


def test_a_run_with_a_flipped_bit_in_a_dataset_fails_with_the_sentence_and_runs_once_it_is_mended(
    living: Living, acts: str
) -> None:
    with one_bit_flipped(living):
        failed = living.ended(living.start(acts))
    assert failed["work"]["state"] == "failed"
    assert failed["work"]["reason"].startswith(CHANGED)
    assert failed["run"]["outputs"] == []
    assert living.ended(living.start(acts))["work"]["state"] == "succeeded"


def test_a_check_with_a_flipped_bit_in_a_dataset_fails_and_lets_nothing_pass(living: Living, written: str) -> None:
    with one_bit_flipped(living):
        request = living.checked(written, "words.txt")
    assert (request["state"], request["reason"].startswith(CHANGED)) == ("failed", True)
    living.portal(SCIENTIST).post(place("exports", request["id"], "withdraw"))


def test_a_flipped_bit_in_an_image_refuses_once_tells_who_answers_for_it_and_is_mended(
    living: Living, acts: str
) -> None:
    assert living.ended(living.start(acts))["work"]["state"] == "succeeded"
    listed = living.portal(JOBS_STEWARD).get("/datasets")
    snapshot = next(d["snapshots"][-1] for d in listed if d["dataset"]["owner"] == JOBS)["digest"]
    image = living.state / "snapshots" / f"{snapshot}.erofs"
    image.write_bytes(one_bit(image.read_bytes()))
    failed = living.ended(living.start(acts))["work"]
    assert (failed["state"], failed["reason"].startswith("The image of a dataset is missing or was changed")) == (
        "failed", True
    )  # fmt: skip
    alarm = living.audit("lab:snapshot:broken", subject=snapshot)[-1]
    assert alarm[3] == {"dataset": "jobs", "reason": "image-changed"}
    for person, told in ((JOBS_STEWARD, [snapshot]), (AUDITOR, [snapshot]), (SCIENTIST, [])):
        found = next(d for d in living.portal(person).get("/datasets") if d["dataset"]["name"] == "jobs")
        assert found["broken"] == told
    page = living.visitor(JOBS_STEWARD).get("/services/portal/datasets/jobs")
    assert "image-changed" in page.text
    assert living.ended(living.start(acts))["work"]["state"] == "succeeded"
    assert living.audit("lab:snapshot:mend", subject=snapshot) != []
    assert "image-changed" not in living.visitor(JOBS_STEWARD).get("/services/portal/datasets/jobs").text
