"""What the doctor looks at; each check says what it saw."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import DockerException

from hub.adapters import snapshot_kind
from hub.adapters.engine import DockerEngine
from hub.adapters.processes import status
from hub.adapters.processes.preflight import LEAST_FREE, port_is_free
from hub.domain.errors import LabError, UnavailableError
from hub.settings import Settings, load_settings
from spawner_config.isolation import ContainerSpec, Limits, Purpose, container_body
from spawner_config.names import LABEL, LABEL_LAB

PROBE = Path(__file__).with_name("doctor_probe.py")
LONGEST_PROBE = 60
NO_CAPABILITY = "0" * 16
FILTERING = "2"


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked at, whether it is as it must be, and what was seen."""

    what: str
    holds: bool
    seen: str


def examine(config: Path) -> Iterator[Found]:
    """Look at everything; where a thing is missing, what rests on it is not looked at."""
    try:
        settings = load_settings(config.absolute())
    except LabError as error:
        yield Found("settings", False, str(error))
        return
    yield Found("settings", True, str(config))
    yield from _machine(settings)
    yield Found("datasets", *snapshot_kind.said(settings))
    image = yield from _engine(settings)
    for purpose in Purpose if image else ():
        yield from _container(settings, purpose, image)


def _machine(settings: Settings) -> Iterator[Found]:
    place = next(folder for folder in (settings.state, *settings.state.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    yield Found("disk", free >= LEAST_FREE, f"{free // 2**20} MB free at {place}")
    missing = [word for word in ("mkfs.ext4", "setpriv", "node") if not shutil.which(word, path=_path())]
    yield Found("programs", not missing, f"missing: {', '.join(missing)}" if missing else "mkfs.ext4, setpriv, node")
    running = {s.name for s in status(settings) if s.state == "running"}
    ports = settings.ports.model_dump().items()
    taken = [f"{name} {port}" for name, port in ports if not running and not port_is_free("127.0.0.1", port)]
    yield Found("ports", not taken, "the lab runs" if running else f"taken: {', '.join(taken)}" if taken else "free")


def _path() -> str:
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def _engine(settings: Settings) -> Generator[Found, None, str]:
    try:
        image = DockerEngine(settings.name).image_digest(settings.images.workspace)
    except LabError as error:
        yield Found("engine and image", False, str(error))
        return ""
    yield Found("engine and image", True, f"{settings.images.workspace} {image}")
    return image


def _container(settings: Settings, purpose: Purpose, image: str) -> Iterator[Found]:
    """Ask a throw-away container of the purpose what it sees."""
    try:
        seen = _probe(settings, _spec(settings, purpose, image))
    except LabError as error:
        yield Found(f"{purpose}: container", False, str(error))
        return
    yield from judged(purpose, seen)


def judged(purpose: Purpose, seen: dict[str, Any]) -> Iterator[Found]:
    """Compare what a container saw with what is promised."""
    yield Found(f"{purpose}: network", seen["interfaces"] == ["lo"], f"interfaces: {', '.join(seen['interfaces'])}")
    writable = [str(place) for place in seen["writable"]]
    yield Found(f"{purpose}: root", not writable, f"writable: {', '.join(writable)}" if writable else "read-only")
    nobody = seen["uid"] != 0 and seen["gid"] != 0 and 0 not in seen["groups"]
    yield Found(f"{purpose}: user", nobody, f"{seen['uid']}:{seen['gid']}")
    powerless = set(seen["capabilities"]) == {NO_CAPABILITY} and seen["no_new_privileges"] == "1"
    powers = f"capabilities {', '.join(seen['capabilities'])}; no new privileges: {seen['no_new_privileges']}"
    yield Found(f"{purpose}: powers", powerless, powers)
    yield Found(f"{purpose}: system calls", seen["seccomp"] == FILTERING, f"seccomp mode {seen['seccomp']}")


def _spec(settings: Settings, purpose: Purpose, image: str) -> ContainerSpec:
    """The purpose's container without any folder, with small limits."""
    return ContainerSpec(
        purpose=purpose,
        image=image,
        command=("python", "-I", "-c", PROBE.read_text(encoding="utf-8")),
        uid=settings.storage.reader_uid,
        mounts=(),
        limits=Limits(2**28, 1.0, 64, 2**24, LONGEST_PROBE, 2**20),
        environment={},
        labels={LABEL: "doctor", LABEL_LAB: settings.name},
        working_dir="/tmp",  # noqa: S108  # inside the container
    )


def _probe(settings: Settings, spec: ContainerSpec) -> dict[str, Any]:
    name = f"{settings.name}-doctor-{spec.purpose}-{secrets.token_hex(4)}"
    try:
        with _throw_away(name, container_body(spec)) as client:
            client.start(name)
            client.wait(name, timeout=LONGEST_PROBE)
            return dict(json.loads(client.logs(name, stdout=True, stderr=False)))
    except (DockerException, requests.RequestException) as error:
        raise UnavailableError("The engine refused: {why}.", reason="engine", why=type(error).__name__) from None
    except ValueError:
        raise UnavailableError("The container ended without an answer.", reason="probe") from None


@contextmanager
def _throw_away(name: str, body: dict[str, object]) -> Iterator[docker.APIClient]:
    client = docker.APIClient(version="auto", timeout=LONGEST_PROBE)
    try:
        client.create_container_from_config(body, name)
        yield client
    finally:
        client.remove_container(name, force=True, v=True)
        client.close()
