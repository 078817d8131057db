"""supervisord: its configuration, its start, and the few questions that the lab asks it.

Invariants:

* its socket lies in a folder that only the lab's account may look in, and is named by way of supervisord's working
  directory, because a socket's address may have 108 bytes and the state folder's path can be longer;
* every program is sent a signal when supervisord dies, so that a killed one leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shlex
import socket
import subprocess
import sys
import xmlrpc.client
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub.adapters.processes.programs import Program, as_started, environment, wrapped
from hub.adapters.processes.records import folder_of, write_record
from hub.domain.errors import InvalidError, UnavailableError
from hub.settings import Settings

NAME = "supervisord"
GROUP = "lab"
"""One group, because supervisord ends the programs of a group together and groups one after the other."""
SOCKET, CONFIGURATION = "supervisord.sock", "supervisord.conf"
PATIENCE, LONGEST_LAUNCH = 3.0, 15.0
FIRST, LATER = 1, 2
RETRIES = 10_000
"""supervisord waits a second longer after each failed start, and never gives up: a disk may be full for a day."""


def configuration(settings: Settings, config: Path, programs: Sequence[Program]) -> str:
    """The text of supervisord.conf; it changes with anything in the settings, so that a stale one is noticed."""
    logs, folder = settings.state / "logs", folder_of(settings)
    own: dict[str, object] = {
        "logfile": logs / f"{NAME}.log",
        "logfile_maxbytes": "5MB",
        "logfile_backups": 2,
        "pidfile": f"{NAME}.pid",
        "directory": folder,
        "childlogdir": logs,
    }
    if os.geteuid() == 0:
        own["user"] = "root"  # Without it supervisord warns that it runs as root, which it must, for mounts.
    sections: dict[str, dict[str, object]] = {
        "unix_http_server": {"file": f"/proc/self/cwd/{SOCKET}", "chmod": "0700"},
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
        "supervisord": own,
        f"group:{GROUP}": {"programs": ",".join(program.name for program in programs)},
    }
    for program in programs:
        sections[f"program:{program.name}"] = _program(settings, config, program)
    digest = hashlib.sha256(settings.model_dump_json().encode()).hexdigest()
    return f"; settings {digest} of {config}\n" + "\n".join(_section(name, values) for name, values in sections.items())


def _program(settings: Settings, config: Path, program: Program) -> dict[str, object]:
    command = as_started(settings, config, program)
    return {
        "command": shlex.join(wrapped(settings, program.name, command, "TERM")),
        "directory": folder_of(settings),
        "priority": FIRST if program.name == "privileged" else LATER,
        "autorestart": "true",
        "startsecs": 1,
        "startretries": RETRIES,
        "stopwaitsecs": 15,
        "redirect_stderr": "true",
        "stdout_logfile": settings.state / "logs" / f"{program.name}.log",
        "stdout_logfile_maxbytes": "5MB",
        "stdout_logfile_backups": 2,
    }


def _section(name: str, values: dict[str, object]) -> str:
    return "\n".join([f"[{name}]", *(f"{key} = {_value(str(value))}" for key, value in values.items())]) + "\n"


def _value(text: str) -> str:
    """A value of supervisord's file format, which knows no escape for a comment sign after a blank."""
    if any(sign in text for sign in ("\n", " ;", "\t;", " #", "\t#")):
        raise InvalidError(
            "supervisord cannot be given “{text}”: a path must have no line end, and no ; or # after a blank. "
            "Choose another folder.",
            reason="bad-path",
            text=text,
        )
    return text.replace("%", "%%")


def launch(settings: Settings, config: Path, text: str) -> None:
    """Start supervisord in the background with this configuration; returns when it answers."""
    (folder_of(settings) / CONFIGURATION).write_text(text, encoding="utf-8")
    said = _run(settings, config)
    with connected(settings) as rpc:
        if rpc is None:
            raise UnavailableError(
                "supervisord did not start: {why}. See {log}.",
                reason="supervisord-failed",
                why=said or "it does not answer",
                log=settings.state / "logs" / f"{NAME}.log",
            )
        write_record(settings, NAME, rpc.supervisor.getPID())


def _run(settings: Settings, config: Path) -> str:
    """Run the command that leaves supervisord in the background; returns what it said."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", CONFIGURATION],
            cwd=folder_of(settings),
            env=environment(config),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST_LAUNCH,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it took longer than {LONGEST_LAUNCH:.0f} s"
    return done.stdout.strip()


def runs(settings: Settings) -> bool:
    """Say whether a supervisord of the lab answers; nobody is asked where it left no socket."""
    if not (folder_of(settings) / SOCKET).exists():
        return False
    with connected(settings) as rpc:
        return rpc is not None


@contextmanager
def connected(settings: Settings) -> Iterator[Any]:
    """Yield supervisord's remote interface, or None when none answers."""
    try:
        place = os.open(folder_of(settings), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        transport = _UnixTransport(f"/proc/self/fd/{place}/{SOCKET}")
        with xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=transport) as rpc:
            yield rpc if _answers(rpc) else None
    finally:
        os.close(place)


def _answers(rpc: xmlrpc.client.ServerProxy) -> bool:
    try:
        rpc.supervisor.getState()
    except (OSError, xmlrpc.client.Error, http.client.HTTPException):
        return False
    return True


class _UnixTransport(xmlrpc.client.Transport):
    """XML-RPC over a unix socket."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = self._connection[1] or _UnixConnection(self._address)
        self._connection = host, connection  # kept, so that it is closed with the transport
        return connection


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, address: str) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self._address)
