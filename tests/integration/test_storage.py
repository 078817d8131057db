"""Facts about the folders that containers see, on real loop images."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from hub.adapters.host import Host
from hub.adapters.power.storage import AskedStorage
from hub.adapters.processes.alone import privileged_process
from hub.adapters.snapshots import SEALED_FLAGS
from hub.adapters.storage import LoopStorage
from hub.adapters.vault import FolderVault
from hub.domain.errors import ConflictError, InvalidError, UnavailableError
from hub.domain.space import PlaceName
from hub.host_wiring import storage_from
from hub.settings import Login, Settings, Storage, load_settings
from spawner_config.isolation_host import door
from spawner_config.server_folder import mount_socket_folder, server_folder

UID = 234567
SIZE = 16 * 2**20


class Asked(AskedStorage):
    """The storage of a process that has no power, and asks for each deed."""

    def unmount_all(self) -> None:
        storage_from(self._settings).unmount_all()


@pytest.fixture(params=["with power", "asked"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LoopStorage | Asked]:
    config = tmp_path / "lab.toml"
    config.write_text('state = "."\n[login]\ndemo = true\n[storage]\nproject = "16M"\nscratch = "16M"\n')
    settings = load_settings(config)
    vault = FolderVault(settings.state / "vault")
    if request.param == "with power":
        made = LoopStorage(settings, vault, Host("datalab/workspace:current", "datalab"))
        yield made
        made.unmount_all()
        return
    with privileged_process(settings, config):
        asked = Asked(settings, vault)
        yield asked
    asked.unmount_all()


def test_a_project_that_fills_its_disk_fills_nobody_elses(storage: LoopStorage) -> None:
    full, other = storage.project("full", UID), storage.project("other", UID + 1)
    with pytest.raises(OSError, match="No space"):
        (full.shared / "big").write_bytes(b"x" * 2 * SIZE)
    (other.shared / "small").write_bytes(b"x" * 2**20)


def test_folders_belong_to_the_projects_own_number(storage: LoopStorage) -> None:
    folders = storage.project("care", UID)
    own = [folders.shared, storage.member(folders.home, "scientist", UID), storage.run_outputs("care", UID, "run-1")]
    assert {(p.stat().st_uid, p.stat().st_mode & 0o7) for p in own} == {(UID, 0)}
    assert folders.home.stat().st_uid == os.geteuid()


def test_mounting_twice_and_at_once_mounts_once(storage: LoopStorage) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: storage.project("care", UID), range(12)))
    top = str(storage.project("care", UID).home.parent)
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    assert mounts.count(top) == 1
    options = next(line for line in Path("/proc/mounts").read_text().splitlines() if f" {top} " in line)
    assert {"nosuid", "nodev", "noexec"} <= set(options.split()[3].split(","))


def test_what_was_written_is_there_after_unmounting_and_mounting(storage: LoopStorage) -> None:
    (storage.project("care", UID).shared / "kept").write_text("kept")
    storage.unmount_all()
    assert not os.path.ismount(storage.project("other", UID).home.parent.parent / "care")
    assert (storage.project("care", UID).shared / "kept").read_text() == "kept"


def test_an_image_that_was_being_made_when_the_lab_died_is_made_again(storage: LoopStorage, tmp_path: Path) -> None:
    (tmp_path / "projects").mkdir()
    (tmp_path / "projects" / "care.part").write_bytes(b"half")
    assert storage.project("care", UID).shared.exists()


def test_a_disk_too_small_for_an_image_is_said(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(small)], check=True)
    try:
        settings = Settings(state=small, login=Login(demo=True), storage=Storage(project=SIZE))
        made = LoopStorage(settings, FolderVault(small / "vault"), Host("none", "datalab"))
        with pytest.raises(UnavailableError, match="full"):
            made.project("care", UID)
        with pytest.raises(UnavailableError, match="full"):
            FolderVault(small / "vault").add(BytesIO(b"x" * 2**21), 2**24)
        assert [p for p in (small / "vault").rglob("*") if p.is_file()] == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.parametrize("word", ["3/9", "9/9", "0/1"])
def test_progress_is_two_small_numbers(storage: LoopStorage, word: str) -> None:
    folders = storage.run("run-1", UID)
    (folders.progress / "progress").write_text(word)
    done, of = word.strip().split("/")
    assert storage.progress("run-1") == (int(done), int(of))


@pytest.mark.parametrize("word", ["", "9/3", "3/9 secret", "12345/99999", "a/b", "3/9\n", "03/9", "1/1001", "٣/٩"])
def test_forged_progress_is_ignored(storage: LoopStorage, word: str) -> None:
    folders = storage.run("run-1", UID)
    (folders.progress / "progress").write_text(word)
    assert storage.progress("run-1") is None


def test_progress_that_is_a_link_or_a_pipe_is_ignored_and_nothing_hangs(storage: LoopStorage, tmp_path: Path) -> None:
    folders = storage.run("run-1", UID)
    (tmp_path / "secret").write_text("3/9")
    (folders.progress / "progress").symlink_to(tmp_path / "secret")
    assert storage.progress("run-1") is None
    (folders.progress / "progress").unlink()
    os.mkfifo(folders.progress / "progress")
    assert storage.progress("run-1") is None


def test_outputs_are_listed_with_their_digests_and_special_files_are_counted(storage: LoopStorage) -> None:
    outputs = storage.run_outputs("care", UID, "run-1")
    (outputs / "table.csv").write_text("a\n1\n")
    (outputs / "link").symlink_to("/etc/passwd")
    os.mkfifo(outputs / "pipe")
    files, left_out = storage.listing(outputs)
    assert ([f.path for f in files], left_out) == (["table.csv"], 2)
    with pytest.raises(InvalidError):
        storage.copy_in(outputs, "link", 100)


def test_a_vault_on_a_disk_of_its_own_is_measured_apart(tmp_path: Path) -> None:
    vault_disk = tmp_path / "vault"
    vault_disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8M", "datalab-test", str(vault_disk)], check=True)
    try:
        settings = Settings(state=tmp_path / "state", login=Login(demo=True), vault=str(vault_disk))
        settings.state.mkdir()
        made = LoopStorage(settings, FolderVault(settings.vault_folder), Host("none", "datalab"))
        free = {place.name: place.free for place in made.places()}
        assert free[PlaceName.VAULT] <= 2**23 < free[PlaceName.STATE]
        assert free[PlaceName.DATABASE] == pytest.approx(free[PlaceName.STATE], rel=0.01)
    finally:
        subprocess.run(["umount", "--lazy", str(vault_disk)], check=True)


def test_what_is_left_of_a_server_is_listed_and_forgotten(storage: LoopStorage, tmp_path: Path) -> None:
    folder = server_folder(storage._state, "a" * 16)
    (folder / "nb").mkdir(parents=True)
    mount_socket_folder(folder / "nb", 200_777)
    assert storage.servers() == ["a" * 16]
    for _ in range(2):
        storage.forget_server("a" * 16)
    assert storage.servers() == []
    assert str(folder) not in Path("/proc/self/mountinfo").read_text()


def test_a_folder_of_one_project_is_never_given_to_anothers_number(storage: LoopStorage) -> None:
    shared = storage.project("care", UID).shared
    with pytest.raises(ConflictError, match="belongs to another"):
        storage.project("care", UID + 1)
    assert shared.stat().st_uid == UID


@pytest.mark.parametrize("name", [b"\xff.csv", b"new\nline", b"x" * 255])
def test_a_name_that_cannot_be_written_down_is_only_counted(storage: LoopStorage, name: bytes) -> None:
    outputs = storage.run_outputs("care", UID, "run-1")
    Path(os.fsdecode(os.fsencode(outputs) + b"/" + name)).write_text("a")
    files, left_out = storage.listing(outputs)
    assert len(files) + left_out == 1
    assert left_out == (name != b"x" * 255)


def test_a_project_is_given_more_room_and_never_less(storage: LoopStorage) -> None:
    storage.project("care", UID)
    for size in (2 * SIZE, SIZE):
        storage.grow("care", UID, size)
        assert storage.room("care").size == 2 * SIZE
    with pytest.raises(ConflictError):
        storage.grow("care", UID + 1, 4 * SIZE)


def test_what_a_reader_wrote_and_what_runs_left_is_shown_read_only(storage: LoopStorage) -> None:
    out = storage.work("read-1", UID).out
    (out / "fragments").mkdir()
    (out / "fragments" / "link").symlink_to("/etc/hostname")
    for seen in (storage.fragments("read-1"), storage.project("care", UID).runs_seen):
        assert os.statvfs(seen).f_flag & SEALED_FLAGS == SEALED_FLAGS
        with pytest.raises(OSError, match="Read-only"):
            (seen / "new").touch()
    with pytest.raises(OSError, match="symbolic links"):
        (storage.fragments("read-1") / "link").read_text()
    storage.forget_work("read-1")
    assert storage.works() == []


def test_a_docker_groups_member_finds_every_program_of_the_machine_through_the_door() -> None:
    """What root does directly, such a member does through a container whose image has a path of its own."""
    used = {word for line in inspect.getsource(Host).splitlines() for word in re.findall(r'_run\("(\w+)"', line)}
    assert {"mount", "umount", "losetup", "blockdev", "resize2fs", "chown", "chmod", "rm"} <= used
    look = ["/bin/sh", "-c", 'for program; do command -v "$program" || exit 1; done', "look", *sorted(used)]
    through = [*door("datalab", "datalab/workspace:current", os.getpid()), *look]
    assert subprocess.run(through, check=False, capture_output=True, text=True).returncode == 0
    without = [word for word in through if not word.startswith("--env=PATH")]
    assert subprocess.run(without, check=False, capture_output=True, text=True).returncode == 1
