"""A second container engine, a test's own, beside the machine's: it has its own folders and ends with the test."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import docker

SECONDS = 30.0

START = """
set -eu
mount -t overlay -o "lowerdir=/etc,upperdir=$0/etc,workdir=$0/work" overlay /etc
mkdir -p /run/containerd && mount -t tmpfs tmpfs /run/containerd
exec dockerd --config-file="$0/engine.json" --data-root="$0/data" --exec-root="$0/exec" --pidfile="$0/engine.pid" \\
    --host="unix://$0/engine.sock" --bridge=none --iptables=false --ip6tables=false
"""
"""In a mount name space of its own: files under /etc that are this engine's, and no engine's helper but its own."""


@contextmanager
def own_engine(settings: Mapping[str, object], etc: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start an engine with these settings and these files under /etc, and return its address; needs root."""
    # A socket's address is short, so this is no folder of the test's.
    folder = Path(tempfile.mkdtemp(prefix="engine", dir="/var/tmp"))
    folder.chmod(0o711)  # An engine that maps users looks into its folder as one of them.
    for name in ("etc", "work"):
        (folder / name).mkdir()
    for name, content in (etc or {}).items():
        (folder / "etc" / name).write_text(content)
    (folder / "engine.json").write_text(json.dumps(settings))
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", START, str(folder)]
    try:
        with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
            try:
                _wait_for_answer(folder, process)
                yield f"unix://{folder}/engine.sock"
            finally:
                process.terminate()
                process.wait(SECONDS)
    finally:
        shutil.rmtree(folder)


def _wait_for_answer(folder: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(folder / "engine.sock")) == 0:
                return
        time.sleep(0.1)
    raise AssertionError((folder / "log").read_text()[-3000:])


def copy_image(tag: str, address: str) -> None:
    """Give the engine at an address an image of the machine's."""
    with docker.APIClient() as here, docker.APIClient(base_url=address) as there:
        there.load_image(here.get_image(tag))


def base_image() -> str:
    """The smallest of the lab's images: Debian with Python."""
    with docker.APIClient() as here:
        return str(here.images("datalab/base")[0]["RepoTags"][0])
