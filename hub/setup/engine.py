"""Finds a Docker engine, or starts the one that is installed."""

from __future__ import annotations

import getpass
import os
import stat
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

from hub.setup.commands import run
from hub.setup.engine_api import DEFAULT_ADDRESS, Engine, EngineError
from hub.setup.places import Places
from hub.setup.steps import SetupError

DAEMON_LOG = Path("/var/log/datalab-dockerd.log")
SYSTEMD = Path("/run/systemd/system")
START_SECONDS = 60

# Project containers have no network at all, so the engine leaves the host's alone: no bridge, no rules, no forwarding.
DAEMON = ("dockerd", "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false")


def address() -> str:
    """Where the engine listens: ``DOCKER_HOST``, or the usual socket."""
    return os.environ.get("DOCKER_HOST") or DEFAULT_ADDRESS


def answers() -> bool:
    """Says whether an engine answers."""
    try:
        Engine(address(), timeout=10).version()
    except EngineError:
        return False
    return True


def is_forbidden(where: str) -> bool:
    """Says whether there is an engine's socket that this person may not use."""
    path = Path(urlsplit(where).path)
    try:
        return stat.S_ISSOCK(path.stat().st_mode) and not os.access(path, os.R_OK | os.W_OK)
    except OSError:
        return False


def check_startable() -> None:
    """Raises ``SetupError`` where an engine that does not answer is not ours to start."""
    where = address()
    if where != DEFAULT_ADDRESS:
        raise SetupError(
            f"DOCKER_HOST names {where}, where no Docker engine answers.", "unset DOCKER_HOST, or start that engine"
        )
    if is_forbidden(where):
        person = getpass.getuser()
        raise SetupError(
            f"{person} may not use the Docker engine.",
            f"sudo usermod --append --groups docker {person}, then log in again",
        )
    if os.geteuid() != 0:
        raise SetupError("The Docker engine does not run, and only root can start it.", "sudo systemctl start docker")


def start(places: Places) -> None:
    """Starts the engine, by systemd where it runs and detached where it does not, and waits until it answers."""
    check_startable()
    if SYSTEMD.is_dir():
        log = places.logs / "engine.log"
        run(["systemctl", "enable", "--now", "docker"], what="Starting the Docker engine", log=log)
        _wait(None, "journalctl --unit docker --lines 50")
    else:
        _wait(_start_detached(), f"tail -n 50 {DAEMON_LOG}")


def _start_detached() -> subprocess.Popen[bytes]:
    with DAEMON_LOG.open("ab") as log:
        return subprocess.Popen(
            DAEMON, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
        )


def _wait(daemon: subprocess.Popen[bytes] | None, mend: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if daemon is not None and daemon.poll() is not None:
            raise SetupError(f"The Docker engine ended with code {daemon.returncode} when it was started.", mend)
        if time.monotonic() > deadline:
            raise SetupError(f"The Docker engine was started but did not answer within {START_SECONDS} s.", mend)
        time.sleep(0.1)
