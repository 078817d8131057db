"""Folders that containers see, on loop images whose size is a hard limit.

Invariants:

* a project's folders lie on a disk of its own, and so does what a piece of work writes: nobody fills another's;
* what a container wrote is looked at by ``intake`` alone, which follows no link;
* snapshots are mounted by ``snapshots``, hashed each time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from datasets_mount.catalogue import Snapshot
from datasets_mount.images import ImageFile, ImageKind, SnapshotImage
from hub.adapters.disks import Disks
from hub.adapters.host import Host
from hub.adapters.intake import is_all_listed, open_file, walk
from hub.adapters.plain_storage import PlainStorage, close_at_gateway
from hub.adapters.snapshot_kind import snapshot_kind
from hub.adapters.snapshots import SnapshotMounts
from hub.adapters.vault import FolderVault, full_disk_said
from hub.adapters.work_folders import ScratchFolders
from hub.domain.errors import ConflictError, UnavailableError
from hub.services.storage_port import ProjectFolders, WorkFolders
from hub.settings import Settings
from spawner_config.isolation import LOWEST_UID
from spawner_config.server_folder import remove_folder


@contextmanager
def full_project_said() -> Iterator[None]:
    """Say that a project has used up its space: that is its own affair, and must not look like the lab's."""
    try:
        yield
    except UnavailableError as error:
        if error.reason != "disk-full":
            raise
        raise ConflictError(
            "The project's space is full; delete what is not needed from its folders, or ask for more.",
            reason="project-full",
        ) from error


class LoopStorage(PlainStorage):
    """Loop images and folders below the state folder, for who has the power to mount them."""

    disks: type[Disks] = Disks

    def __init__(self, settings: Settings, vault: FolderVault, host: Host) -> None:
        super().__init__(settings, vault)
        self._host = host
        self._disks = self.disks(host)
        scratch = settings.state / "scratch"
        self._scratch = ScratchFolders(scratch, settings.storage.scratch, self._disks, host, self._given)
        self.snapshots = SnapshotMounts(settings.state, vault, host, lambda: snapshot_kind(settings))

    def project(self, project: str, uid: int) -> ProjectFolders:
        """Return a project's folders, made and mounted when they are not."""
        folders = self.project_folders(project)
        self._disks.mounted(folders.home.parent, self._settings.storage.project)
        for folder in (folders.home, folders.outputs, folders.runs, folders.held):
            folder.mkdir(exist_ok=True, mode=0o755)
        self._given(folders.shared, uid)
        self._sealed(folders.runs, folders.runs_seen)
        return folders

    def _sealed(self, source: Path, folder: Path) -> Path:
        """Show a folder again where containers only read it."""
        return self.snapshots.seal(source, folder)

    def grow(self, project: str, uid: int, size: int) -> None:
        """Give a project more room while it is used."""
        folders = self.project(project, uid)
        self._disks.grow(folders.home.parent, size)

    def member(self, folder: Path, person: str, uid: int) -> Path:
        """Return a member's own folder below home or outputs."""
        with full_project_said():
            return self._given(folder / person, uid)

    def run_outputs(self, project: str, uid: int, run: str) -> Path:
        """Return the outputs folder of a run."""
        folders = self.project(project, uid)
        with full_project_said():
            return self._given(folders.runs / run, uid)

    def held_outputs(self, project: str, uid: int, run: str) -> Path:
        """Return the outputs folder of a run whose outputs nobody sees."""
        folders = self.project(project, uid)
        with full_project_said():
            return self._given(folders.held / run, uid)

    def show_run(self, project: str, uid: int, run: str) -> None:
        """Move a held folder, on its own disk and at once, to where workspaces read.

        The whole folder is seen then, so it holds nothing but what ``listing`` gave to be checked.
        """
        folders = self.project(project, uid)
        held, shown = folders.held / run, folders.runs / run
        if shown.exists() and not held.exists():
            return
        if shown.exists() or not held.is_dir() or not is_all_listed(held):
            raise ConflictError(
                "The run wrote hidden or special files, or empty folders, which no check has seen.",
                reason="run-unlisted",
            )
        held.rename(shown)

    def _given(self, folder: Path, uid: int) -> Path:
        """Let a folder be there that belongs to a container's user; what belongs to one is never given to another."""
        if not folder.exists():
            with full_disk_said():
                folder.mkdir(mode=0o755, exist_ok=True)
        owner = folder.lstat().st_uid
        if owner >= LOWEST_UID and owner != uid:
            raise ConflictError(
                "The folder {folder} belongs to another project or work; nothing was done. Tell the administrator.",
                reason="another-owner",
                folder=folder.name,
            )
        if owner != uid:
            self._host.give(folder, uid)
        return folder

    def work(self, work: str, uid: int) -> WorkFolders:
        """Return the folders of a reader or checker."""
        self._scratch.open(work)
        self._scratch.open_out(work, uid)
        return self.work_folders(work)

    def run(self, run: str, uid: int) -> WorkFolders:
        """Return the folders of a run, which has its outputs in its project."""
        self._scratch.open(run)
        self._scratch.open_progress(run, uid)
        return self.work_folders(run)

    def work_out(self, work: str) -> Path:
        """Return where the work wrote its results, mounted again after the machine was started anew."""
        self._scratch.show_out(work)
        return super().work_out(work)

    def fragments(self, work: str) -> Path:
        """Return where a checker finds what a reader wrote: hostile still, so no link in it is followed."""
        return self._sealed(self.work_out(work) / "fragments", self.fragments_folder(work))

    def forget_work(self, work: str) -> None:
        """Remove a piece of work's folders."""
        self._scratch.forget(work)

    def snapshot_kind(self) -> ImageKind:
        """Return how snapshots are mounted here."""
        return self.snapshots.kind()

    def build_snapshot(self, snapshot: Snapshot) -> ImageFile:
        """Make what the snapshot is mounted from."""
        return self.snapshots.build(snapshot)

    def mount_snapshot(self, snapshot: Snapshot, image: SnapshotImage, project: str) -> Path:
        """Return where the project's containers find the snapshot."""
        return self.snapshots.mount(snapshot, image, project)

    def release_snapshots(self, used: Callable[[], set[str]]) -> None:
        """Unmount what no container has."""
        self.snapshots.release(used)

    def forget_server(self, server: str) -> None:
        """Remove the folder of a server; a gateway that is down finds none when it comes back."""
        close_at_gateway(self._state, server)
        remove_folder(self._state, server, self._host.unmount_all)

    def release_loop(self, loop: str) -> None:
        """Let go of such a device, if it is still what it was."""
        device, _, image = loop.partition(" ")
        self.snapshots.release_loop(device, Path(image))

    def walked(self, folder: Path) -> list[tuple[str, bool]]:
        """Return (path, is a plain file) of everything below a folder that a container wrote."""
        return list(walk(folder))

    def opened(self, folder: Path, path: str) -> AbstractContextManager[int]:
        """Hold a plain file open that a container wrote."""
        return open_file(folder, path)

    def unmount_all(self) -> None:
        """Unmount every image of this lab."""
        self.snapshots.unmount_all()
        self._scratch.unmount_all()
        for folder in sorted((self._state / "projects").glob("*")):
            if os.path.ismount(folder):
                self._host.unmount(folder)
