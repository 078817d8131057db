"""Whether the accounts of the lab's processes can read what these need, tried before anything is started."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hub.accounts import Account, Group
from hub.adapters.accounts.entering import code, entering
from hub.domain.errors import UnavailableError
from hub.settings import Settings

TRIED = """
import os, sys
for path in sys.argv[1:]:
    folder = os.path.isdir(path)
    if not os.access(path, os.R_OK | (os.X_OK if folder else 0)):
        print(path)
"""
PATIENCE = 20


def check_accounts_reach(settings: Settings, wanted: Mapping[Account, tuple[Path, ...]]) -> None:
    """Each account can read the lab's code and what is ``wanted`` for it; otherwise a command that mends it is said."""
    faults = [fault for account, needs in wanted.items() for fault in _faults(settings, account, needs)]
    if faults:
        raise UnavailableError(
            "The accounts of the lab's processes cannot read what these need. Let them:\n{faults}",
            reason="account-reach",
            faults="\n".join(f"  {fault}" for fault in sorted(set(faults))),
        )


def _faults(settings: Settings, account: Account, needs: tuple[Path, ...]) -> Iterator[str]:
    """Say for each path that is closed which command opens it: the code to all, anything else to the account alone."""
    for path in _closed_to(settings, account, [*_looked_at(), *needs], needs):
        if Path(path) in needs:
            yield f"chgrp {Group.LAB} {shlex.quote(path)} && chmod g+r {shlex.quote(path)}"
        else:
            yield f"chmod -R go+rX {shlex.quote(path)}"


def _looked_at() -> list[Path]:
    """A folder of the code and one file in it stand for all: a file's mode comes from who made it."""
    return [*code(), *(next(iter(sorted(path.glob("*.py"))), path) for path in code() if path.is_dir())]


def _closed_to(settings: Settings, account: Account, paths: Sequence[Path], needs: tuple[Path, ...]) -> list[str]:
    command = [str(Path(sys.executable).resolve()), "-I", "-c", TRIED, *map(str, paths)]
    done = subprocess.run(
        entering(settings, account, command, needs),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    if done.returncode:
        raise UnavailableError(
            "The lab's processes cannot become the account {account}: {why}",
            reason="account",
            account=account,
            why=done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode,
        )
    return done.stdout.splitlines()
