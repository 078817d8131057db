"""What the use cases need of folders that containers see; one of the ports, which adapters stand behind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from datasets_mount.catalogue import Snapshot
from datasets_mount.images import ImageFile, ImageKind, SnapshotImage
from hub.domain.projects import Room
from hub.domain.runs import OutputFile
from hub.domain.space import Place
from hub.domain.uploads import Stored


@dataclass(frozen=True, slots=True)
class WorkFolders:
    """Host folders of one piece of work: what it is asked, what a reader or checker writes, a run's progress."""

    inside: Path
    out: Path
    progress: Path


@dataclass(frozen=True, slots=True)
class ProjectFolders:
    """Host folders of a project, on its own size-limited file system; ``runs_seen`` is ``runs``, to be read alone.

    ``held`` are outputs of runs that nobody sees yet: no workspace mounts it.
    """

    home: Path
    shared: Path
    outputs: Path
    runs: Path
    runs_seen: Path
    held: Path


class Storage(Protocol):
    """Folders that containers see."""

    def project(self, project: str, uid: int) -> ProjectFolders:
        """Return a project's folders, made and mounted when they are not."""

    def member(self, folder: Path, person: str, uid: int) -> Path:
        """Return a member's own folder below home or outputs, made when it is not there."""

    def run_outputs(self, project: str, uid: int, run: str) -> Path:
        """Return the empty outputs folder of a run, made when it is not there."""

    def held_outputs(self, project: str, uid: int, run: str) -> Path:
        """Return the outputs folder of a run whose outputs are held back, made when it is not there."""

    def show_run(self, project: str, uid: int, run: str) -> None:
        """Let people see what was held back of a run; what is shown already stays so.

        Raises ConflictError, and shows nothing, where there is more than ``listing`` gives.
        """

    def work(self, work: str, uid: int) -> WorkFolders:
        """Return the folders of a piece of work, made when they are not there; nobody else can fill them."""

    def fragments(self, work: str) -> Path:
        """Return where a checker finds what a reader wrote: a read-only mount that follows no link."""

    def run(self, run: str, uid: int) -> WorkFolders:
        """Return the folders of a run, made when they are not there; nobody else can fill them."""

    def room(self, project: str) -> Room:
        """Return how much room a project has and uses."""

    def grow(self, project: str, uid: int, size: int) -> None:
        """Give a project more room while it is used, never less; UnavailableError when the lab's disk is too full."""

    def work_out(self, work: str) -> Path:
        """Return where the work wrote its results."""

    def work_progress(self, work: str) -> Path:
        """Return where a run said how far it was and, at its end, what it used."""

    def progress(self, work: str) -> tuple[int, int] | None:
        """Return (done, of how many) as the work reports it, or None when it says nothing that can be trusted."""

    def put(self, folder: Path, name: str, content: bytes) -> None:
        """Write a small file for a container to read."""

    def link(self, folder: Path, name: str, source: Path) -> None:
        """Place a vault file for a container to read."""

    def forget_work(self, work: str) -> None:
        """Remove a piece of work's folders."""

    def turn(self) -> AbstractContextManager[bool]:
        """Hold the turn of the one worker that goes round; False while another has it. It ends with its process."""

    def works(self) -> list[str]:
        """Return the identifiers of the works that have folders."""

    def snapshot_kind(self) -> ImageKind:
        """Return how snapshots are mounted here."""

    def build_snapshot(self, snapshot: Snapshot) -> ImageFile:
        """Make what the snapshot is mounted from out of the vault's files; ConflictError when one was changed."""

    def mount_snapshot(self, snapshot: Snapshot, image: SnapshotImage, project: str) -> Path:
        """Return where the project's containers find it; ConflictError when image or vault were changed."""

    def release_snapshots(self, used: Callable[[], set[str]]) -> None:
        """Unmount snapshots that none of the folders used by containers is of, after a while."""

    def places(self) -> list[Place]:
        """Return the places that the lab writes to, with what is free there."""

    def servers(self) -> list[str]:
        """Return the identifiers of the workspaces' servers that have folders."""

    def forget_server(self, server: str) -> None:
        """Remove the folder of a server with its mount and sockets; one that is gone is fine."""

    def loose_loops(self) -> set[str]:
        """Return loop devices over images of this lab that are mounted nowhere; some are about to be."""

    def release_loop(self, loop: str) -> None:
        """Let go of such a device, if it is still what it was."""

    def listing(self, folder: Path) -> tuple[list[OutputFile], int]:
        """Return the regular files below a folder with digest and size, and how many other things were left out."""

    def copy_in(self, folder: Path, path: str, limit: int) -> Stored:
        """Copy a regular file with one link, reached without following links, into the vault."""
