"""A lab on SQLite and plain folders: everything real but the engine, the loop mounts, the key's file and the clock."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Dialect, event
from sqlalchemy.util import LRUCache

from datasets_mount.catalogue import Snapshot
from datasets_mount.images import SnapshotImage
from doubles.engine import MemoryEngine
from hub.adapters.disks import Disks, image_of
from hub.adapters.host import Host
from hub.adapters.migrate import migrate
from hub.adapters.snapshot_files import LinkedFolders
from hub.adapters.storage import LoopStorage
from hub.adapters.store import SqlStore
from hub.adapters.vault import FolderVault
from hub.services.lab import Lab
from hub.services.notices import channels_of
from hub.settings import Login, Settings, Space, Storage

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
STATEMENTS: LRUCache[object, object] = LRUCache(1000)
"""What SQLAlchemy wrote for the questions that labs asked."""


class SteppingClock:
    """Each look is a millisecond later; tests may set it, let time pass, and start the machine again."""

    def __init__(self) -> None:
        self.moment = START
        self.passed = 0.0
        self.starts = 1

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def seconds(self) -> float:
        return self.passed

    def boot(self) -> str:
        return f"start-{self.starts}"

    def restart(self) -> None:
        self.starts += 1
        self.passed = 0.0

    def wait(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.passed += seconds


class PlainHost(Host):
    """Changes no owner: unit tests run as anybody."""

    def mount_image(self, image: Path, folder: Path) -> None:
        raise AssertionError("plain folders are not mounted")

    def give(self, folder: Path, uid: int) -> None:
        return

    def make_own(self, folder: Path) -> None:
        return

    def mount_progress_folder(self, folder: Path, uid: int) -> None:
        return


class PlainDisks(Disks):
    """Folders that are no disks of their own."""

    def mounted(self, folder: Path, size: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)

    def grow(self, folder: Path, size: int) -> None:
        image_of(folder).touch()
        os.truncate(image_of(folder), size)


class FolderStorage(LoopStorage):
    """Folders without images of their own."""

    disks = PlainDisks

    def _sealed(self, source: Path, folder: Path) -> Path:
        return source

    def mount_snapshot(self, snapshot: Snapshot, image: SnapshotImage, project: str) -> Path:
        with LinkedFolders(self._state / "snapshots", self._vault, self._host).verified(snapshot, image) as folder:
            return folder


class MemorySigner:
    """A key that lives as long as the test."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _store_of(settings: Settings, clock: SteppingClock) -> SqlStore:
    """A store with all tables; in SQLite no commit waits for the disk, which the store's own tests try."""
    file = settings.database_file
    if file is not None and not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_empty()[0])
    store = SqlStore(settings.database, clock.now, channels_of(settings))
    if file is not None:
        _share_statements(store)
        event.listen(store.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    else:
        migrate(store.engine)
    return store


def _share_statements(store: SqlStore) -> None:
    """Let all labs of a process put each question into SQL once: an engine keeps what it wrote, by its dialect."""
    store.engine.dialect = _empty()[1]
    store.engine.update_execution_options(compiled_cache=STATEMENTS)


@cache
def _empty() -> tuple[bytes, Dialect]:
    """A database that has all tables and nothing in them, made once: each change of the tables takes its time."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.sqlite"
        store = SqlStore(f"sqlite:///{file}", SteppingClock().now)
        migrate(store.engine)
        store.engine.dispose()
        return file.read_bytes(), store.engine.dialect


def make_lab(folder: Path, database_url: str = "", **more: Any) -> Lab:
    storage_settings, space = Storage(datasets="folder"), Space(alarm=0, floor=0)
    settings = Settings(
        state=folder, login=Login(demo=True), database_url=database_url, storage=storage_settings, space=space, **more
    )
    clock = SteppingClock()
    store = _store_of(settings, clock)
    vault = FolderVault(folder / "vault")
    storage = FolderStorage(settings, vault, PlainHost("none", "datalab"))
    return Lab(settings, store, vault, storage, MemoryEngine(), MemorySigner(), clock)
