"""Who the lab's processes run as, and whom its files are open to."""

from __future__ import annotations

import stat
from pathlib import Path

from hub.adapters.accounts.applied import exposed
from hub.adapters.accounts.known import account_uids, are_separate, name_of
from hub.adapters.processes import status
from hub.doctor.program import listed
from hub.domain.examinations import Attempt, Promise, Verdict
from hub.settings import Settings

POWERFUL = frozenset({"supervisord", "privileged"})
"""The processes that root's power is for."""


def secrets_closed(settings: Settings) -> Attempt:
    """Every secret, and the folder that all of the lab lies in, is closed to everybody but those who need it."""
    tried = "Look who may read the state folder and each secret."
    if not settings.state.exists():
        return _attempt("secrets", tried, "The lab is not set up yet.", Verdict.NOTE)
    opened = exposed(settings, separate=are_separate() and settings.state.stat().st_uid == 0)
    key = Path(settings.server.key) if settings.server.key else None
    if key and key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o007:
        opened.append(key.name)
    names = listed(sorted(set(opened)))
    seen = f"Open to others: {names}." if names else "All of it is closed to others."
    return _attempt("secrets", tried, seen, Verdict.BROKEN if names else Verdict.HOLDS)


def processes_apart(settings: Settings) -> Attempt:
    """Each process that people, browsers or containers speak to has an account of its own, and none has root's power.

    Where a member of the docker group started the lab, one account has it all, which is said.
    """
    tried = "Look which account each process of the lab runs as."
    found = {s.name: uid for s in status(settings) if s.pid and (uid := _uid_of(s.pid)) is not None}
    if not found:
        return _attempt("accounts", tried, "The lab is not started.", Verdict.NOTE)
    if not are_separate() or set(found.values()).isdisjoint({0}):
        account = name_of(next(iter(found.values())))
        return _attempt("accounts", tried, f"All of them run as {account}, who started the lab.", Verdict.NOTE)
    own = account_uids()
    wrong = [name for name, uid in found.items() if name not in POWERFUL and own.get(uid) != f"datalab-{name}"]
    names = listed(sorted(wrong))
    seen = f"With another account than their own: {names}." if wrong else "Each has its own; two have root's power."
    return _attempt("accounts", tried, seen, Verdict.BROKEN if wrong else Verdict.HOLDS)


def _uid_of(pid: int) -> int | None:
    try:
        return Path(f"/proc/{pid}").stat().st_uid
    except FileNotFoundError:
        return None


def _attempt(name: str, tried: str, seen: str, verdict: Verdict) -> Attempt:
    return Attempt(Promise.MACHINE, name, "host", tried, seen, verdict)
