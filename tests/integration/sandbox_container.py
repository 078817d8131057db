"""Starts a sandbox program in the container that the lab would start for it, and tells how it ended."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import nbformat

from datasets_mount.mounts import Mount
from hub.domain.sandbox_exit import SandboxExit
from hub.settings import Images
from spawner_config.isolation import ContainerSpec, Limits, Purpose, container_body
from spawner_config.names import LABEL

IMAGE = os.environ.get("DATALAB_TEST_IMAGE") or Images().workspace
UID = 200_077
SECONDS = 60
LIMITS = Limits(memory=2**30, cpus=1.0, processes=128, tmp=2**26, seconds=SECONDS, file_size=2**28)

Change = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a container ended: its code, all that it said, and the folder with what it wrote."""

    code: int
    said: str
    root: Path

    @property
    def executed(self) -> Any:
        """The executed notebook."""
        return nbformat.read(self.root / "outputs" / "executed.ipynb", as_version=4)

    @property
    def states(self) -> list[str]:
        """How each cell ended."""
        return [c.metadata.papermill.status for c in self.executed.cells]

    def printed(self, cell: int = -1) -> str:
        """What a cell printed."""
        return "".join(o.text for o in self.executed.cells[cell].outputs if o.output_type == "stream")


def code_cell(source: str, *tags: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def notebook_of(*sources: str | dict[str, Any], **metadata: object) -> bytes:
    cells = [code_cell(s) if isinstance(s, str) else s for s in sources]
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}).encode()


def execute(root: Path, body: bytes, *, request: Mapping[str, object] | None = None, **how: Any) -> Ended:
    """Run a notebook."""
    asked = {"digest": hashlib.sha256(body).hexdigest(), "parameters": {}, "schema": [], "cell_seconds": 20}
    inside = {"notebook.ipynb": body, "request.json": json.dumps(asked | dict(request or {})).encode()}
    return start(root, "execute", Purpose.RUN, inside, ("outputs", "progress"), **how)


def read(root: Path, program: str, inside: Mapping[str, bytes], **how: Any) -> Ended:
    """Let a reader's program parse what stands in its input."""
    return start(root, program, Purpose.READER, inside, ("out",), **how)


def on_small_disk(target: str) -> Change:
    """Let a folder be a small file system of its own, which needs no root on the host."""

    def change(body: dict[str, Any]) -> None:
        mount = next(m for m in body["HostConfig"]["Mounts"] if m["Target"] == target)
        options = {"type": "tmpfs", "device": "tmpfs", "o": "size=64k,mode=1777"}
        driver = {"Name": "local", "Options": options}
        mount.clear()
        mount |= {
            "Type": "volume",
            "Target": target,
            "VolumeOptions": {"Labels": {LABEL: "test"}, "DriverConfig": driver},
        }

    return change


def start(
    root: Path,
    program: str,
    purpose: Purpose,
    inside: Mapping[str, bytes],
    writable: tuple[str, ...],
    *,
    data: Mapping[str, Path] | None = None,
    limits: Limits = LIMITS,
    change: Change = lambda _: None,
    address: str = "",
    runtime: str = "",
) -> Ended:
    """Make the folders, start the container, wait for its end and take it away."""
    (root / "in").mkdir(parents=True)
    for name, content in inside.items():
        (root / "in" / name).write_bytes(content)
    for name in writable:
        (root / name).mkdir()
        os.chown(root / name, UID, UID)
    mounts = (
        Mount(str(root / "in"), "/in"),
        *(Mount(str(root / name), f"/{name}", writable=True) for name in writable),
        *(Mount(str(folder), f"/data/{name}") for name, folder in (data or {}).items()),
    )
    command = ("python", "-m", f"hub.sandbox.{program}")
    spec = ContainerSpec(purpose, IMAGE, command, UID, mounts, limits, {}, {LABEL: "test"}, "/tmp", runtime)
    body = container_body(spec)
    change(body)
    return Ended(*_live(body, address), root)


def _live(body: dict[str, Any], address: str) -> tuple[int, str]:
    engine = docker.APIClient(address or None)
    name = f"datalab-test-{uuid.uuid4().hex[:12]}"
    try:
        engine.create_container_from_config(body, name=name)
        engine.start(name)
        code = int(engine.wait(name, timeout=SECONDS)["StatusCode"])
        return code, engine.logs(name).decode()
    finally:
        engine.remove_container(name, force=True, v=True)
        engine.close()


def word(code: SandboxExit) -> str:
    """All that a program says."""
    return f"{code.name.lower()}\n"
