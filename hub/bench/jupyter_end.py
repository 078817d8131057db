"""JupyterLab's own server at the end of a way, in a container without network: the same program on every way.

Nobody logs in there, since nobody but this machine's root reaches its socket. ``plain`` leaves out the lab's settings
of JupyterLab, so that its files come from the server itself, as they do for whoever installs it.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.bench.lab_hub import own_image
from hub.domain.errors import UnavailableError
from spawner_config.names import LABEL

PATIENCE, PAUSE = 60.0, 0.1
SOCKET = "nb.sock"
SETTINGS = "/opt/datalab/venv/etc/jupyter"
NOTEBOOK = 50 * 2**20
SMALL, LARGE = "small.txt", "large.ipynb"


@contextmanager
def jupyter(name: str, folder: Path, base: str, *, plain: bool) -> Iterator[None]:
    """Serve below ``base`` on a socket in the folder; the container is gone afterwards."""
    files = folder.parent / "files"
    make_files(files)
    options = [
        "--ip=", f"--ServerApp.sock=/run/nb/{SOCKET}", f"--ServerApp.base_url={base}", "--ServerApp.root_dir=/files",
        "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", "--ServerApp.allow_remote_access=True",
        "--ServerApp.open_browser=False", "--allow-root",
    ]  # fmt: skip
    command = [
        "docker", "run", "--rm", "--detach", "--name", name, "--label", f"{LABEL}=bench", "--network", "none",
        "--user", str(os.getuid()), "-v", f"{folder}:/run/nb", "-v", f"{files}:/files",
        *(_plain(folder.parent) if plain else []), own_image(), "jupyter-lab", *options,
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    try:
        _wait_for(folder / SOCKET)
        yield
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", name], check=False, capture_output=True)


def _plain(folder: Path) -> list[str]:
    """Nothing in the places of the lab's settings."""
    nothing = folder / "nothing.json"
    nothing.write_text("{}")
    return ["-v", f"{nothing}:{SETTINGS}/jupyter_server_config.json:ro", "--tmpfs", f"{SETTINGS}/labconfig"]


def make_files(folder: Path) -> None:
    """A small file, and a notebook of 50 MB whose size is in one output, as a large picture would be."""
    folder.mkdir(exist_ok=True)
    (folder / SMALL).write_text("x" * 200)
    if not (folder / LARGE).exists():
        output = {"output_type": "stream", "name": "stdout", "text": ["x" * 99 + "\n"] * (NOTEBOOK // 100)}
        cell = {"cell_type": "code", "id": "one", "metadata": {}, "source": "", "execution_count": 1}
        notebook = {"cells": [cell | {"outputs": [output]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (folder / LARGE).write_text(json.dumps(notebook))


def _wait_for(socket: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not socket.exists():
        if time.monotonic() > end:
            raise UnavailableError("A server of the measurement does not start.", reason="bench")
        time.sleep(PAUSE)
