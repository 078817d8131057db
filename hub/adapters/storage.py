"""Folders that containers see, on loop images whose size is a hard limit.

Invariants:

* a project's folders lie on a disk of its own, and so does what a piece of work writes: nobody fills another's;
* what a container wrote is looked at by ``intake`` alone, which follows no link;
* snapshots are mounted by ``snapshots``, hashed each time.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from datasets_mount.catalogue import Snapshot
from datasets_mount.images import ImageFile, ImageKind, SnapshotImage
from hub.adapters.disks import Disks, room_of
from hub.adapters.host import Host
from hub.adapters.intake import open_file, walk
from hub.adapters.snapshot_files import link_or_copy
from hub.adapters.snapshot_kind import snapshot_kind
from hub.adapters.snapshots import SnapshotMounts
from hub.adapters.vault import FolderVault, full_disk_said
from hub.adapters.work_folders import ScratchFolders
from hub.domain.errors import ConflictError, LabError, UnavailableError
from hub.domain.projects import Room
from hub.domain.runs import OutputFile
from hub.domain.space import Place, PlaceName
from hub.domain.uploads import Stored
from hub.services.ports import ProjectFolders, WorkFolders
from hub.settings import Settings
from spawner_config.gateway_client import GatewayClient
from spawner_config.isolation import LOWEST_UID
from spawner_config.server_folder import remove_folder, servers_folder

PROGRESS = re.compile(rb"(\d{1,4})/(\d{1,4})\n?")


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


class PlainStorage:
    """Where everything lies, and what anybody of the lab may do there; what needs power is left to two heirs."""

    def __init__(self, settings: Settings, vault: FolderVault) -> None:
        self._settings = settings
        self._vault = vault
        self._state = settings.state

    def project_folders(self, project: str) -> ProjectFolders:
        """Return where a project's folders are."""
        top = self._state / "projects" / project
        runs_seen = self._state / "mounts" / project / "runs"
        return ProjectFolders(top / "home", top / "shared", top / "outputs", top / "runs", runs_seen)

    def room(self, project: str) -> Room:
        """Return how much room a project has and uses."""
        return room_of(self._state / "projects" / project, self._settings.storage.project)

    def work_folders(self, work: str) -> WorkFolders:
        """Return where the folders of a piece of work are."""
        top = self._state / "scratch" / work
        return WorkFolders(top / "in", top / "out", top / "progress")

    def work_out(self, work: str) -> Path:
        """Return where the work wrote its results."""
        return self._state / "scratch" / work / "out"

    def fragments_folder(self, work: str) -> Path:
        """Return where what a reader wrote is shown to the checker."""
        return self._state / "scratch" / work / "fragments"

    def works(self) -> list[str]:
        """Return the identifiers of the works that have folders."""
        scratch = self._state / "scratch"
        return sorted(p.name for p in scratch.iterdir() if p.is_dir()) if scratch.exists() else []

    def places(self) -> list[Place]:
        """Return the places that the lab writes to, with what is free there."""
        return [Place(name, free_bytes(folder)) for name, folder in written_folders(self._settings).items()]

    def servers(self) -> list[str]:
        """Return the identifiers of the workspaces' servers that have folders."""
        folder = servers_folder(self._state)
        return sorted(place.name for place in folder.iterdir()) if folder.exists() else []

    def loose_loops(self) -> set[str]:
        """Return loop devices over images of this lab that are mounted nowhere, each as its device and its image."""
        mounted = _mounted_devices()
        return {
            f"{device} {image}"
            for device, image in _loops()
            if image.is_relative_to(self._state) and device not in mounted
        }

    def put(self, folder: Path, name: str, content: bytes) -> None:
        """Write a small file for a container to read, whole or not at all."""
        part = folder / f".{name}.part"
        with full_disk_said():
            part.unlink(missing_ok=True)
            part.write_bytes(content)
            part.chmod(0o444)
            part.rename(folder / name)

    def link(self, folder: Path, name: str, source: Path) -> None:
        """Give a vault file a second name where a container reads it."""
        with full_disk_said():
            (folder / name).unlink(missing_ok=True)
            link_or_copy(source, folder / name)

    def walked(self, folder: Path) -> list[tuple[str, bool]]:
        """Return (path, is a plain file) of everything below a folder that a container wrote."""
        raise NotImplementedError

    def opened(self, folder: Path, path: str) -> AbstractContextManager[int]:
        """Hold a plain file open that a container wrote."""
        raise NotImplementedError

    def progress(self, work: str) -> tuple[int, int] | None:
        """Return (done, of how many); anything but two small numbers is ignored, since the container may forge it."""
        folder = self._state / "scratch" / work / "progress"
        try:
            with self.opened(folder, "progress") as opened:
                match = PROGRESS.fullmatch(os.read(opened, 32))
        except (LabError, OSError):
            return None
        return (int(match[1]), int(match[2])) if match and int(match[1]) <= int(match[2]) else None

    def listing(self, folder: Path) -> tuple[list[OutputFile], int]:
        """Return the plain files below a folder with digest and size, and how many other things were left out."""
        files, left_out = [], 0
        for path, plain in self.walked(folder):
            if not plain:
                left_out += 1
                continue
            stored = self.copy_in(folder, path, self._settings.storage.project)
            files.append(OutputFile(path, stored.sha256, stored.size))
        return files, left_out

    def copy_in(self, folder: Path, path: str, limit: int) -> Stored:
        """Copy a plain file, reached without following links, into the vault."""
        with self.opened(folder, path) as opened, os.fdopen(os.dup(opened), "rb") as file:
            return self._vault.add(file, limit)


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
        for folder in (folders.home, folders.outputs, folders.runs):
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
        if loop in self.loose_loops():
            self._host.detach(loop.partition(" ")[0])

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


def close_at_gateway(state: Path, server: str) -> None:
    """Let the gateway forget a server; one that is down finds no folder when it comes back."""
    with suppress(UnavailableError):
        asyncio.run(GatewayClient(state).close(server))


def written_folders(settings: Settings) -> dict[PlaceName, Path]:
    """Return the folders that the lab writes to; a database that is no file of ours is not among them."""
    folders = {PlaceName.STATE: settings.state, PlaceName.VAULT: settings.vault_folder}
    if settings.database.startswith("sqlite:///"):
        folders[PlaceName.DATABASE] = Path(settings.database.removeprefix("sqlite:///")).parent
    return folders


def free_bytes(folder: Path) -> int:
    """Bytes that the lab may still write there."""
    return shutil.disk_usage(existing(folder)).free


def existing(folder: Path) -> Path:
    """A folder that is yet to be made lies where the nearest one that is there does."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _loops() -> list[tuple[str, Path]]:
    """Loop devices in use, each with its image; the kernel marks an image that was deleted."""
    found = []
    for told in sorted(Path("/sys/block").glob("loop*/loop/backing_file")):
        with suppress(OSError):
            image = told.read_text().rstrip("\n").removesuffix(" (deleted)")
            found.append((f"/dev/{told.parts[3]}", Path(image)))
    return found


def _mounted_devices() -> set[str]:
    """Devices that are mounted somewhere, as the kernel lists them."""
    lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    return {line.partition(" - ")[2].split(" ")[1] for line in lines}
