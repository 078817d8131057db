"""A measurement that is interrupted leaves no container, mount, process or folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from hub.adapters.processes.leftovers import remove_containers
from spawner_config.names import LABEL, LABEL_LAB
from waiting import wait_for

ROOT = Path(__file__).parents[2]


def labs() -> set[str]:
    """The names of the measurements' labs that have containers."""
    with closing(docker.APIClient(version="auto")) as engine:
        listed = engine.containers(all=True, filters={"label": LABEL})
    names = {entry["Labels"].get(LABEL_LAB, "") for entry in listed}
    return {name for name in names if name.startswith("bench")}


@pytest.fixture
def measuring(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    before = labs()
    command = [sys.executable, "-m", "hub.bench", "--only", "fifty"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path)}, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(lambda: labs() - before, 120)
        yield process
    finally:
        process.kill()
        process.communicate()
        for left in labs() - before:
            remove_containers(left)


def processes_in(folder: Path) -> list[str]:
    """The command lines of processes that speak of a folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(folder) in line:
            found.append(line)
    return found


def test_ctrl_c_ends_a_measurement_and_all_that_it_had_started(
    measuring: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert processes_in(tmp_path)
    [toml] = tmp_path.glob("*/fifty/lab.toml")
    lab = tomllib.loads(toml.read_text())["name"]
    assert lab in labs()
    measuring.send_signal(signal.SIGINT)
    said = measuring.communicate(timeout=120)[1]
    assert measuring.returncode == 130, said
    assert "interrupted" in said
    assert lab not in labs()
    assert list(tmp_path.iterdir()) == []
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
    assert processes_in(tmp_path) == []
