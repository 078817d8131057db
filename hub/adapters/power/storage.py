"""The lab's storage for a process without power: what needs root is asked of the privileged process, name by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from pydantic import BaseModel, ValidationError

from datasets_mount.catalogue import Snapshot
from datasets_mount.images import ImageFile, ImageKind, SnapshotImage
from hub.adapters.plain_storage import PlainStorage, close_at_gateway
from hub.adapters.power import verbs
from hub.adapters.power.channel import ask, look
from hub.domain.errors import InvalidError
from hub.domain.projects import Room
from hub.services.storage_port import ProjectFolders, WorkFolders


@contextmanager
def _held(file: int | None) -> Iterator[int]:
    """Hold a file open that was handed over."""
    if file is None:
        raise InvalidError("The privileged process handed over no file.", reason="verb-answer")
    try:
        yield file
    finally:
        os.close(file)


class AskedStorage(PlainStorage):
    """Every folder lies where its name says; that it is there is the privileged process's doing."""

    def _ask(self, verb: Callable[..., BaseModel], **names: object) -> object:
        return self._asked(verb, **names)[0]

    def _asked(self, verb: Callable[..., BaseModel], **names: object) -> tuple[object, int | None]:
        try:
            asked = verb(**names)
        except ValidationError:
            raise InvalidError(
                "A name in this cannot be a name of the lab's; nothing was done.", reason="verb-names"
            ) from None
        return ask(self._state, asked)

    def project(self, project: str, uid: int) -> ProjectFolders:
        """Return a project's folders, made and mounted when they are not."""
        self._ask(verbs.OpenProject, project=project, uid=uid)
        return self.project_folders(project)

    def member(self, folder: Path, person: str, uid: int) -> Path:
        """Return a member's own folder below home or outputs."""
        self._ask(verbs.OpenMember, project=folder.parent.name, uid=uid, part=folder.name, person=person)
        return folder / person

    def run_outputs(self, project: str, uid: int, run: str) -> Path:
        """Return the outputs folder of a run."""
        self._ask(verbs.OpenRun, project=project, uid=uid, run=run)
        return self.project_folders(project).runs / run

    def held_outputs(self, project: str, uid: int, run: str) -> Path:
        """Return the outputs folder of a run whose outputs nobody sees."""
        self._ask(verbs.HoldRun, project=project, uid=uid, run=run)
        return self.project_folders(project).held / run

    def show_run(self, project: str, uid: int, run: str) -> None:
        """Let people see what was held back of a run."""
        self._ask(verbs.ShowRun, project=project, uid=uid, run=run)

    def work(self, work: str, uid: int) -> WorkFolders:
        """Return the folders of a piece of work."""
        self._ask(verbs.OpenWork, work=work, uid=uid)
        return self.work_folders(work)

    def run(self, run: str, uid: int) -> WorkFolders:
        """Return the folders of a run beside its outputs."""
        self._ask(verbs.OpenRunFolders, work=run, uid=uid)
        return self.work_folders(run)

    def fragments(self, work: str) -> Path:
        """Return where a checker finds what a reader wrote."""
        self._ask(verbs.ShowFragments, work=work)
        return self.fragments_folder(work)

    def grow(self, project: str, uid: int, size: int) -> None:
        """Give a project more room while it is used."""
        self._ask(verbs.GrowProject, project=project, uid=uid, size=size)

    def room(self, project: str) -> Room:
        """Return how much room a project has and uses, whose disk the privileged process alone looks at."""
        told = self._ask(verbs.ProjectRoom, project=project)
        if not isinstance(told, dict):
            raise InvalidError("The privileged process's answer cannot be read.", reason="verb-answer")
        return Room(**told)

    def loose_loops(self) -> set[str]:
        """Return loop devices over images of this lab that are mounted nowhere, each as its device and its image."""
        told = self._ask(verbs.LooseLoops)
        return {str(loop) for loop in told} if isinstance(told, list) else set()

    def forget_work(self, work: str) -> None:
        """Remove a piece of work's folders."""
        self._ask(verbs.ForgetWork, work=work)

    def forget_server(self, server: str) -> None:
        """Remove the folder of a server; a gateway that is down finds none when it comes back."""
        close_at_gateway(self._state, server)
        self._ask(verbs.CloseServer, server=server)

    def release_loop(self, loop: str) -> None:
        """Let go of a loop device that is mounted nowhere, if it is still what it was."""
        device, _, image = loop.partition(" ")
        self._ask(verbs.ReleaseLoop, device=device, image=image)

    def snapshot_kind(self) -> ImageKind:
        """Return how snapshots are mounted here."""
        return ImageKind(str(self._ask(verbs.SnapshotKind)))

    def build_snapshot(self, snapshot: Snapshot) -> ImageFile:
        """Make what the snapshot is mounted from."""
        made = self._ask(verbs.BuildSnapshot, snapshot=verbs.NamedSnapshot.of(snapshot))
        if not isinstance(made, dict):
            raise InvalidError("The privileged process's answer cannot be read.", reason="verb-answer")
        return ImageFile(ImageKind(made["kind"]), made["sha256"], made["size"], made["root"])

    def mount_snapshot(self, snapshot: Snapshot, image: SnapshotImage, project: str) -> Path:
        """Return where the project's containers find the snapshot."""
        named = verbs.NamedSnapshot.of(snapshot)
        about = {"kind": image.kind.value, "sha256": image.sha256, "root": image.root, "size": image.size}
        self._ask(verbs.MountSnapshot, snapshot=named, project=project, **about)
        return self._state / "mounts" / project / snapshot.digest

    def release_snapshots(self, used: Callable[[], set[str]]) -> None:
        """Unmount what no container has; the privileged process asks the engine itself."""
        self._ask(verbs.ReleaseSnapshots)

    def walked(self, folder: Path) -> list[tuple[str, bool]]:
        """Return (path, is a plain file) of everything below a folder that a container wrote."""
        seen = self._ask(verbs.ListFiles, place=self._place(folder))
        return [(str(path), bool(plain)) for path, plain in seen] if isinstance(seen, list) else []

    def opened(self, folder: Path, path: str) -> AbstractContextManager[int]:
        """Hold a plain file open that a container wrote."""
        return _held(self._asked(verbs.OpenFile, place=self._place(folder), path=path)[1])

    def looked_into(self, folder: Path, path: str) -> AbstractContextManager[int]:
        """Hold such a file open for somebody who only looks, and waits for nothing."""
        return _held(look(self._state, verbs.OpenFile(place=self._place(folder), path=path))[1])

    def _place(self, folder: Path) -> verbs.Place:
        """Return the name of a folder that a container wrote."""
        parts = folder.relative_to(self._state).parts
        match parts:
            case ("projects", project, "outputs", person):
                about = {"kind": "member", "project": project, "name": person}
            case ("projects", project, "runs", run):
                about = {"kind": "run", "project": project, "name": run}
            case ("projects", project, "held", run):
                about = {"kind": "held", "project": project, "name": run}
            case ("scratch", work, ("out" | "progress") as kind):
                about = {"kind": kind, "name": work}
            case _:
                about = {}
        return verbs.Place.model_validate(about)
