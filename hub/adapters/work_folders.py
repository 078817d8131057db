"""The folders of a piece of work: no work can use up what another one needs.

::

    scratch/<work>/in         what it is asked; the lab writes, the container reads
    scratch/<work>/out        what a reader or checker writes: a disk of its own
    scratch/<work>/progress   what a run says of its progress: a file system of a few bytes in memory

Invariants:

* a container writes only where the room is its own, and a work that does not get its room does not start;
* what a work had is gone with it, whoever was killed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hub.adapters.accounts.given import to_worker
from hub.adapters.disks import Disks, image_of
from hub.adapters.host import Host
from hub.adapters.mount_table import is_mounted, mounts_below
from hub.adapters.vault import full_disk_said


class ScratchFolders:
    """Folders below one, each named as its work; ``given`` lets a folder be a container's user's own."""

    def __init__(self, top: Path, size: int, disks: Disks, host: Host, given: Callable[[Path, int], Path]) -> None:
        self._top = top
        self._size = size
        self._disks = disks
        self._host = host
        self._given = given

    def open(self, work: str) -> None:
        """Make where the lab writes what the work is asked."""
        with full_disk_said():
            # In a checker, the fragments that a reader wrote are mounted below what it is asked.
            (self._top / work / "in" / "fragments").mkdir(parents=True, exist_ok=True, mode=0o755)
            to_worker(self._top / work / "in")

    def open_out(self, work: str, uid: int) -> None:
        """Make and mount the disk on which the work writes its results."""
        self._disks.mounted(self._top / work / "out", self._size)
        self._given(self._top / work / "out", uid)

    def show_out(self, work: str) -> None:
        """Mount that disk again, if the work has one."""
        if image_of(self._top / work / "out").exists():
            self._disks.mounted(self._top / work / "out", self._size)

    def open_progress(self, work: str, uid: int) -> None:
        """Make and mount the few bytes in which a run says how far it is."""
        folder = self._top / work / "progress"
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        if not is_mounted(folder):
            self._host.mount_progress_folder(folder, uid)
        self._given(folder, uid)

    def forget(self, work: str) -> None:
        """Remove all that a work had."""
        folder = self._top / work
        if folder.exists():
            self._unmount_below(folder)
            self._host.remove_tree(folder)

    def unmount_all(self) -> None:
        """Unmount what works have; the lab is stopped."""
        if self._top.exists():
            self._unmount_below(self._top)

    def _unmount_below(self, folder: Path) -> None:
        for place in sorted(mounts_below(folder), reverse=True):
            self._host.unmount_all(place)
