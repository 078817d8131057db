"""The verbs of the privileged process: each a few lines, about things that have names.

Invariants:

* what a verb makes lies where its name says, in folders that only this process changes: whoever asks can put no link
  there between a look and a deed;
* a folder that belongs to one container's user is never given to another;
* nothing is remembered between two verbs: what is mounted is the state, so a killed process goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hub.adapters.accounts.given import card_to_gateway, to_gateway
from hub.adapters.engine import DockerEngine
from hub.adapters.host import Host
from hub.adapters.power import verbs
from hub.adapters.power.channel import LOOK_SECONDS
from hub.adapters.storage import LoopStorage
from hub.domain.errors import InvalidError
from hub.settings import Settings
from spawner_config.server_folder import make_folder, remove_folder, show_folder


class Verbs:
    """Does what is asked, with the power of the process that it runs in."""

    def __init__(self, settings: Settings, storage: LoopStorage, host: Host) -> None:
        self._settings = settings
        self._storage = storage
        self._host = host
        self._engine = DockerEngine(settings.name)
        self._looking = DockerEngine(settings.name, patience=LOOK_SECONDS)

    def do(self, asked: verbs.AnyVerb) -> Any:
        """Do a verb and return its value, for the verbs that have one."""
        return DEEDS[type(asked)](self, asked)

    def opened(self, asked: verbs.OpenFile) -> AbstractContextManager[int]:
        """Hold a plain file open that a container wrote."""
        return self._storage.opened(self._folder(asked.place), asked.path)

    def _open_project(self, asked: verbs.OpenProject) -> None:
        self._check_user(asked.uid)
        self._storage.project(asked.project, asked.uid)

    def _open_member(self, asked: verbs.OpenMember) -> None:
        self._check_user(asked.uid)
        folders = self._storage.project(asked.project, asked.uid)
        self._storage.member(folders.home if asked.part == "home" else folders.outputs, asked.person, asked.uid)

    def _open_run(self, asked: verbs.OpenRun) -> None:
        self._check_user(asked.uid)
        self._storage.run_outputs(asked.project, asked.uid, asked.run)

    def _hold_run(self, asked: verbs.HoldRun) -> None:
        self._check_user(asked.uid)
        self._storage.held_outputs(asked.project, asked.uid, asked.run)

    def _show_run(self, asked: verbs.ShowRun) -> None:
        self._check_user(asked.uid)
        self._storage.show_run(asked.project, asked.uid, asked.run)

    def _open_work(self, asked: verbs.OpenWork) -> None:
        if asked.uid != self._settings.storage.reader_uid:
            self._check_user(asked.uid)
        self._storage.work(asked.work, asked.uid)

    def _open_run_folders(self, asked: verbs.OpenRunFolders) -> None:
        self._check_user(asked.uid)
        self._storage.run(asked.work, asked.uid)

    def _show_fragments(self, asked: verbs.ShowFragments) -> None:
        self._storage.fragments(asked.work)

    def _grow_project(self, asked: verbs.GrowProject) -> None:
        self._check_user(asked.uid)
        self._storage.grow(asked.project, asked.uid, asked.size)

    def _project_room(self, asked: verbs.ProjectRoom) -> dict[str, object]:
        return asdict(self._storage.room(asked.project))

    def _work_memory(self, asked: verbs.WorkMemory) -> int | None:
        return self._looking.memory(asked.work)

    def _forget_work(self, asked: verbs.ForgetWork) -> None:
        self._storage.forget_work(asked.work)

    def _list_files(self, asked: verbs.ListFiles) -> list[tuple[str, bool]]:
        """A name that cannot be written down is passed on as none: such a file is only counted."""
        seen = self._storage.walked(self._folder(asked.place))
        return [(path if plain else "", plain) for path, plain in seen]

    def _open_server(self, asked: verbs.OpenServer) -> None:
        self._check_user(asked.uid)
        host = self._host
        make_folder(self._settings.state, asked.card(), host.mount_socket_folder, host.unmount_all, to_gateway)

    def _show_server(self, asked: verbs.ShowServer) -> None:
        self._check_user(asked.uid)
        show_folder(self._settings.state, asked.card(), card_to_gateway)

    def _close_server(self, asked: verbs.CloseServer) -> None:
        remove_folder(self._settings.state, asked.server, self._host.unmount_all)

    def _snapshot_kind(self, _asked: verbs.SnapshotKind) -> str:
        return self._storage.snapshot_kind().value

    def _build_snapshot(self, asked: verbs.BuildSnapshot) -> dict[str, object]:
        made = self._storage.build_snapshot(_snapshot(asked.snapshot))
        return {"kind": made.kind.value, "sha256": made.sha256, "size": made.size, "root": made.root}

    def _mount_snapshot(self, asked: verbs.MountSnapshot) -> None:
        self._storage.mount_snapshot(_snapshot(asked.snapshot), asked.image(), asked.project)

    def _release_snapshots(self, _asked: verbs.ReleaseSnapshots) -> None:
        self._storage.release_snapshots(self._engine.sources)

    def _loose_loops(self, _asked: verbs.LooseLoops) -> list[str]:
        return sorted(self._storage.loose_loops())

    def _release_loop(self, asked: verbs.ReleaseLoop) -> None:
        self._storage.release_loop(f"{asked.device} {asked.image}")

    def _folder(self, place: verbs.Place) -> Path:
        """Return where a folder is that a container wrote."""
        if place.kind in ("out", "progress"):
            name = place.name
            return self._storage.work_out(name) if place.kind == "out" else self._storage.work_folders(name).progress
        if not place.project:
            raise InvalidError("This folder is one of a project's; none is named.", reason="verb-names")
        of_project = self._storage.project_folders(place.project)
        kept = {"member": of_project.outputs, "run": of_project.runs, "held": of_project.held}
        return kept[place.kind] / place.name

    def _check_user(self, uid: int) -> None:
        """People's folders belong to numbers that this lab gives to projects."""
        if uid < self._settings.storage.uid_base or uid == self._settings.storage.reader_uid:
            raise InvalidError("The user number {uid} is not one of a project of this lab.", reason="verb-uid", uid=uid)


def _snapshot(named: verbs.NamedSnapshot) -> Any:
    try:
        return named.snapshot()
    except ValueError:
        raise InvalidError("A snapshot's name is the digest of its manifest.", reason="verb-names") from None


DEEDS: dict[type, Callable[[Verbs, Any], Any]] = {
    verbs.OpenProject: Verbs._open_project,
    verbs.OpenMember: Verbs._open_member,
    verbs.OpenRun: Verbs._open_run,
    verbs.HoldRun: Verbs._hold_run,
    verbs.ShowRun: Verbs._show_run,
    verbs.OpenWork: Verbs._open_work,
    verbs.OpenRunFolders: Verbs._open_run_folders,
    verbs.ShowFragments: Verbs._show_fragments,
    verbs.GrowProject: Verbs._grow_project,
    verbs.ProjectRoom: Verbs._project_room,
    verbs.WorkMemory: Verbs._work_memory,
    verbs.ForgetWork: Verbs._forget_work,
    verbs.ListFiles: Verbs._list_files,
    verbs.OpenServer: Verbs._open_server,
    verbs.ShowServer: Verbs._show_server,
    verbs.CloseServer: Verbs._close_server,
    verbs.SnapshotKind: Verbs._snapshot_kind,
    verbs.BuildSnapshot: Verbs._build_snapshot,
    verbs.MountSnapshot: Verbs._mount_snapshot,
    verbs.ReleaseSnapshots: Verbs._release_snapshots,
    verbs.LooseLoops: Verbs._loose_loops,
    verbs.ReleaseLoop: Verbs._release_loop,
}
