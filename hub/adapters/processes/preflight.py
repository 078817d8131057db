"""All that would keep the lab from starting, found in one pass and said at once."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from hub.adapters.free_space import existing, free_bytes, written_folders
from hub.adapters.processes.programs import HUB_CONFIG, find_proxy
from hub.adapters.secrets import Secret, read_secret
from hub.domain.errors import LabError, UnavailableError
from hub.settings import Settings

LEAST_FREE = 500 * 2**20
"""At least; a lab that takes nothing in below a higher floor needs that."""


class Images(Protocol):
    """What is asked of the container engine; see hub.adapters.engine.DockerEngine."""

    def image_digest(self, image: str) -> str:
        """Return the digest of a local image; raises UnavailableError without an engine or without the image."""

    def runtimes(self) -> frozenset[str]:
        """Return the names of the runtimes that the engine has."""


def port_is_free(address: str, port: int) -> bool:
    """Nothing listens on the port; connections that are still closing do not count."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def check_can_start(settings: Settings, images: Images, is_free: Callable[[str, int], bool] = port_is_free) -> None:
    """The lab starts only when nothing is in its way; otherwise everything that is stands in one sentence each."""
    own = (*_state(settings), *_programs(), *_files(settings))
    faults = [*own, *_ports(settings, is_free), *_engine(settings, images)]
    if faults:
        raise UnavailableError(
            "The lab cannot start:\n{faults}", reason="cannot-start", faults="\n".join(f"  {fault}" for fault in faults)
        )


def _state(settings: Settings) -> Iterator[str]:
    """The state folder can be written, and has room."""
    folder = settings.state
    if not os.access(folder, os.W_OK | os.X_OK):
        yield f"The state folder {folder} cannot be written; give it to the account that runs the lab."
        return
    needed = max(LEAST_FREE, settings.space.floor)
    # The state folder comes last, so that it names a disk that it shares with others.
    disks = {existing(place).stat().st_dev: place for place in reversed(written_folders(settings).values())}
    for place in disks.values():
        free = free_bytes(place)
        if free < needed:
            yield f"The disk of {place} has only {free // 2**20} MB free; the lab needs {needed // 2**20} MB to start."


def _ports(settings: Settings, is_free: Callable[[str, int], bool]) -> Iterator[str]:
    """Every port that the lab listens on is free."""
    for name, port in settings.ports.model_dump().items():
        if name == "identity" and not settings.login.demo:
            continue
        address = settings.server.address if name == "public" else "127.0.0.1"
        if not is_free(address, port):
            yield (
                f"Port {port} on {address} cannot be used: something listens there already, or it needs root. "
                f"End that, or choose another for “{name}” in [ports] of lab.toml."
            )


def _engine(settings: Settings, images: Images) -> Iterator[str]:
    """The engine answers, and has the image and the runtime."""
    try:
        images.image_digest(settings.images.workspace)
        runtime = settings.reader.runtime
        if runtime and runtime not in images.runtimes():
            yield (
                f"The container engine has no runtime “{runtime}”, which [reader] of lab.toml names; add it to the "
                "engine, or leave the key “runtime” out."
            )
    except LabError as error:
        yield str(error)


def _programs() -> Iterator[str]:
    """What the lab starts is installed."""
    if find_proxy() is None:
        yield "configurable-http-proxy is missing; run “make setup”."
    if shutil.which("node") is None:
        yield "Node.js, which the proxy needs, is missing; run “make setup”."
    if shutil.which("setpriv") is None:
        yield "setpriv is missing; install the package util-linux."
    if not HUB_CONFIG.is_file():
        yield f"The hub's configuration {HUB_CONFIG} is missing; the lab runs from its source folder."


def _files(settings: Settings) -> Iterator[str]:
    """Secrets and certificates can be read, secrets by nobody else."""
    for name in (
        Secret.COOKIE,
        Secret.PROXY,
        Secret.PORTAL,
        Secret.WORKER,
        Secret.METRICS,
        Secret.CLIENT,
        Secret.SIGNING,
    ):
        try:
            read_secret(settings.secret(name))
        except LabError as error:
            yield str(error)
    for key, file in (("certificate", settings.server.certificate), ("key", settings.server.key)):
        if file and not os.access(Path(file), os.R_OK):
            yield f"The file {file} ({key} in [server] of lab.toml) cannot be read."
    if settings.login.demo and not (settings.state / "identity" / "canaille.toml").is_file():
        yield "The demonstration's accounts are not set up; run “make demo”."
