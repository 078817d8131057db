"""The scene: a small lab of the doctor's own below the state folder, with the lab's own code, limits and mounts.

Two projects with a member each, a dataset with a snapshot, and the folders of a piece of work. Nothing of the lab's
own people, data or records is touched; all of it is unmounted and removed at the end, whatever happens.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from datasets_mount.catalogue import Snapshot, SnapshotFile, Tier, snapshot_digest
from datasets_mount.mounts import Mount
from hub.adapters.clock import SystemClock
from hub.adapters.engine import DockerEngine
from hub.adapters.host import Host
from hub.adapters.migrate import migrate
from hub.adapters.secrets import Secret, make_secrets
from hub.adapters.signer import FileSigner
from hub.adapters.storage import LoopStorage
from hub.adapters.store import SqlStore
from hub.adapters.vault import FolderVault
from hub.host_wiring import host_from
from hub.services.lab import Lab
from hub.services.snapshots import mounted
from hub.services.workspaces import WorkspacePlan
from hub.settings import Settings
from spawner_config.isolation import ContainerSpec, Limits, Purpose
from spawner_config.server_folder import Server, make_folder, remove_folder
from spawner_config.workspace_container import workspace_spec

PREFIX, PLAYED = "doctor-", ".played"
SMALL = 32 * 2**20
DATASET, FILES = (
    "doctor-data",
    {"persons.parquet": b"PAR1" + bytes(range(256)) * 64 + b"PAR1", "years.parquet": b"PAR1PAR1"},
)
OWN, OTHER = "doctor-own", "doctor-other"
MEMBER, NEIGHBOUR = "doctor-member", "doctor-neighbour"
FLOOD = Limits(memory=128 * 2**20, cpus=1.0, processes=40, tmp=8 * 2**20, seconds=60, file_size=4 * 2**20)


@dataclass(frozen=True, slots=True)
class Scene:
    """Where everything is, and what containers are made from."""

    lab: Lab
    """The lab's settings, but with the state folder, the records, the key and the small images of the scene."""
    vault: FolderVault
    storage: LoopStorage
    host: Host
    snapshot: Snapshot
    image: str
    labels: dict[str, str]

    @property
    def settings(self) -> Settings:
        """The scene's own."""
        return self.lab.settings

    @property
    def uid(self) -> int:
        """The user number of the first project; the second has the next."""
        return self.settings.storage.uid_base + 900_000

    def plan(self, project: str, person: str, uid: int) -> WorkspacePlan:
        """Prepare a workspace as the use case does."""
        folders = self.storage.project(project, uid)
        mounts = (
            Mount(str(self.storage.member(folders.home, person, uid)), f"/home/{person}", writable=True),
            Mount(str(folders.shared), "/project", writable=True),
            Mount(str(folders.runs), "/project/runs"),
            Mount(str(self.storage.member(folders.outputs, person, uid)), "/outputs", writable=True),
            mounted(self.lab, project, self.snapshot),
        )
        return WorkspacePlan(person, project, self.image, uid, Tier.SENSITIVE, mounts)

    def workspace(self, project: str, person: str, uid: int, command: Sequence[str]) -> ContainerSpec:
        """Describe a workspace, its two folders of sockets made as the spawner makes them."""
        server = Server(person=person, project=project, tier=Tier.SENSITIVE, uid=uid)
        make_folder(self.settings.state, server, self.host.mount_socket_folder, self.host.unmount_all)
        spec = workspace_spec(self.plan(project, person, uid), self.settings, command, self.image)
        # As a workspace of the lab's own it would be cleared away: the hub does not know it.
        return replace(spec, labels=self.labels)

    def work(self, purpose: Purpose, command: Sequence[str], name: str = "") -> ContainerSpec:
        """Describe the container of a piece of work of that purpose."""
        limits = self.settings.run if purpose is Purpose.RUN else self.settings.reader
        bounds = Limits(
            memory=limits.memory,
            cpus=limits.cpus,
            processes=limits.processes,
            tmp=limits.tmp,
            seconds=limits.seconds,
            file_size=self.settings.storage.upload,
        )
        mounts = self._mounts(purpose, name or f"work-{purpose}", name or "run")
        runtime = "" if purpose is Purpose.RUN else self.settings.reader.runtime
        return ContainerSpec(
            purpose, self.image, tuple(command), self.uid, mounts, bounds, {}, self.labels, "/tmp", runtime  # noqa: S108
        )  # fmt: skip

    def _mounts(self, purpose: Purpose, work: str, run: str) -> tuple[Mount, ...]:
        if purpose is Purpose.RUN:
            told = self.storage.run(work, self.uid)
            progress = Mount(str(told.progress), "/progress", writable=True)
            outputs = Mount(str(self.storage.run_outputs(OWN, self.uid, run)), "/outputs", writable=True)
            return (Mount(str(told.inside), "/in"), outputs, progress, mounted(self.lab, OWN, self.snapshot))
        folders = self.storage.work(work, self.uid)
        own = (Mount(str(folders.inside), "/in"),)
        out = Mount(str(folders.out), "/out", writable=True)
        return (*own, out) if purpose is Purpose.READER else (*own, out, mounted(self.lab, OWN, self.snapshot))

    def spec(self, purpose: Purpose, command: Sequence[str]) -> ContainerSpec:
        """Describe a container of any purpose."""
        if purpose is Purpose.WORKSPACE:
            return self.workspace(OWN, MEMBER, self.uid, command)
        return self.work(purpose, command)

    def flood(self, command: Sequence[str]) -> ContainerSpec:
        """Describe a run with small limits, which a flood meets soon."""
        return replace(self.work(Purpose.RUN, command, "flood"), limits=FLOOD)


@contextmanager
def scene(settings: Settings, image: str, labels: dict[str, str]) -> Iterator[Scene]:
    """Make the scene, and take it away; first what a killed doctor left is taken away."""
    place = settings.state if os.access(settings.state, os.W_OK) else None
    host = host_from(settings)
    for left in settings.state.glob(f"{PREFIX}*") if place else ():
        sweep(left, settings, host)
    top = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    own = of_the_scene(settings, top)
    vault = FolderVault(top / "vault")
    storage = LoopStorage(own, vault, host)
    with (top / PLAYED).open("w") as played:
        fcntl.flock(played, fcntl.LOCK_EX)
        try:
            with lab_on(own, vault, storage) as lab:
                yield Scene(lab, vault, storage, host, register(vault), image, labels)
        finally:
            take_away(top, storage, host)


def of_the_scene(settings: Settings, top: Path) -> Settings:
    """Return the lab's settings with small images, in a folder of the scene's own."""
    small = settings.storage.model_copy(update={"project": SMALL, "scratch": SMALL, "upload": SMALL // 2})
    return settings.model_copy(update={"state": top, "storage": small, "database_url": "", "vault": ""})


def sweep(top: Path, settings: Settings, host: Host) -> None:
    """Take away a scene that nobody plays any more: whoever plays one holds its lock."""
    with (top / PLAYED).open("w") as played:
        try:
            fcntl.flock(played, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        own = of_the_scene(settings, top)
        take_away(top, LoopStorage(own, FolderVault(top / "vault"), host), host)


@contextmanager
def lab_on(settings: Settings, vault: FolderVault, storage: LoopStorage) -> Iterator[Lab]:
    """Make a lab with records and a key of its own."""
    clock = SystemClock()
    make_secrets(settings)
    store = SqlStore(settings.database, clock.now)
    migrate(store.engine)
    signer = FileSigner(settings.secret(Secret.SIGNING))
    try:
        yield Lab(settings, store, vault, storage, DockerEngine(settings.name), signer, clock)
    finally:
        store.engine.dispose()


def register(vault: FolderVault) -> Snapshot:
    """Keep a dataset of two files, as the intake would."""
    kept = {name: vault.add(BytesIO(content), SMALL) for name, content in FILES.items()}
    files = tuple(SnapshotFile(n, s.sha256, s.size, 1, ("nr",)) for n, s in kept.items())
    return Snapshot(snapshot_digest(DATASET, files), DATASET, files, "doctor", datetime.now(UTC))


def take_away(top: Path, storage: LoopStorage, host: Host) -> None:
    """Unmount and remove all of it."""
    for folder in (top / "servers").glob("*"):
        remove_folder(top, folder.name, host.unmount_all)
    storage.unmount_all()
    host.remove_tree(top)
