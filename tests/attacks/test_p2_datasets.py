"""Promise 2: datasets cannot be changed from inside, and a mount names one immutable, content-addressed version.

The attacks run in containers that see a real snapshot, once as the lab keeps it and once with every file the
container's own. Each is also run in a container that was weakened on purpose, where it must succeed: so the attack is
tested.
"""

# An attack speaks to the kernel as plainly as it can.
# ruff: noqa: PTH101, PTH102, PTH104, PTH105, PTH108, PTH208, PTH211

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from attacks.cells import UID, Body, Cells, root
from attacks.living import PROJECT, Living, one_bit, other_bytes, wait_for
from datasets_mount.catalogue import Snapshot, SnapshotFile, snapshot_digest
from hub.adapters.host import Host
from hub.adapters.storage import LoopStorage
from hub.adapters.vault import FolderVault
from hub.cli.client import place
from hub.demo.people import JOBS, JOBS_STEWARD, SCIENTIST
from hub.domain.errors import ConflictError
from hub.settings import Login, Settings
from spawner_config.isolation import Purpose

Harm = Callable[[Path], None]
FOLDER, PERSONS = "/data/jobs", "persons.parquet"
CHANGED = "A file of the vault is missing or was changed after it was registered; it is not used."
SEEING = pytest.mark.parametrize("purpose", [Purpose.WORKSPACE, Purpose.RUN, Purpose.CHECKER])


class Kept:
    """A real snapshot of two files in a vault."""

    def __init__(self, folder: Path) -> None:
        self.vault = FolderVault(folder / "vault")
        settings = Settings(state=folder, login=Login(demo=True))
        self.storage = LoopStorage(settings, self.vault, Host("none", "datalab"))
        contents = {"persons.parquet": b"PAR1" + bytes(range(256)) * 300 + b"PAR1", "years.parquet": b"PAR1PAR1"}
        files = tuple(self._file(name, content) for name, content in contents.items())
        self.snapshot = Snapshot(snapshot_digest("jobs", files), "jobs", files, "jobs-steward", datetime.now(UTC))

    def _file(self, name: str, content: bytes) -> SnapshotFile:
        stored = self.vault.add(BytesIO(content), 2**24)
        return SnapshotFile(name, stored.sha256, stored.size, 3, ("nr",))

    def path(self, number: int = 0) -> Path:
        return self.vault.path(self.snapshot.files[number].sha256)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


@pytest.fixture(params=["as the lab keeps it", "with files of its own"])
def mounted(request: pytest.FixtureRequest, kept: Kept, cells: Cells) -> Path:
    """The snapshot's folder on the host, mounted wherever a dataset is."""
    folder = kept.storage.snapshot(kept.snapshot)
    if request.param == "with files of its own":
        give(folder)
    cells.data = {"jobs": folder}
    return folder


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


def change_files(folder: str) -> Any:
    import os
    import pathlib

    file, other, spare = f"{folder}/persons.parquet", f"{folder}/years.parquet", f"{folder}/spare"
    writing = os.O_RDWR

    def through(path: str) -> None:
        os.close(os.open(path, writing))

    def by_descriptor() -> None:
        descriptor = os.open(file, os.O_RDONLY)
        try:
            through(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)

    def by_folder() -> None:
        place = os.open(folder, os.O_PATH)
        try:
            os.close(os.open("years.parquet", writing, dir_fd=place))
        finally:
            os.close(place)

    def over_itself() -> None:
        os.symlink("/etc/hostname", spare)
        os.replace(spare, other)

    def unnamed() -> None:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY)
        try:
            os.link(f"/proc/self/fd/{descriptor}", f"{folder}/unnamed", src_dir_fd=descriptor)
        finally:
            os.close(descriptor)

    attempts = {
        "create": lambda: pathlib.Path(f"{folder}/new").write_text("x"),
        "folder": lambda: os.mkdir(f"{folder}/sub"),
        "pipe": lambda: os.mkfifo(f"{folder}/pipe"),
        "unnamed": unnamed,
        "open": lambda: through(file),
        "append": lambda: os.close(os.open(file, os.O_WRONLY | os.O_APPEND)),
        "truncate": lambda: os.truncate(other, 3),
        "chmod": lambda: os.chmod(file, 0o766),
        "chmod folder": lambda: os.chmod(folder, 0o776),
        "chown": lambda: os.chown(file, os.getuid(), os.getgid()),
        "touch": lambda: os.utime(file, (1, 1)),
        "attribute": lambda: os.setxattr(file, "user.a", b"b"),
        "by descriptor": by_descriptor,
        "by folder": by_folder,
        "by own root": lambda: through(f"/proc/self/root{file}"),
        "by first process": lambda: through(f"/proc/1/root{file}"),
        "by first process's folder": lambda: through(f"/proc/1/cwd/..{file}"),
        "hard link inside": lambda: os.link(file, f"{folder}/hard"),
        "symbolic link": lambda: os.symlink("/etc", f"{folder}/soft"),
        "rename": lambda: os.rename(file, f"{folder}/moved"),
        "symbolic link over": over_itself,
        "unlink": lambda: os.unlink(other),
    }
    done = []
    for name, attempt in attempts.items():
        try:
            attempt()
            done.append(name)
        except OSError:
            pass
    return done


WITH_A_WRITABLE_MOUNT = {
    "create", "folder", "pipe", "unnamed", "open", "append", "truncate", "chmod", "chmod folder", "chown", "touch",
    "by descriptor", "by folder", "by own root", "by first process", "by first process's folder", "hard link inside",
    "symbolic link", "rename", "symbolic link over", "unlink",
}  # fmt: skip


def change_memory(folder: str) -> Any:
    import ctypes
    import mmap
    import os

    file = f"{folder}/persons.parquet"
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    reading = os.open(file, os.O_RDONLY)

    def shared() -> None:
        descriptor = os.open(file, os.O_RDWR)
        with mmap.mmap(descriptor, 0) as memory:
            memory[8] ^= 255

    def unprotected() -> None:
        descriptor = os.open(file, os.O_RDWR)
        place = libc.mmap(None, 4096, 1, 1, descriptor, 0)
        if libc.mprotect(place, 4096, 3) != 0:
            raise OSError
        ctypes.memset(place + 16, 65, 1)

    def unprotected_reading() -> None:
        place = libc.mmap(None, 4096, 1, 1, reading, 0)
        if libc.mprotect(place, 4096, 3) != 0:
            raise OSError
        ctypes.memset(place + 16, 65, 1)

    def punched() -> None:
        if libc.fallocate(reading, 3, ctypes.c_long(0), ctypes.c_long(64)) != 0:
            raise OSError

    def spliced() -> None:
        # CVE-2022-0847: what follows one spliced byte in a pipe is written into the file's page.
        inner, outer = os.pipe()
        while os.write(outer, bytes(4096)) and len(os.read(inner, 4096)) < 4096:
            pass
        if libc.splice(reading, ctypes.byref(ctypes.c_long(31)), outer, None, 1, 0) != 1:
            raise OSError
        os.write(outer, b"spliced")
        if os.pread(reading, 7, 32) != b"spliced":
            raise OSError

    attempts = {
        "shared memory": shared,
        "unprotected memory": unprotected,
        "unprotected reading": unprotected_reading,
        "punched hole": punched,
        "splice": spliced,
        "own memory": lambda: os.pwrite(os.open("/proc/self/mem", os.O_RDWR), b"x", 0),
    }
    done = []
    for name, attempt in attempts.items():
        try:
            attempt()
            done.append(name)
        except OSError:
            pass
    return done


def mount_over(folder: str, own: str) -> Any:
    import ctypes
    import os

    libc = ctypes.CDLL(None, use_errno=True)
    bind, remount, move, recursive = 4096, 32, 8192, 16384
    calls = {
        "remount": (b"none", folder, b"none", remount | bind),
        "remount all": (b"none", "/", b"none", remount | bind | recursive),
        "bind over": (own.encode(), folder, b"none", bind),
        "bind away": (folder.encode(), own, b"none", bind),
        "move": (folder.encode(), own, b"none", move),
        "scratch over": (b"none", folder, b"tmpfs", 0),
        "overlay": (b"none", folder, b"overlay", 0),
    }
    done = [name for name, (a, b, c, d) in calls.items() if libc.mount(a, b.encode(), c, d, None) == 0]
    if libc.umount2(folder.encode(), 2) == 0:
        done.append("unmount")
    if os.fork() == 0:
        os._exit(0 if libc.unshare(0x10000000 | 0x20000) == 0 else 1)
    if os.wait()[1] == 0:
        done.append("own name spaces")
    return done


@SEEING
def test_no_file_of_a_dataset_is_changed_from_inside(cells: Cells, mounted: Path, purpose: Purpose) -> None:
    before = seen_on_the_host(mounted)
    assert cells.run(change_files, purpose, folder=FOLDER).said == []
    assert cells.run(change_memory, purpose, folder=FOLDER).said == []
    assert seen_on_the_host(mounted) == before


def writable_mounts(body: Body) -> None:
    for mount in body["HostConfig"]["Mounts"]:
        mount["ReadOnly"] = False


def test_every_change_succeeds_in_a_container_with_a_writable_mount(cells: Cells, kept: Kept) -> None:
    folder = kept.storage.snapshot(kept.snapshot)
    give(folder)
    cells.data = {"jobs": folder}
    before = seen_on_the_host(folder)
    memory = cells.run(change_memory, weaken=writable_mounts, folder=FOLDER).said
    assert {"shared memory", "unprotected memory"} <= set(memory)
    assert set(cells.run(change_files, weaken=writable_mounts, folder=FOLDER).said) >= WITH_A_WRITABLE_MOUNT
    assert seen_on_the_host(folder) != before


@SEEING
def test_nothing_is_mounted_over_a_dataset_and_it_is_not_mounted_anew(
    cells: Cells, mounted: Path, purpose: Purpose
) -> None:
    before = seen_on_the_host(mounted)
    assert cells.run(mount_over, purpose, folder=FOLDER, own="/tmp").said == []
    assert seen_on_the_host(mounted) == before


def test_mounts_succeed_in_a_container_with_the_power_to(cells: Cells, kept: Kept) -> None:
    cells.data = {"jobs": kept.storage.snapshot(kept.snapshot)}
    weak = root(CapAdd=["SYS_ADMIN"], SecurityOpt=["seccomp=unconfined"])
    said = cells.run(mount_over, weaken=weak, folder=FOLDER, own="/tmp").said
    assert {"remount", "bind over", "bind away", "scratch over", "unmount", "own name spaces"} <= set(said)


def hard_link_out(folder: str, outside: list[str]) -> Any:
    import os

    done = []
    for elsewhere in outside:
        try:
            os.link(f"{folder}/persons.parquet", f"{elsewhere}/hard")
            done.append(elsewhere)
        except OSError:
            pass
    return done


@SEEING
def test_no_file_of_a_dataset_gets_a_name_elsewhere(cells: Cells, mounted: Path, purpose: Purpose) -> None:
    outside = ["/home/scientist", "/project", "/outputs", "/run/nb", "/progress", "/out", "/tmp", "/dev/shm"]
    assert cells.run(hard_link_out, purpose, folder=FOLDER, outside=outside).said == []


def test_a_file_gets_a_name_elsewhere_where_one_writable_mount_holds_both(cells: Cells, kept: Kept) -> None:
    folder = kept.storage.snapshot(kept.snapshot)
    give(folder)
    (folder / "out").mkdir(mode=0o777)
    (folder / "out").chmod(0o777)
    cells.data = {"jobs": folder}
    said = cells.run(hard_link_out, weaken=writable_mounts, folder=FOLDER, outside=[f"{FOLDER}/out"]).said
    assert said == [f"{FOLDER}/out"]


def read_mounted(folder: str) -> Any:
    import hashlib
    import json
    import os
    import pathlib

    manifest = pathlib.Path(f"{folder}/manifest.json").read_bytes()
    listed = {f["path"]: f["sha256"] for f in json.loads(manifest)["files"]}
    names = sorted(set(os.listdir(folder)) - {"manifest.json"})
    there = {name: hashlib.sha256(pathlib.Path(f"{folder}/{name}").read_bytes()).hexdigest() for name in names}
    return [hashlib.sha256(manifest).hexdigest(), listed == there]


@SEEING
def test_a_mount_shows_exactly_what_its_digest_names(cells: Cells, mounted: Path, kept: Kept, purpose: Purpose) -> None:
    assert cells.run(read_mounted, purpose, folder=FOLDER).said == [kept.snapshot.digest, True]
    assert mounted.name == kept.snapshot.digest


@pytest.mark.parametrize("harm", ["a flipped bit", "one more file"])
def test_a_mount_that_shows_something_else_is_noticed_from_inside(cells: Cells, kept: Kept, harm: str) -> None:
    folder = kept.storage.snapshot(kept.snapshot)
    cells.data = {"jobs": folder}
    if harm == "a flipped bit":
        kept.path().write_bytes(one_bit(kept.path().read_bytes()))
    else:
        (folder / "more.parquet").write_bytes(b"PAR1")
    assert cells.run(read_mounted, folder=FOLDER).said == [kept.snapshot.digest, False]


def change_a_bit(path: Path) -> None:
    path.write_bytes(one_bit(path.read_bytes()))


def cut_short(path: Path) -> None:
    os.truncate(path, 4)


def take_away(path: Path) -> None:
    path.unlink()


def put_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def put_a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


@pytest.mark.parametrize("moment", ["before the first mount", "after it"])
@pytest.mark.parametrize("harm", [change_a_bit, cut_short, take_away, put_a_folder, put_a_link])
def test_a_file_that_is_not_what_was_registered_is_never_mounted(kept: Kept, harm: Harm, moment: str) -> None:
    harm(kept.path() if moment == "before the first mount" else kept.storage.snapshot(kept.snapshot) / PERSONS)
    for _ in range(2):
        with pytest.raises(ConflictError, match="missing or was changed") as said:
            kept.storage.snapshot(kept.snapshot)
        assert said.value.reason == "vault-changed"


def test_a_snapshot_whose_file_was_restored_before_the_first_mount_is_mounted(kept: Kept) -> None:
    content = kept.path().read_bytes()
    take_away(kept.path())
    with pytest.raises(ConflictError):
        kept.storage.snapshot(kept.snapshot)
    kept.path().write_bytes(content)
    assert (kept.storage.snapshot(kept.snapshot) / PERSONS).read_bytes() == content


def test_a_snapshot_that_many_mount_at_once_for_the_first_time_is_built_once_and_stays(kept: Kept) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(lambda _: kept.storage.snapshot(kept.snapshot), range(16)))
    place = os.open(folders.pop(), os.O_PATH)
    assert kept.storage.snapshot(kept.snapshot).stat().st_ino == os.fstat(place).st_ino
    os.close(place)
    assert folders == set()


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
