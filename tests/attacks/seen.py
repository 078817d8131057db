"""What root on the host sees of a running lab's runs, containers and folders, and what a person gets to see of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import docker

from attacks.living import PROJECT, Living
from hub.demo.workspace_client import Workspace
from hub.domain.errors import LabError
from hub.domain.work import ENDED
from hub.host_wiring import storage_from
from hub.services.lab import Lab
from spawner_config.names import LABEL_LAB, LABEL_SERVER, LABEL_WORK


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


def ownerless(living: Living, engine: docker.APIClient) -> dict[str, list[str]]:
    """What of a lab is there and serves neither an open workspace nor work that is under way."""
    servers = {i for (i,) in _rows(living, "SELECT id FROM workspace WHERE state != 'closed'")}
    works = {i for (i,) in _rows(living, f"SELECT id FROM work WHERE state NOT IN ({_ENDED})")}
    storage = storage_from(living.settings)
    found = engine.containers(all=True, filters={"label": [f"{LABEL_LAB}={living.settings.name}"]})
    owners = [{e["Labels"].get(LABEL_SERVER), e["Labels"].get(LABEL_WORK)} & (servers | works) for e in found]
    nobodys = [entry["Names"][0] for entry, owner in zip(found, owners, strict=True) if not owner]
    held = _held_by(living, [entry["Id"] for entry, owner in zip(found, owners, strict=True) if owner])
    places = Path("/proc/self/mountinfo").read_text().replace("\\040", " ").splitlines()
    below = f"{living.state}/servers/"
    mounts = [line.split(below)[1].split("/")[0] for line in places if below in line]
    left = {
        "containers": nobodys,
        "folders": sorted(set(storage.servers()) - servers),
        "mounts": sorted(set(mounts) - servers),
        "work": sorted(set(storage.works()) - works - _kept(living)),
        "loops": sorted(loop for loop in storage.loose_loops() if loop.partition(" ")[0] not in held),
    }
    return {name: things for name, things in left.items() if things}


def _held_by(living: Living, containers: list[str]) -> set[str]:
    """Devices that are mounted in containers: one whose mount was made anew on the host goes with its container."""
    held = set[str]()
    for pid in (pid_of(living, container) for container in containers):
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/mountinfo").read_text().splitlines() if pid else []
            held |= {line.partition(" - ")[2].split(" ")[1] for line in lines}
    return held


_ENDED = ", ".join(f"'{state}'" for state in ENDED)


def _kept(living: Living) -> set[str]:
    """What was read is needed until it was checked."""
    found = _rows(living, "SELECT id, turn FROM export_request WHERE state = 'checking'")
    return {f"{identifier}-read-{turn}" for identifier, turn in found}


def _rows(living: Living, question: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{living.database}?mode=ro", uri=True, timeout=20)) as connection:
        return connection.execute(question).fetchall()


def of_works(lab: Lab) -> dict[str, list[str]]:
    """Containers and folders of a lab's works, whether they serve one or not."""
    left = {"containers": [view.name for view in lab.engine.containers()], "work": lab.storage.works()}
    return {name: things for name, things in left.items() if things}


def left_words(left: dict[str, list[str]]) -> str:
    """The same in a few words, for the page of attacks."""
    return ", ".join(f"{len(things)} {name}" for name, things in left.items()) or "nothing"


def tell_fault(record: Callable[[str, object], None], fault: str, survives: str, seconds: float, left: str) -> None:
    """Leave a row for the page of attacks: what survived a fault, how long it took, what was left behind."""
    for name, value in (
        ("fault", fault),
        ("survives", survives),
        ("seconds", round(seconds, 1)),
        ("left-behind", left),
    ):
        record(name, value)
