"""What of the state folder is whose: one table, of which everything else is made.

A path's owner may change its mode and, of a folder, what lies in it; so whatever one process must not take from another
is root's, and lies in a folder of root's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hub.accounts import Account, Group
from hub.adapters.secrets import Secret
from hub.settings import Settings

ROOT = "root"
Owner = Account | str
Holder = Account | Group | str


class Kind(StrEnum):
    """What stands at a path: a folder that is made, files that may be there, or one that is made empty."""

    FOLDER = "folder"
    FOLDERS = "folders"
    FILES = "files"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Place:
    """A path below the state folder (or elsewhere, for what has a disk of its own), and why it is whose it is.

    ``name`` may be a pattern where several are meant; ``top`` is what it is below.
    """

    name: str
    owner: Owner
    group: Holder
    mode: int
    kind: Kind
    why: str
    top: Path

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.top / self.name


A_SECRET = "a secret of its readers"  # noqa: S105  # why, and no secret
SHARED_FOLDER = 0o3770
"""Its group makes files in it, that are the group's; nobody removes or renames another's."""

SECRETS: dict[Secret, tuple[Owner, Holder]] = {
    Secret.COOKIE: (Account.HUB, Account.HUB),
    Secret.PROXY: (Account.HUB, Account.HUB),  # the proxy is given it by whoever starts it
    Secret.CLIENT: (Account.HUB, Account.HUB),
    Secret.PORTAL: (Account.HUB, Account.PORTAL),
    Secret.WORKER: (Account.HUB, Account.WORKER),
    Secret.GATEWAY: (Account.HUB, Account.GATEWAY),
    Secret.METRICS: (Account.HUB, Account.HUB),
    Secret.GATEWAY_SEAL: (Account.GATEWAY, Account.GATEWAY),
    Secret.MAIL: (Account.WORKER, Account.WORKER),
    Secret.WEBHOOK: (Account.WORKER, Account.WORKER),
    Secret.SIGNING: (Account.PORTAL, Account.PORTAL),
    Secret.DEMO: (ROOT, ROOT),
    Secret.IDENTITY_KEY: (ROOT, ROOT),  # what the provider needs of both stands in its own configuration
    Secret.IDENTITY_SESSION: (ROOT, ROOT),
}
"""Who reads each secret: its owner, and the one other account whose group it has."""


def layout(settings: Settings) -> list[Place]:
    """Return the table, outer folders first."""
    return [
        *_tops(settings.state),
        *_records(settings),
        *_vault(settings),
        *_secrets(settings),
        *_folders_of_one(settings.state),
        *(_identity(settings.state) if settings.login.demo else ()),
    ]


def _tops(top: Path) -> list[Place]:
    """The state folder itself, and what root's power is needed for."""

    def folder(name: str, why: str, group: Holder = ROOT, mode: int = 0o700) -> Place:
        return Place(name, ROOT, group, mode, Kind.FOLDER, why, top)

    return [
        folder("", "the lab's accounts go through it, and list nothing", Group.LAB, 0o710),
        folder("processes", "supervisord's socket, and which process is which"),
        folder("logs", "supervisord writes them as root, so no process may put a link there"),
        folder("privileged", "the sockets for root's power; who asks is looked at besides", Group.RECORDS, 0o2750),
        folder("projects", "people's files; read by verbs alone"),
        folder("scratch", "what works read and write; the worker puts in what they are asked", Account.WORKER, 0o750),
        folder("snapshots", "images of datasets"),
        folder("mounts", "datasets as projects see them"),
        folder("servers", "workspaces' sockets", Group.SERVERS, 0o2750),
    ]


def _records(settings: Settings) -> list[Place]:
    """SQLite makes files beside the database, for which three accounts need the folder."""
    file = settings.database_file
    if file is None:
        return []
    why = "hub, portal and worker keep the records; the file itself is moved away by nobody"
    places = [
        Place("", ROOT, Group.RECORDS, SHARED_FOLDER, Kind.FOLDER, why, file.parent),
        Place(file.name, ROOT, Group.RECORDS, 0o660, Kind.FILE, "the records", file.parent),
    ]
    beside = [Place(f"{file.name}-{part}", ROOT, Group.RECORDS, 0o660, Kind.FILES, why, file.parent) for part in _WAL]
    return places + beside


_WAL = ("wal", "shm", "journal")


def _vault(settings: Settings) -> list[Place]:
    why = "portal and worker put files in; each is hashed again before it is used"
    top = settings.vault_folder

    def folders(name: str, kind: Kind) -> Place:
        return Place(name, ROOT, Group.VAULT, SHARED_FOLDER, kind, why, top)

    return [folders("", Kind.FOLDER), folders("[0-9a-f][0-9a-f]", Kind.FOLDERS)]


def _secrets(settings: Settings) -> list[Place]:
    top = settings.state / "secrets"
    folder = Place("", ROOT, Group.LAB, 0o710, Kind.FOLDER, "one file for each reader; nobody exchanges one", top)
    files = [
        Place(str(name), owner, holder, 0o400 if owner == holder else 0o440, Kind.FILES, A_SECRET, top)
        for name, (owner, holder) in SECRETS.items()
    ]
    public = Place(str(Secret.PUBLIC), ROOT, ROOT, 0o644, Kind.FILES, "what receipts are verified with", top)
    return [folder, *files, public]


def _folders_of_one(top: Path) -> list[Place]:
    """What one process writes."""

    def folder(name: str, owner: Account, why: str, group: Holder = "", mode: int = 0o700) -> Place:
        return Place(name, owner, group or owner, mode, Kind.FOLDER, why, top)

    return [
        folder("hub", Account.HUB, "JupyterHub's own tables"),
        folder("incoming", Account.PORTAL, "files that are being sent"),
        folder("gateway", Account.GATEWAY, "how many bytes went to browsers"),
        folder("run", Account.GATEWAY, "where the gateway is told of workspaces", Group.CONTROL, 0o2710),
        folder("access-log", Account.GATEWAY, "what the gateway wrote down", Group.ACCESS_LOG, 0o2750),
        Place("access-log/*.jsonl", Account.GATEWAY, Group.ACCESS_LOG, 0o640, Kind.FILES, "a day of it", top),
        Place("hub/jupyterhub.sqlite*", Account.HUB, Account.HUB, 0o660, Kind.FILES, "JupyterHub's own tables", top),
        Place("gateway/*", Account.GATEWAY, Account.GATEWAY, 0o640, Kind.FILES, "counts", top),
    ]


def _identity(top: Path) -> list[Place]:
    """The demonstration's provider reads its configuration, and writes its own tables."""
    own = Account.IDENTITY
    why = "the demonstration's accounts"
    return [
        Place("identity", ROOT, own, 0o750, Kind.FOLDER, why, top),
        Place("identity/canaille.toml", ROOT, own, 0o440, Kind.FILES, "its configuration, with its secrets", top),
        Place("identity/data", own, own, 0o700, Kind.FOLDER, why, top),
        Place("identity/data/*", own, own, 0o600, Kind.FILES, why, top),
    ]
