"""What the lab's processes use, seen from outside by the account that each has: some tell nothing of themselves.

A process is one of the lab's by its account alone, so a program that it starts counts with it. Where one account runs
the lab, nobody's processes can be told apart, and nothing is said.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hub.accounts import Account
from hub.adapters.accounts.known import account_uids, are_separate

USER_TIME, SYSTEM_TIME, THREADS, RESIDENT = 11, 12, 17, 21
"""Places of numbers in ``/proc/<pid>/stat`` behind the name in brackets, which may hold anything; see proc(5)."""


@dataclass(frozen=True, slots=True)
class Used:
    """What all processes of an account use: memory in bytes, time of the processor in seconds."""

    processes: int = 0
    resident_bytes: int = 0
    threads: int = 0
    cpu_seconds: float = 0.0

    def with_one(self, numbers: list[str], page: int, ticks: int) -> Used:
        """Return the sum with one process more."""
        return Used(
            self.processes + 1,
            self.resident_bytes + int(numbers[RESIDENT]) * page,
            self.threads + int(numbers[THREADS]),
            self.cpu_seconds + (int(numbers[USER_TIME]) + int(numbers[SYSTEM_TIME])) / ticks,
        )


def processes_seen() -> dict[Account, Used]:
    """Look at the machine's processes."""
    return used_by(account_uids(), Path("/proc").glob("[0-9]*")) if are_separate() else {}


def used_by(accounts: Mapping[int, Account], places: Iterable[Path]) -> dict[Account, Used]:
    """Sum up what each account's processes use; one that ends meanwhile is not counted."""
    page, ticks = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
    found = {account: Used() for account in accounts.values()}
    for place in places:
        with suppress(OSError):
            account = accounts.get(place.stat().st_uid)
            if account is not None:
                numbers = (place / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
                found[account] = found[account].with_one(numbers, page, ticks)
    return found
