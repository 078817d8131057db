"""What root on the host sees of a running lab's runs, containers and folders, and what a person gets to see of it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import docker

from attacks.living import PROJECT, Living
from hub.demo.workspace_client import Workspace
from hub.domain.errors import LabError
from hub.wiring import storage_from


def folder_of(living: Living, run: str) -> Path:
    return living.state / "projects" / PROJECT / "runs" / run


def started(living: Living, name: str) -> tuple[str, str]:
    """A container's identifier, and when it was started last."""
    seen = living.engine.inspect_container(name)
    assert seen["State"]["Running"], seen["State"]
    return seen["Id"], seen["State"]["StartedAt"]


def computed(workspace: Workspace) -> str:
    """What a person gets who opens their workspace and runs a cell, if they do."""
    with suppress(LabError):
        workspace.open()
        return workspace.run(["print(6 * 7)"])[0].text
    return ""


def left_on_disk(living: Living) -> list[str]:
    return storage_from(living.settings).works()


def pid_of(living: Living, container: str) -> int:
    with suppress(docker.errors.NotFound):
        return int(living.engine.inspect_container(container)["State"]["Pid"])
    return 0
