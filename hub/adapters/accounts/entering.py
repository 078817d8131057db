"""The command by which root becomes one of the lab's accounts, with what that account's process needs to see."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from hub.accounts import Account, groups_of
from hub.settings import Settings
from spawner_config.server_folder import servers_folder

REPOSITORY = Path(__file__).resolve().parents[3]
CODE = (
    *("hub", "spawner_config", "datasets_mount", "jupyterhub_config.py"),
    *(".venv", ".identity", ".cache/node", ".cache/lab-files"),
)
"""What of the lab's folder its processes read."""
SHARES = frozenset({Account.HUB, Account.PORTAL, Account.WORKER})
"""Accounts whose files are their groups', too: SQLite's beside the database, and the vault's."""
HOMES = {Account.HUB: "hub", Account.GATEWAY: "gateway", Account.IDENTITY: "identity/data"}
OWN_DISKS = {
    Account.HUB: ("hub",),
    Account.GATEWAY: ("gateway", "access-log"),
    Account.WORKER: ("access-log",),
    Account.PORTAL: ("incoming",),
}
"""Folders of the state folder that may be disks of their own, by who writes or reads there."""
CERTIFICATES = "SSL_CERT_FILE"


def entering(settings: Settings, account: Account, command: list[str], needs: Iterable[Path] = ()) -> list[str]:
    """Return the command that runs another as an account; to be given by root."""
    home = str(settings.state / HOMES[account]) if account in HOMES else "/"
    words = [sys.executable, "-I", "-m", "spawner_config.isolation_enter", "--account", str(account)]
    words += ["--umask", "007" if account in SHARES else "077", "--folder", home]
    for group in groups_of(account):
        words += ["--group", str(group)]
    for path in [*code(), settings.state, *needs]:
        words += ["--keep", str(path)]
    for path in shown(settings, account):
        words += ["--show", str(path)]
    return [*words, "--", "/usr/bin/env", "-u", "TMPDIR", f"HOME={home}", *command]


def code() -> list[Path]:
    """Return what the processes are made of: the lab's code, Python, Node.js, and the certificates that they trust."""
    node = shutil.which("node")
    found = [REPOSITORY / name for name in CODE]
    found += [
        Path(sys.base_prefix),
        Path(sys.base_prefix).resolve(),
        *([Path(node).resolve().parents[1]] if node else []),
    ]
    found += [Path(os.environ[CERTIFICATES])] if CERTIFICATES in os.environ else []
    return [path for path in found if path.exists()]


def shown(settings: Settings, account: Account) -> list[Path]:
    """Return the folders that a process sees with what is mounted there: disks of their own, and sockets."""
    places = [settings.vault_folder] if account in (Account.PORTAL, Account.WORKER) else []
    if account in SHARES and settings.database_file:
        places.append(settings.database_file.parent)
    places += [settings.state / name for name in OWN_DISKS.get(account, ())]
    return [*places, servers_folder(settings.state)] if account is Account.GATEWAY else places
