"""Folders that the privileged process makes for one of the lab's other processes."""

from __future__ import annotations

import os
from pathlib import Path

from hub.accounts import Account
from hub.adapters.accounts.known import are_separate, gid_of, uid_of


def give_to(account: Account, folder: Path) -> None:
    """Let a folder of root's be an account's own; where one account runs the lab, it is already."""
    uid, gid = uid_of(account), gid_of(account)
    if are_separate() and uid is not None and gid is not None:
        os.chown(folder, uid, gid, follow_symlinks=False)


def to_gateway(folder: Path) -> None:
    """The gateway makes a socket there."""
    give_to(Account.GATEWAY, folder)


def card_to_gateway(card: Path) -> None:
    """The gateway notes on a server's card when it was used last; who may read it stays as it was."""
    uid = uid_of(Account.GATEWAY)
    if are_separate() and uid is not None:
        os.chown(card, uid, -1, follow_symlinks=False)


def to_worker(folder: Path) -> None:
    """The worker puts there what a work is asked."""
    give_to(Account.WORKER, folder)
