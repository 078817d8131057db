"""The numbers of the lab's accounts and groups on this machine, and whether this lab has accounts of its own."""

from __future__ import annotations

import grp
import os
import pwd
from enum import StrEnum

from hub.accounts import Account, Group
from hub.domain.errors import UnavailableError

ROOT = "root"


def are_separate() -> bool:
    """Whoever is root starts each process as its own account; a member of the docker group has one account for all."""
    return os.geteuid() == 0


def uid_of(name: str) -> int | None:
    """Return the number of an account; None where the machine does not have it."""
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        return None


def gid_of(name: str) -> int | None:
    """Return the number of a group; None where the machine does not have it."""
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def name_of(uid: int) -> str:
    """Return the name of an account, or its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def account_uids() -> dict[int, Account]:
    """Return the lab's accounts that this machine has, by their numbers."""
    found = {uid_of(account): account for account in Account}
    return {uid: account for uid, account in found.items() if uid is not None}


def own_groups() -> frozenset[int]:
    """Return the numbers of the groups that have one account of the lab each."""
    return frozenset(gid for gid in map(gid_of, Account) if gid is not None)


def missing() -> list[str]:
    """Return the accounts and groups that the set-up has yet to make."""
    wanted: list[StrEnum] = [*Account, *Group]
    return [name for name in wanted if gid_of(name) is None or (isinstance(name, Account) and uid_of(name) is None)]


def check_are_there() -> None:
    """A lab that root starts does not fall back to root where its accounts are missing."""
    if absent := missing():
        raise UnavailableError(
            "These accounts or groups of the lab are missing: {names}. Run “make setup”.",
            reason="no-accounts",
            names=", ".join(absent),
        )
