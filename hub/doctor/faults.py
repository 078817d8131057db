"""Promise 9, tried: a process is killed in the middle of a write, and what has no owner is looked for."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import docker
import requests
from docker.errors import DockerException
from docker.utils import kwargs_from_env

from hub.adapters.clock import SystemClock
from hub.adapters.migrate import migrate
from hub.adapters.mount_table import mounts_below
from hub.adapters.processes import status
from hub.adapters.store import SqlStore
from hub.doctor.program import listed
from hub.doctor.scene import PREFIX
from hub.domain.audit import verify_chain
from hub.domain.errors import LabError
from hub.domain.examinations import Attempt, Promise, Verdict
from hub.domain.people import Organisation
from hub.domain.projects import Project
from hub.domain.work import ENDED, Work, WorkState
from hub.services.health import SILENT, WORKER
from hub.services.lab import Lab
from hub.services.ports import pages
from hub.services.recipe import limits_of
from hub.settings import Settings
from spawner_config.names import LABEL_LAB, LABEL_SERVER, LABEL_WORK
from spawner_config.server_folder import CARD, servers_folder

VICTIM = """
import os, signal, sys
from pathlib import Path
from hub.adapters.clock import SystemClock
from hub.adapters.store import SqlStore
from hub.adapters.vault import FolderVault
from hub.domain.audit import event
from hub.domain.people import Organisation

class Source:
    pieces = [b"x" * 2**20, b""]
    def read(self, size):
        if len(self.pieces) == 1:
            with store.begin() as records:
                records.save(Organisation("half", "Half"), event("lab:organisation:add", "doctor", "half"))
                os.kill(os.getpid(), signal.SIGKILL)
        return self.pieces.pop(0)

store = SqlStore(sys.argv[1], SystemClock().now)
with store.begin() as records:
    records.save(Organisation("accepted", "Accepted"), event("lab:organisation:add", "doctor", "accepted"))
FolderVault(Path(sys.argv[2])).add(Source(), 2**30)
"""
GRACE = timedelta(seconds=60)
"""So long something may be without an owner: it is being made, or taken away."""


def killed_while_writing(settings: Settings) -> Iterator[Attempt]:
    """Kill a process between two writes of a transaction, while the vault takes a file in; look what is there."""
    tried = "Kill a process in the middle of a transaction and of a file, and look what is left of both."
    url, vault = f"sqlite:///{settings.state / 'killed.sqlite'}", settings.state / "killed-vault"
    migrate(SqlStore(url, SystemClock().now).engine)
    command = [sys.executable, "-c", VICTIM, url, str(vault)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=30)
    if done.returncode != -signal.SIGKILL:
        seen = "The process was not killed where it should have been, so nothing is proved."
        yield _attempt("killed", tried, seen, Verdict.BROKEN)
        return
    yield _attempt("killed", tried, *what_is_left(url, vault))


def what_is_left(url: str, vault: Path) -> tuple[str, Verdict]:
    """What was accepted has to be there, what was not has to be gone, and the chain has to be whole."""
    store = SqlStore(url, SystemClock().now)
    with store.read() as reading:
        names = {o.name for o in reading.find(Organisation)}
        try:
            verify_chain(pages(reading))
            whole = True
        except LabError:
            whole = False
    store.engine.dispose()
    half = [str(p.name) for p in vault.rglob("*") if p.is_file() and p.parent.name != "incoming"]
    if names == {"accepted"} and whole and not half:
        return "What was accepted is there, what was not is gone, and the chain is whole.", Verdict.HOLDS
    return "Something accepted was lost, or something half-written stayed.", Verdict.BROKEN


def owners_looked_for(lab: Lab) -> Iterator[Attempt]:
    """Look for containers, mounts, sockets and folders of the lab that nobody owns."""
    yield _containers(lab)
    yield _folders(lab)
    yield _mounts(lab)
    yield _work(lab)
    yield _processes(lab.settings)
    yield _signs_of_life(lab)


def _containers(lab: Lab) -> Attempt:
    tried = "Look for containers of the lab that serve no workspace and no work."
    try:
        client = docker.APIClient(version="auto", timeout=20, **kwargs_from_env())
        there = client.containers(all=True, filters={"label": f"{LABEL_LAB}={lab.settings.name}"})
        client.close()
    except (DockerException, requests.RequestException) as error:
        why = type(error).__name__
        return _attempt("containers", tried, f"The engine does not answer ({why}).", Verdict.UNSEEN)
    known = {folder.name for folder in servers_folder(lab.settings.state).glob("*") if (folder / CARD).exists()}
    with lab.store.read() as reading:
        active = {w.id for w in reading.find(Work) if w.state not in ENDED}
    oldest = SystemClock().now().timestamp() - GRACE.total_seconds()
    lost = [
        c["Names"][0].lstrip("/")
        for c in there
        if c["Created"] < oldest
        and c["Labels"].get(LABEL_SERVER) not in known
        and c["Labels"].get(LABEL_WORK) not in active
    ]
    return _nobodys("containers", tried, lost, len(there))


def _folders(lab: Lab) -> Attempt:
    """A server's folder without a running container is left over; so is a scene of a killed doctor."""
    tried = "Look for sockets and folders of workspaces that do not run."
    state, found, lost = lab.settings.state, 0, []
    oldest = SystemClock().now().timestamp() - GRACE.total_seconds()
    running = _running(lab.settings.name)
    for folder in [*servers_folder(state).glob("*"), *state.glob(f"{PREFIX}*")]:
        found += 1
        if folder.stat().st_mtime < oldest and folder.name not in running:
            lost.append(folder.name)
    return _nobodys("folders", tried, lost, found)


def _running(lab: str) -> set[str]:
    try:
        client = docker.APIClient(version="auto", timeout=20, **kwargs_from_env())
        there = client.containers(filters={"label": f"{LABEL_LAB}={lab}"})
        client.close()
    except (DockerException, requests.RequestException):
        return set()
    return {str(c["Labels"].get(LABEL_SERVER, "")) for c in there}


def _mounts(lab: Lab) -> Attempt:
    tried = "Look for mounts below the state folder that belong to no project, workspace or work."
    state = lab.settings.state.resolve()
    with lab.store.read() as reading:
        projects = {p.name for p in reading.find(Project)}
    mounts = mounted_below(state)
    lost = [str(m.relative_to(state)) for m in mounts if not _is_owned(m.relative_to(state), projects, state)]
    return _nobodys("mounts", tried, lost, len(mounts))


def _is_owned(place: Path, projects: set[str], state: Path) -> bool:
    match place.parts:
        case ("scratch",) | ("servers",):  # The latter is where processes have views of their own.
            return True
        case ("projects", name):
            return name in projects
        case ("servers", name, "nb"):
            return (servers_folder(state) / name / CARD).exists()
        case ("mounts", project, _):
            return project in projects
        case _:
            return False


def mounted_below(folder: Path) -> list[Path]:
    """Mount points below a folder, without those of a scene that is played now."""
    return [place for place in mounts_below(folder) if not place.relative_to(folder).parts[0].startswith(PREFIX)]


def _work(lab: Lab) -> Attempt:
    tried = "Look for work that should have ended, or that was lost."
    now = lab.now()
    with lab.store.read() as reading:
        running = reading.find(Work, state=WorkState.RUNNING) + reading.find(Work, state=WorkState.STARTING)
        waiting = reading.find(Work, state=WorkState.QUEUED)
    late = [
        w.id
        for w in running
        if w.started and now - w.started > timedelta(seconds=limits_of(lab, w.kind).seconds) + GRACE
    ]
    count = len(running) + len(waiting)
    return _nobodys("work", tried, late, count)


def _processes(settings: Settings) -> Attempt:
    tried = "Look whether every process of the lab runs."
    found = status(settings)
    down = [s.name for s in found if s.state != "running"]
    if not found:
        return _attempt("processes", tried, "The lab is not started.", Verdict.NOTE)
    names = listed(down)
    seen = f"These do not run: {names}." if down else "All of them run."
    return _attempt("processes", tried, seen, Verdict.BROKEN if down else Verdict.HOLDS)


def _signs_of_life(lab: Lab) -> Attempt:
    """The worker writes that it lives; where nothing of the lab runs, nobody has to."""
    tried = "Look when the worker last wrote to the database that it lives."
    last = lab.store.beats().get(WORKER)
    if not any(s.state == "running" for s in status(lab.settings)):
        return _attempt("signs-of-life", tried, "The lab is not started.", Verdict.NOTE)
    if last is None:
        return _attempt("signs-of-life", tried, "It never did.", Verdict.BROKEN)
    ago = abs(round((lab.now() - last).total_seconds()))
    seen = f"It did {ago} s ago."
    return _attempt("signs-of-life", tried, seen, Verdict.HOLDS if ago <= SILENT.total_seconds() else Verdict.BROKEN)


def nothing_left(settings: Settings, before: set[str]) -> Attempt:
    """After the scene: no container, mount or folder of the doctor is left."""
    tried = "Look for what the doctor itself left behind."
    now = what_is_there(settings)
    return _nobodys("own-traces", tried, sorted(now - before), len(now))


def what_is_there(settings: Settings) -> set[str]:
    """Return the containers, mounts and folders that are the doctor's."""
    client = docker.APIClient(version="auto", timeout=20, **kwargs_from_env())
    there = client.containers(all=True, filters={"label": [f"{LABEL_LAB}={settings.name}", "datalab=doctor"]})
    client.close()
    state = settings.state.resolve()
    folders = {p.name for p in state.glob(f"{PREFIX}*")}
    mounts = {str(m) for m in mounts_below(state) if m.relative_to(state).parts[0].startswith(PREFIX)}
    return folders | mounts | {str(c["Names"][0]) for c in there}


def _nobodys(name: str, tried: str, lost: list[str], count: int) -> Attempt:
    names = listed(lost)
    seen = f"Without an owner: {names}." if lost else f"Nothing is without an owner ({count} looked at)."
    return _attempt(name, tried, seen, Verdict.BROKEN if lost else Verdict.HOLDS)


def _attempt(name: str, tried: str, seen: str, verdict: Verdict) -> Attempt:
    return Attempt(Promise.FAULTS, name, "host", tried, seen, verdict)
