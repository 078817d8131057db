"""Folders that containers see, as anybody of the lab may look at them: without power, which two heirs add.

Invariants:

* what a container wrote is reached through ``walked`` and ``opened`` alone, which follow no link;
* what stands there to be read is hashed on its way into the vault, and what says how far a run is may be forged.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from hub.adapters.disks import room_of
from hub.adapters.free_space import free_bytes, written_folders
from hub.adapters.loops import loose_loops
from hub.adapters.vault import FolderVault, full_disk_said
from hub.adapters.vault_trees import link_or_copy
from hub.domain.errors import LabError, UnavailableError
from hub.domain.projects import Room
from hub.domain.runs import OutputFile
from hub.domain.space import Place
from hub.domain.uploads import Stored
from hub.sandbox.progress import MOST_BYTES, parse_progress
from hub.services.storage_port import ProjectFolders, WorkFolders
from hub.settings import Settings
from spawner_config.server_folder import servers_folder


class PlainStorage(ABC):
    """Where everything lies, and what anybody of the lab may do there; what needs power is left to two heirs."""

    def __init__(self, settings: Settings, vault: FolderVault) -> None:
        self._settings = settings
        self._vault = vault
        self._state = settings.state

    def project_folders(self, project: str) -> ProjectFolders:
        """Return where a project's folders are."""
        top = self._state / "projects" / project
        runs_seen = self._state / "mounts" / project / "runs"
        return ProjectFolders(top / "home", top / "shared", top / "outputs", top / "runs", runs_seen, top / "held")

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

    def work_progress(self, work: str) -> Path:
        """Return where a run said how far it was and, at its end, what it used."""
        return self.work_folders(work).progress

    def fragments_folder(self, work: str) -> Path:
        """Return where what a reader wrote is shown to the checker."""
        return self._state / "scratch" / work / "fragments"

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Hold the turn of the one worker that goes round; False while another has it. It ends with its process."""
        opened = self._opened_scratch()
        try:
            yield _is_locked(opened)
        finally:
            os.close(opened)

    def _opened_scratch(self) -> int:
        scratch, how = self._state / "scratch", os.O_RDONLY | os.O_DIRECTORY
        try:
            return os.open(scratch, how)
        except FileNotFoundError:
            with full_disk_said():
                scratch.mkdir(parents=True, exist_ok=True, mode=0o750)
            return os.open(scratch, how)

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
        return loose_loops(self._state)

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

    @abstractmethod
    def walked(self, folder: Path) -> list[tuple[str, bool]]:
        """Return (path, is a plain file) of everything below a folder that a container wrote."""

    @abstractmethod
    def opened(self, folder: Path, path: str) -> AbstractContextManager[int]:
        """Hold a plain file open that a container wrote."""

    def looked_into(self, folder: Path, path: str) -> AbstractContextManager[int]:
        """Hold such a file open for somebody who only looks, and waits for nothing."""
        return self.opened(folder, path)

    def progress(self, work: str) -> tuple[int, int] | None:
        """Return (done, of how many); anything but two small numbers is ignored, since the container may forge it."""
        folder = self._state / "scratch" / work / "progress"
        try:
            with self.looked_into(folder, "progress") as opened:
                return parse_progress(os.read(opened, MOST_BYTES + 1))
        except (LabError, OSError):
            return None

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


def _is_locked(opened: int) -> bool:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def close_at_gateway(state: Path, server: str) -> None:
    """Let the gateway forget a server; one that is down finds no folder when it comes back."""
    from spawner_config.gateway_client import GatewayClient  # Late: a client of HTTP, for who asks nobody else by it.

    with suppress(UnavailableError):
        asyncio.run(GatewayClient(state).close(server))
