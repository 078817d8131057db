"""The accounts and groups of the lab's processes, for a lab that root starts; and code that they can read."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from hub.accounts import Account, Group
from hub.setup.commands import run
from hub.setup.places import Places

CODE = ("hub", "spawner_config", "datasets_mount", "jupyterhub_config.py")
READ_BY_ALL = stat.S_IRGRP | stat.S_IROTH
SEARCHED_BY_ALL = READ_BY_ALL | stat.S_IXGRP | stat.S_IXOTH
NO_HOME, NO_SHELL = "/nonexistent", "/usr/sbin/nologin"


def _has_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def _has_account(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _program(name: str) -> str:
    """Such programs are not on everybody's path."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or name


def commands() -> list[list[str]]:
    """The commands that make what is missing; none for whoever is not root, who runs the lab as one account."""
    if os.geteuid() != 0:
        return []
    add_group, add_account = (_program(name) for name in ("groupadd", "useradd"))
    groups = [[add_group, "--system", name] for name in (*Group, *Account) if not _has_group(name)]
    options = ["--system", "--no-create-home", "--home-dir", NO_HOME, "--shell", NO_SHELL]
    accounts = [[add_account, *options, "--gid", name, name] for name in Account if not _has_account(name)]
    return groups + accounts


def closed_code(places: Places) -> Iterator[tuple[Path, int]]:
    """Files and folders of the lab's code that not everybody may read, each with the mode that opens it.

    They belong to root; whoever cannot enter the folder around them reads none of them all the same.
    """
    if os.geteuid() != 0:
        return
    for name in CODE:
        for path in [places.root / name, *(places.root / name).rglob("*")]:
            if path.is_symlink():
                continue
            mode = stat.S_IMODE(path.stat().st_mode)
            wanted = mode | (SEARCHED_BY_ALL if path.is_dir() else READ_BY_ALL)
            if wanted != mode:
                yield path, wanted


def is_done(places: Places) -> bool:
    """Says whether all of them are there and can read the code."""
    return not commands() and next(closed_code(places), None) is None


def make(places: Places) -> None:
    """Makes what is missing, and opens the code for reading."""
    for command in commands():
        run(command, what=f"Making {command[-1]}", log=places.logs / "accounts.log")
    for path, mode in closed_code(places):
        path.chmod(mode)
