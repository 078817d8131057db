"""The few things that need root on the host: mount and unmount a loop image, give a folder to a container's user.

As root they are done directly. A member of the docker group has root's power through the engine already, and the same
commands are run by it in the host's own name spaces; nothing else in the lab asks for that.
"""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hub.adapters.checked_device import CHECKED_DEVICE, close_checked, open_checked
from hub.adapters.mount_table import is_mounted
from hub.domain.errors import UnavailableError
from spawner_config.isolation import SEALED
from spawner_config.isolation_host import (
    DISK_FLAGS,
    FLAGS_ANEW,
    ROOTS_PATH,
    SEALED_DEVICE,
    SHOWN_AGAIN,
    door,
    progress_folder_flags,
    socket_folder_flags,
)

READ_AHEAD = "8192"
"""Sectors, so 4 MB: with the kernel's own 128 KB, a cold scan takes one and a half times as long."""


@dataclass(frozen=True, slots=True)
class Host:
    """Runs a fixed set of commands as root; ``image`` is any local image of the lab."""

    image: str
    label: str

    def mount_image(self, image: Path, folder: Path) -> None:
        """Mount a loop image without devices, set-user-ids and executables."""
        self._run("mount", "-o", DISK_FLAGS, str(image), str(folder))

    def mount_snapshot(self, image: Path, folder: Path) -> None:
        """Mount a snapshot's image on a loop device of its own: ``mount -o loop`` would share one between projects."""
        with self._loop(image) as device:
            self.mount_device(device, folder)

    @contextmanager
    def checked(self, image: Path, hashes: Path, root: str) -> Iterator[str]:
        """Let the kernel check each block of an image when it is read, by its tree of hashes; give the device of it."""
        device = f"{CHECKED_DEVICE}{secrets.token_hex(8)}"
        with self._loop(image) as data, self._loop(hashes) as beside:
            self._run(*open_checked(device, data, beside, root, image.stat().st_size))
            try:
                yield device
            finally:
                self.detach(device)

    def mount_device(self, device: str, folder: Path) -> None:
        """Mount a snapshot's file system from a device that is its own."""
        self._run("blockdev", "--setra", READ_AHEAD, device)
        self._run("mount", "-t", "erofs", "-o", ",".join(SEALED), device, str(folder))

    @contextmanager
    def _loop(self, image: Path) -> Iterator[str]:
        device = self._run("losetup", "--find", "--show", SEALED_DEVICE, str(image)).strip()
        try:
            # For speed alone: each block is in memory once; not every file system under it can.
            with suppress(UnavailableError):
                self._run("losetup", "--direct-io=on", device)
            yield device
        finally:
            self.detach(device)  # One that is in use goes with its last use.

    def bind_sealed(self, source: Path, folder: Path) -> None:
        """Show a folder a second time, read-only, without what is mounted below it."""
        self._run("mount", SHOWN_AGAIN, str(source), str(folder))
        self._run("mount", "-o", ",".join((FLAGS_ANEW, *SEALED)), str(folder))

    def grow_image(self, device: Path) -> None:
        """Let a mounted file system take what its image has grown by; the kernel asks for a power of its own."""
        self._run("losetup", "--set-capacity", str(device))
        self._run("resize2fs", str(device))

    def mount_progress_folder(self, folder: Path, uid: int) -> None:
        """Mount the few bytes of memory in which a run tells its progress."""
        self._run("mount", "-t", "tmpfs", "-o", progress_folder_flags(uid), "datalab", str(folder))

    def mount_socket_folder(self, folder: Path, uid: int) -> None:
        """Mount the small file system in which a container's user makes the workspace's socket."""
        self._run("mount", "-t", "tmpfs", "-o", socket_folder_flags(uid), "datalab", str(folder))

    def unmount(self, folder: Path) -> None:
        """Unmount a folder; its loop device goes with it."""
        self._run("umount", str(folder))

    def unmount_all(self, folder: Path) -> None:
        """Take away every mount on a folder, also one that a container still holds."""
        while is_mounted(folder):
            self._run("umount", "--lazy", str(folder))

    def detach(self, device: str) -> None:
        """Let go of a device of the lab's; one that is still in use goes when its last use ends."""
        if device.startswith(CHECKED_DEVICE):
            self._run(*close_checked(device))
        else:
            self._run("losetup", "--detach", device)

    def give(self, folder: Path, uid: int) -> None:
        """Make one folder (not what is in it) the property of a container's user, closed to others."""
        self._run("chown", f"{uid}:{uid}", str(folder))
        self._run("chmod", "0750" if os.geteuid() == 0 else "0755", str(folder))

    def make_own(self, folder: Path) -> None:
        """Make a file system's top folder the property of the lab's user."""
        self._run("chown", f"{os.geteuid()}:{os.getegid()}", str(folder))

    def remove_tree(self, folder: Path) -> None:
        """Remove a folder whose files belong to a container's user."""
        self._run("rm", "-rf", "--one-file-system", str(folder))

    def _run(self, *command: str) -> str:
        path = os.pathsep.join([os.environ.get("PATH", os.defpath), ROOTS_PATH])
        done = subprocess.run(
            [*self._as_root(), *command], env=os.environ | {"PATH": path}, capture_output=True, check=False, timeout=60
        )
        if done.returncode != 0:
            raise UnavailableError(
                "“{command}” failed on the host; the lab needs root, or membership of the docker group.",
                reason="host-command",
                command=command[0],
            )
        return done.stdout.decode()

    def _as_root(self) -> tuple[str, ...]:
        if os.geteuid() == 0:
            return ()
        # This very process stands in the host's mount name space, whatever the machine's first process is.
        return door(self.label, self.image, os.getpid())
