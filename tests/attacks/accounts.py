"""What a taken-over process of the lab tries, as a program of its own that runs with that process's account.

It is given a table of ways, and tells which of them worked.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PTRACE_ATTACH, PTRACE_DETACH = 16, 17


def read(path: str) -> None:
    if Path(path).is_dir():
        next(Path(path).iterdir(), None)
        return
    with Path(path).open("rb") as file:
        file.read(1)


def write(path: str) -> None:
    """Open for writing and change nothing; in a folder, make a file and take it away."""
    if Path(path).is_dir():
        made = Path(path) / ".attack"
        made.symlink_to("/etc/passwd")
        made.unlink()
        return
    os.close(os.open(path, os.O_WRONLY))


def move(path: str) -> None:
    """Take a file away, and put it back."""
    away = Path(path).with_name("moved-away")
    Path(path).rename(away)
    away.rename(path)


def connect(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        folder = os.open(Path(path).parent, os.O_PATH)
        try:
            connection.connect(f"/proc/self/fd/{folder}/{Path(path).name}")
        finally:
            os.close(folder)


def signalled(pid: str) -> None:
    os.kill(int(pid), 0)


def traced(pid: str) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.ptrace(PTRACE_ATTACH, int(pid), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
    os.waitpid(int(pid), 0x40000000)
    library.ptrace(PTRACE_DETACH, int(pid), 0, 0)
    os.kill(int(pid), signal.SIGCONT)


def became(uid: str) -> None:
    os.setresuid(int(uid), int(uid), int(uid))


def joined(gid: str) -> None:
    os.setgroups([int(gid)])


WAYS: dict[str, Callable[[str], None]] = {
    "read": read,
    "write": write,
    "move": move,
    "connect": connect,
    "signal": signalled,
    "trace": traced,
    "become": became,
    "join": joined,
}


def worked(way: str, what: str) -> bool:
    """Try it in a process of its own, which may have become another afterwards."""
    child = os.fork()
    if child == 0:
        try:
            WAYS[way](what)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def main(asked: list[list[str]]) -> dict[str, Any]:
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    done = [[way, what] for way, what in asked if worked(way, what)]
    return {"done": done, "powers": status["CapEff"].strip(), "bound": status["NoNewPrivs"].strip()}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
