"""Disks of fixed size in files: ext4 file systems on loop devices, each a hard limit of bytes and of files.

Invariants:

* an image's room is taken from the host's disk when it is made or grown, so that a full host cannot tear a file;
* an image appears whole or not at all, and never becomes smaller;
* nothing on it is a device, gains power or is executed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hub.adapters.host import Host
from hub.adapters.vault import full_disk_said
from hub.domain.errors import UnavailableError
from hub.domain.projects import Room

BYTES_A_FILE = 8192
"""So many bytes of the disk come with room for one more file: the limit of files grows with the size."""
PROGRAMS = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
SUPERBLOCK = 1024
LEAST_GROWTH = 2**20
LEAST_LEFT = 500 * 2**20
"""Stays free on the host's disk for the records, the vault and the logs."""
MENDED = 1
"""What e2fsck says when all is well after it mended something."""


class Disks:
    """Makes, mounts and grows images; each lies beside the folder that it is mounted on."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def mounted(self, folder: Path, size: int) -> None:
        """Mount the image beside the folder where that has not been done, made when it is not there."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        if os.path.ismount(folder):
            return
        with self._turn(folder):  # Hub, portal and worker may come here at the same moment.
            if not os.path.ismount(folder):
                self._mount(folder, size)

    @contextmanager
    def _turn(self, folder: Path) -> Iterator[None]:
        with (folder.parent / ".mounting").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _mount(self, folder: Path, size: int) -> None:
        image = image_of(folder)
        if not image.exists():
            part = image.with_suffix(".part")
            part.unlink(missing_ok=True)
            with full_disk_said(), part.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
            _make_file_system(part)
            part.rename(image)
        elif is_growing(image) and not is_attached(image):
            _resize(image)
        self._host.mount_image(image, folder)
        self._host.make_own(folder)

    def grow(self, folder: Path, size: int) -> None:
        """Make a mounted disk larger while it is used; one that is as large stays as it is.

        Where the kernel does not let this process resize what is mounted, the disk grows when it is mounted next.
        """
        with self._turn(folder), full_disk_said():
            self._check_room(folder, size)
            _lengthen(image_of(folder), size)
            with suppress(UnavailableError):
                self._host.grow_image(Path(f"/dev/loop{os.minor(folder.stat().st_dev)}"))

    def _check_room(self, folder: Path, size: int) -> None:
        """What others need of the host's disk is not given away."""
        more = size - image_of(folder).stat().st_size
        free = shutil.disk_usage(folder.parent).free - LEAST_LEFT
        if more > free:
            raise UnavailableError(
                "The lab's disk is too full for this: it can give {free} MB more. Free space, or name a smaller size.",
                reason="disk-short",
                free=max(free, 0) // 2**20,
            )


def room_of(folder: Path, size: int) -> Room:
    """Return how much room a disk has; of one that is not mounted or not made, the size alone is known."""
    image = image_of(folder)
    whole = image.stat().st_size if image.exists() else size
    if not os.path.ismount(folder):
        return Room(whole, 0, whole // BYTES_A_FILE, 0)
    now = os.statvfs(folder)
    used = (now.f_blocks - now.f_bfree) * now.f_frsize
    return Room(whole, used, now.f_files, now.f_files - now.f_ffree, is_growing(image))


def image_of(folder: Path) -> Path:
    """The image that is mounted on a folder."""
    return folder.with_suffix(".img")


def is_growing(image: Path) -> bool:
    """Say whether the file system does not fill its image yet, by what its superblock says (ext4, s_blocks_count)."""
    with image.open("rb") as file:
        file.seek(SUPERBLOCK)
        fields: tuple[int, ...] = struct.unpack("<7I", file.read(28))
        blocks, shift = fields[1], fields[6]
        return blocks * (1024 << shift) + LEAST_GROWTH < os.fstat(file.fileno()).st_size


def is_attached(image: Path) -> bool:
    """Say whether a loop device has the image; a container may still hold one that the host has unmounted."""
    devices = Path("/sys/block").glob("loop*/loop/backing_file")
    return any(device.read_text().strip() == str(image.resolve()) for device in devices)


def _resize(image: Path) -> None:
    """Let the file system on an image that is not mounted fill it."""
    for command in (["e2fsck", "-f", "-p", str(image)], ["resize2fs", str(image)]):
        done = subprocess.run(command, capture_output=True, check=False, timeout=600, env=PROGRAMS)
        if done.returncode > MENDED:
            raise UnavailableError(
                "A project's disk cannot be grown: {command} refused it. Tell the administrator.",
                reason="file-system",
                command=command[0],
            )


def _lengthen(image: Path, size: int) -> None:
    """Take more room for an image; what was taken of too little is given back."""
    with image.open("r+b") as file:
        before = os.fstat(file.fileno()).st_size
        if size <= before:
            return
        try:
            os.posix_fallocate(file.fileno(), before, size - before)
        except OSError:
            file.truncate(before)
            raise


def _make_file_system(image: Path) -> None:
    """Make an ext4 file system without a reserve for root: the limit is the size of the image."""
    options = ["-m", "0", "-i", str(BYTES_A_FILE), "-O", "^has_journal", "-E", "lazy_itable_init=1"]
    command = ["mkfs.ext4", "-q", "-F", *options, str(image)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120, env=PROGRAMS)
    if done.returncode != 0:
        raise UnavailableError(
            "mkfs.ext4 failed; install e2fsprogs, and look whether the disk is full.", reason="file-system"
        )
