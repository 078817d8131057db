"""The machine: what the promises rest on, read from its kernel, its engine and its files."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import docker
import requests
from cryptography import x509
from docker.errors import DockerException
from docker.utils import kwargs_from_env

from hub.adapters import snapshot_kind
from hub.adapters.processes import status
from hub.adapters.processes.preflight import LEAST_FREE, port_is_free
from hub.doctor.accounts import processes_apart, secrets_closed
from hub.doctor.program import listed
from hub.domain.errors import UnavailableError
from hub.domain.examinations import Attempt, Promise, Verdict
from hub.services.policies import site_digest
from hub.settings import Settings

PROGRAMS = ("mkfs.ext4", "setpriv", "node", "mount", "umount")
SWITCHES: dict[str, str] = {
    "kernel.dmesg_restrict": "/proc/sys/kernel/dmesg_restrict",
    "kernel.kptr_restrict": "/proc/sys/kernel/kptr_restrict",
    "kernel.unprivileged_bpf_disabled": "/proc/sys/kernel/unprivileged_bpf_disabled",
    "kernel.perf_event_paranoid": "/proc/sys/kernel/perf_event_paranoid",
    "kernel.yama.ptrace_scope": "/proc/sys/kernel/yama/ptrace_scope",
    "kernel.unprivileged_userns_clone": "/proc/sys/kernel/unprivileged_userns_clone",
    "kernel.io_uring_disabled": "/proc/sys/kernel/io_uring_disabled",
    "user.max_user_namespaces": "/proc/sys/user/max_user_namespaces",
    "fs.protected_symlinks": "/proc/sys/fs/protected_symlinks",
    "fs.protected_hardlinks": "/proc/sys/fs/protected_hardlinks",
    "fs.suid_dumpable": "/proc/sys/fs/suid_dumpable",
}
CERTIFICATE_LEFT = timedelta(days=14)


def engine_told() -> dict[str, Any]:
    """Return what the engine says of itself; UnavailableError where it does not answer."""
    try:
        client = docker.APIClient(version="auto", timeout=20, **kwargs_from_env())
        told = dict(client.info()) | {"Components": client.version().get("Components", [])}
        client.close()
    except (DockerException, requests.RequestException) as error:
        raise UnavailableError(
            "The container engine does not answer ({why}); start it, or run this as somebody who may use it.",
            reason="engine-missing",
            why=type(error).__name__,
        ) from None
    return told


def versions(settings: Settings, engine: dict[str, Any], image: str) -> dict[str, str]:
    """Return what all of it was tried on."""
    parts = {str(c["Name"]): str(c["Version"]) for c in engine["Components"]}
    return {
        "lab": version("datalab"),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "system": str(engine.get("OperatingSystem", "")),
        "engine": str(engine.get("ServerVersion", "")),
        "runtime": f"{engine.get('DefaultRuntime', '')} {parts.get('runc', '')}".strip(),
        "containerd": parts.get("containerd", ""),
        "image": image,
        "policy": f"{settings.gate.profile} {site_digest(settings.gate)}",
        "python": platform.python_version(),
    }


def machine_looked_at(settings: Settings, engine: dict[str, Any]) -> Iterator[Attempt]:
    """Read all of it."""
    yield from _engine(engine)
    yield runtime_looked_at(settings, engine)
    yield engine_socket(Path("/var/run/docker.sock"))
    yield from _kernel()
    yield datasets_mounted(settings)
    yield from _room(settings)
    yield secrets_closed(settings)
    yield processes_apart(settings)
    yield from _certificate(settings)


def _engine(engine: dict[str, Any]) -> Iterator[Attempt]:
    security = {str(word).split(",")[0].removeprefix("name=") for word in engine.get("SecurityOptions") or ()}
    tried = "Ask the engine whether it filters system calls."
    holds = "seccomp" in security
    seen = "It does." if holds else "It does not, so that a container may call all of the kernel."
    yield _attempt("seccomp", tried, seen, Verdict.HOLDS if holds else Verdict.BROKEN)
    for name, tried, word in (
        ("apparmor", "Ask the engine for a second wall, AppArmor.", "apparmor"),
        ("userns-remap", "Ask the engine whether it maps users of containers to others of the machine.", "userns"),
    ):
        yield _note(name, tried, "It has it." if word in security else "It does not have it.")
    live = "It does." if engine.get("LiveRestoreEnabled") else "It does not: a restart of the engine ends containers."
    yield _note("live-restore", "Ask the engine whether containers outlive its restart.", live)
    driver, groups = engine.get("Driver", ""), engine.get("CgroupVersion", "")
    seen = f"Storage {driver}, control groups {groups}."
    yield _note("engine", "Ask the engine for its storage and its control groups.", seen)
    warned = [str(w).removeprefix("WARNING: ") for w in engine.get("Warnings") or ()]
    bounds = [w for w in warned if "limit" in w or "support" in w]
    names = listed(bounds)
    tried = "Ask the engine for limits that this kernel does not keep."
    seen = f"It warns: {names}." if bounds else "It keeps all of them."
    yield _attempt("limits", tried, seen, Verdict.BROKEN if bounds else Verdict.HOLDS)


def runtime_looked_at(settings: Settings, engine: dict[str, Any]) -> Attempt:
    """Another runtime for what reads foreign bytes is optional; one that is named must be there.

    Whether it works is seen in the containers of readers and checkers, which are started with it.
    """
    tried = "Ask the engine for the runtime that readers and checkers of foreign bytes are to have."
    named, there = settings.reader.runtime, sorted(engine.get("Runtimes") or {})
    names = listed(there)
    if not named:
        seen = f"None is named in `lab.toml`, so they have its usual one. It has: {names}."
        return _note("reader-runtime", tried, seen)
    if named not in there:
        return _attempt("reader-runtime", tried, f"It has no {named}. It has: {names}.", Verdict.BROKEN)
    return _attempt("reader-runtime", tried, f"It has {named}, and they are tried with it.", Verdict.HOLDS)


def engine_socket(path: Path) -> Attempt:
    """Whoever can write the engine's socket is root."""
    tried = "Look who may use the engine's socket, which is root's power."
    try:
        found = path.stat()
    except OSError:
        return _note("engine-socket", tried, "It is not at its usual place.")
    mode, group = stat.S_IMODE(found.st_mode), found.st_gid
    if mode & 0o006:
        return _attempt("engine-socket", tried, f"Everybody may (mode {mode:04o}).", Verdict.BROKEN)
    return _attempt("engine-socket", tried, f"Root and the group {group} (mode {mode:04o}).", Verdict.HOLDS)


def _kernel() -> Iterator[Attempt]:
    for name, place in SWITCHES.items():
        value = _read(place)
        words = f"It is {value}." if value else "This kernel does not have it."
        yield _note(name, f"Read the kernel's switch {name}.", words)
    pattern = _read("/proc/sys/kernel/core_pattern")
    seen = "To a program of the machine, past the containers' limit." if pattern.startswith("|") else "Into a file."
    yield _note("core-pattern", "Look where the kernel would write the memory image of a crashed program.", seen)
    swap = len(_read("/proc/swaps").splitlines()) - 1
    seen = (
        "There is; it should be encrypted, since memory with data may be written there."
        if swap > 0
        else "There is none."
    )
    yield _note("swap", "Look for swap space.", seen)


def datasets_mounted(settings: Settings) -> Attempt:
    """How snapshots come into containers here; folders where images were not to be had are said, and are no fault."""
    tried = "Look how datasets are mounted on this machine."
    try:
        snapshot_kind.snapshot_kind(settings)
    except UnavailableError as error:
        return _attempt("datasets", tried, str(error), Verdict.BROKEN)
    well, how = snapshot_kind.said(settings)
    return _attempt("datasets", tried, f"By {how}.", Verdict.HOLDS if well else Verdict.NOTE)


def _room(settings: Settings) -> Iterator[Attempt]:
    place = next(folder for folder in (settings.state, *settings.state.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    megabytes = free // 2**20
    tried = "Look for free space below the state folder."
    yield _attempt("disk", tried, f"There are {megabytes} MB.", Verdict.HOLDS if free >= LEAST_FREE else Verdict.BROKEN)
    missing = [word for word in PROGRAMS if not shutil.which(word, path=_path())]
    names = listed(missing)
    seen = f"Missing: {names}." if missing else "All are there."
    tried = "Look for the programs that the lab starts."
    yield _attempt("programs", tried, seen, Verdict.BROKEN if missing else Verdict.HOLDS)
    runs = any(s.state == "running" for s in status(settings))
    ports = settings.ports.model_dump().items()
    taken = [f"{name} {port}" for name, port in ports if not runs and not port_is_free("127.0.0.1", port)]
    names = listed(taken)
    seen = "The lab runs on them." if runs else f"Taken: {names}." if taken else "They are free."
    tried = "Look at the ports that the lab listens on."
    yield _attempt("ports", tried, seen, Verdict.BROKEN if taken else Verdict.HOLDS)
    yield _clock()


def _clock() -> Attempt:
    """Ask the kernel whether something keeps its clock right."""
    tried = "Ask whether something keeps the clock right; receipts and the log rest on it."
    program = shutil.which("timedatectl")
    command = [program, "show", "--property=NTPSynchronized", "--value"] if program else ["true"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    kept = done.stdout.strip() == "yes"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    words = f"It is kept right; it says {now}." if kept else f"Nobody says so; it says {now}. Compare it with yours."
    return _note("clock", tried, words)


def _certificate(settings: Settings) -> Iterator[Attempt]:
    tried = "Look how long the lab's certificate is valid."
    if not settings.server.certificate:
        yield _note("certificate", tried, "There is none: the lab listens on the loopback address alone.")
        return
    try:
        found = x509.load_pem_x509_certificate(Path(settings.server.certificate).read_bytes())
    except (OSError, ValueError) as error:
        why = type(error).__name__
        yield _attempt("certificate", tried, f"It cannot be read ({why}).", Verdict.BROKEN)
        return
    ends = found.not_valid_after_utc
    day = ends.date().isoformat()
    holds = ends - datetime.now(UTC) > CERTIFICATE_LEFT
    yield _attempt("certificate", tried, f"Until {day}.", Verdict.HOLDS if holds else Verdict.BROKEN)


def _read(place: str) -> str:
    try:
        return Path(place).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def _note(name: str, tried: str, seen: str) -> Attempt:
    return _attempt(name, tried, seen, Verdict.NOTE)


def _attempt(name: str, tried: str, seen: str, verdict: Verdict) -> Attempt:
    return Attempt(Promise.MACHINE, name, "host", tried, seen, verdict)
