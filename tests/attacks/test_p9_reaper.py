"""Promise 9: whoever is killed, what nobody owns any more is gone within a minute, and what is in use stays.

Each attack leaves something behind by a real kill or as root would find it after one. The deliberately weak twin is a
lab whose worker cannot ask a hub: there the same things must stay, which shows that it is the reaper who removes them.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
import requests

from attacks.living import PROJECT, Living
from attacks.own_lab import OwnLab, own_lab
from attacks.seen import computed
from hub.adapters.loops import loops
from hub.demo.people import CARE, SCIENTIST
from hub.demo.workspace_client import Workspace
from hub.domain.errors import LabError
from spawner_config.names import LABEL, LABEL_LAB, LABEL_SERVER, server_id, workspace_container
from spawner_config.server_folder import mount_socket_folder, server_folder, unmount_socket_folder
from waiting import wait_for

WITHIN = 60.0
STRANGER = "f" * 16
UID = 200_999


@pytest.fixture(scope="module")
def in_use(living: Living) -> Iterator[Callable[[], None]]:
    """A workspace that is open all the while, in one container; gives what must hold of it after each attack."""
    living.token(SCIENTIST)  # asked for while all of the lab answers
    workspace = Workspace(living.visitor(SCIENTIST), CARE)
    wait_for(lambda: opened(workspace), 90, "the workspace does not open")
    before = seen(living, container_of(living, CARE))

    def stays() -> None:
        assert seen(living, container_of(living, CARE)) == before
        assert wait_for(lambda: computed(workspace), 30, "the workspace does not answer") == "42"

    return stays


def opened(workspace: Workspace) -> bool:
    with suppress(LabError, requests.RequestException):
        workspace.open()
        return True
    return False


def container_of(living: Living, project: str) -> str:
    return workspace_container(living.settings.name, SCIENTIST, project)


def seen(living: Living, name: str) -> tuple[str, str, str] | None:
    """A container's identifier, its state, and when it was started."""
    with suppress(docker.errors.NotFound):
        found = living.engine.inspect_container(name)
        return found["Id"], found["State"]["Status"], found["State"]["StartedAt"]
    return None


def nothing_of(living: Living, server: str, name: str) -> bool:
    """No container, folder or mount of a server is left."""
    folder = server_folder(living.state, server)
    return seen(living, name) is None and not folder.exists() and not mounted_below(folder)


def mounted_below(folder: Path) -> bool:
    """Whether something is mounted there, as the kernel writes it: with a number for each blank of a path."""
    return str(folder).replace(" ", r"\040") in Path("/proc/self/mountinfo").read_text()


def gone_within_a_minute(living: Living, server: str, name: str, record: Callable[..., None], what: str) -> None:
    began = time.monotonic()
    wait_for(lambda: nothing_of(living, server, name), WITHIN, f"{what} is left")
    seconds = round(time.monotonic() - began, 1)
    record(f"{what}-gone-after-seconds", seconds)
    print(f"{what}: gone after {seconds} s")


def ends_of(living: Living, project: str) -> list[str]:
    return [details["reason"] for *_, details in living.audit("lab:workspace:close", subject=project)]


@contextmanager
def stopped(living: Living, name: str) -> Iterator[None]:
    """Halt a process, as a machine does that has too much to do."""
    record = wait_for(lambda: living.process(name), 30, f"{name} does not run")
    os.kill(record.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(record.pid, signal.SIGCONT)


def test_a_container_whose_hub_was_killed_before_it_was_claimed_is_removed(
    living: Living, in_use: Callable[[], None], record_property: Callable[[str, object], None]
) -> None:
    living.close_workspace()  # one that is open would only be found again
    name = container_of(living, PROJECT)
    visitor = living.visitor(SCIENTIST)

    def ask() -> None:
        with suppress(LabError, requests.RequestException):
            visitor.get(f"/hub/spawn/{SCIENTIST}/{PROJECT}")

    # A gateway that does not answer holds the spawner between the container's start and its claim.
    with stopped(living, "gateway"):
        asking = threading.Thread(target=ask)
        asking.start()
        wait_for(lambda: (seen(living, name) or ("", "", ""))[1] == "running", 60, "no container is made")
        living.kill("hub")
    gone_within_a_minute(living, server_id(SCIENTIST, PROJECT), name, record_property, "unclaimed-container")
    # The next hub may find it before the reaper does: whoever it is, nothing stays open in the records.
    wait_for(lambda: ends_of(living, PROJECT)[-1:] in (["left-behind"], ["ended"]), WITHIN, "its end is not recorded")
    asking.join()
    living.up_again()
    in_use()


def test_a_running_workspace_that_the_hub_has_forgotten_is_removed_and_opens_again(
    living: Living, in_use: Callable[[], None], record_property: Callable[[str, object], None]
) -> None:
    workspace = Workspace(living.visitor(SCIENTIST), PROJECT)
    wait_for(lambda: opened(workspace), 90, "the workspace does not open")
    name = container_of(living, PROJECT)
    assert seen(living, name) is not None
    forget(living, PROJECT)
    gone_within_a_minute(living, server_id(SCIENTIST, PROJECT), name, record_property, "forgotten-workspace")
    wait_for(lambda: ends_of(living, PROJECT)[-1:] == ["left-behind"], 20, "its end is not recorded")
    wait_for(lambda: opened(workspace), 90, "the workspace does not open again")
    in_use()


def forget(living: Living, project: str) -> None:
    """Make the hub forget a server, as a kill before its first commit does."""
    living.kill("hub")
    with closing(sqlite3.connect(living.state / "hub" / "jupyterhub.sqlite", timeout=20)) as hub:
        hub.execute("UPDATE spawners SET server_id = NULL, state = '{}' WHERE name = ?", (project,))
        hub.commit()
    living.kill("hub")  # one that came back at once may have read it before
    living.up_again()


def leave_folder(state: Path, server: str) -> None:
    """What is left where a spawner was killed after it made the folder: a mount, and no card."""
    folder = server_folder(state, server)
    (folder / "nb").mkdir(parents=True)
    (folder / "hub").mkdir()
    mount_socket_folder(folder / "nb", UID)
    assert mounted_below(folder)


def leave_container(lab: str, server: str) -> str:
    """A container with a workspace's labels; returns its name."""
    labels = {LABEL: "workspace", LABEL_LAB: lab, LABEL_SERVER: server}
    name = f"{lab}-workspace-{server}"
    with closing(docker.APIClient()) as engine:
        config = engine.create_container_config("datalab/workspace:current", ["sleep", "600"], labels=labels)
        config["HostConfig"] = {"NetworkMode": "none"}
        engine.create_container_from_config(config, name)
        engine.start(name)
    return name


@dataclass(frozen=True)
class Left:
    """What was left behind all at once: after how many seconds each was gone, and whether what is not ours stayed."""

    gone: dict[str, float]
    stays: bool


@pytest.fixture(scope="module")
def left(living: Living, in_use: Callable[[], None]) -> Left:
    """A folder and a container that no record speaks of, a loop device, and a workspace of another lab."""
    leave_folder(living.state, STRANGER)
    name = leave_container(living.settings.name, STRANGER)
    image = leave_loop(living.state)
    other = leave_container(f"{living.settings.name}x", STRANGER)
    try:
        facts = {"stranger": lambda: nothing_of(living, STRANGER, name), "loop": lambda: not attached(image)}
        return Left(gone_after(facts, 25), seen(living, other) is not None)
    finally:
        living.engine.remove_container(other, force=True)
        image.unlink()


def gone_after(facts: dict[str, Callable[[], bool]], at_least: float) -> dict[str, float]:
    """Look for a minute at the most, and for so many seconds at least, and return when each was seen to be so."""
    began, seen_at = time.monotonic(), dict[str, float]()
    while (passed := time.monotonic() - began) < WITHIN and (len(seen_at) < len(facts) or passed < at_least):
        seen_at |= {name: round(passed, 1) for name, fact in facts.items() if name not in seen_at and fact()}
        time.sleep(0.2)
    return seen_at


def leave_loop(state: Path) -> Path:
    """A loop device over an image of the lab's that is mounted nowhere; returns the image."""
    image = state / "projects" / "left.img"
    with image.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2**20)
    subprocess.run(["losetup", "--find", "--show", str(image)], check=True, capture_output=True)
    return image


def test_a_folder_with_its_mount_and_a_container_that_no_record_speaks_of_are_removed(
    left: Left, in_use: Callable[[], None], record_property: Callable[[str, object], None]
) -> None:
    assert left.gone.get("stranger", WITHIN) < WITHIN
    record_property("stranger-gone-after-seconds", left.gone["stranger"])
    in_use()


def test_a_loop_device_that_is_mounted_nowhere_is_let_go(left: Left, in_use: Callable[[], None]) -> None:
    assert left.gone.get("loop", WITHIN) < WITHIN
    in_use()


def test_another_labs_workspace_is_not_ours_to_remove(left: Left) -> None:
    assert left.stays


def test_while_the_hub_cannot_be_asked_nothing_is_removed(
    living: Living, in_use: Callable[[], None], record_property: Callable[[str, object], None]
) -> None:
    with stopped(living, "hub"):
        leave_folder(living.state, STRANGER)
        name = leave_container(living.settings.name, STRANGER)
        time.sleep(30)
        assert seen(living, name) is not None
        assert server_folder(living.state, STRANGER).exists()
    gone_within_a_minute(living, STRANGER, name, record_property, "stranger-after-a-silent-hub")
    in_use()


def attached(image: Path) -> bool:
    return image in [file for _, file in loops()]


@pytest.fixture(scope="module", autouse=True)
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnLab]:
    """A lab without a hub, whose worker looks at what is left there while the other tests run."""
    with own_lab(tmp_path_factory.mktemp("twin") / "Own lab") as made:
        leave_folder(made.lab.settings.state, STRANGER)
        leave_container(made.lab.settings.name, STRANGER)
        try:
            made.worker()
            yield made
        finally:
            unmount_socket_folder(server_folder(made.lab.settings.state, STRANGER) / "nb")


def test_the_weak_twin_without_a_hub_to_ask_keeps_all_of_it(twin: OwnLab) -> None:
    name = f"{twin.lab.settings.name}-workspace-{STRANGER}"
    wait_for(lambda: twin.log.count("nothing is cleared away") >= 4, 60, "the worker does not say so")
    assert twin.lab.engine.workspaces() == {STRANGER: name}
    assert twin.lab.storage.servers() == [STRANGER]
