"""Promise 9: whoever is killed, what nobody owns any more is gone within a minute, and what is in use stays.

Each attack leaves something behind by a real kill or as root would find it after one. The deliberately weak twin is a
lab whose worker cannot ask a hub: there the same things must stay, which shows that it is the reaper who removes them.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import docker
import pytest
import requests

from attacks.living import PROJECT, Living, wait_for
from attacks.own_lab import OwnLab, own_lab
from hub.demo.people import CARE, SCIENTIST
from hub.demo.workspace_client import Workspace
from hub.domain.errors import LabError
from spawner_config.names import LABEL, LABEL_LAB, LABEL_SERVER, server_id, workspace_container
from spawner_config.server_folder import mount_socket_folder, server_folder, unmount_socket_folder

WITHIN = 60.0
STRANGER = "f" * 16
UID = 200_999


@pytest.fixture
def in_use(living: Living) -> Iterator[Callable[[], None]]:
    """A workspace that is open all the while; gives what must hold of it at the end."""
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


def computed(workspace: Workspace) -> str:
    with suppress(LabError):
        workspace.open()
        return workspace.run(["print(6 * 7)"])[0].text
    return ""


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
    mounts = Path("/proc/self/mountinfo").read_text()
    return seen(living, name) is None and not folder.exists() and server not in mounts


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


def test_a_container_whose_hub_was_killed_before_it_was_started_is_removed(
    living: Living, in_use: Callable[[], None], record_testsuite_property: Callable[..., None]
) -> None:
    name = container_of(living, PROJECT)
    visitor = living.visitor(SCIENTIST)

    def ask() -> None:
        with suppress(LabError, requests.RequestException):
            visitor.get(f"/hub/spawn/{SCIENTIST}/{PROJECT}")

    # A gateway that does not answer holds the spawner between the container's creation and its start.
    with stopped(living, "gateway"):
        asking = threading.Thread(target=ask)
        asking.start()
        wait_for(lambda: (seen(living, name) or ("", "", ""))[1] == "created", 60, "no container is made")
        living.kill("hub")
    gone_within_a_minute(living, server_id(SCIENTIST, PROJECT), name, record_testsuite_property, "created-container")
    # The next hub may find it before the reaper does: whoever it is, nothing stays open in the records.
    wait_for(lambda: ends_of(living, PROJECT)[-1:] in (["left-behind"], ["ended"]), WITHIN, "its end is not recorded")
    asking.join()
    living.up_again()
    in_use()


def test_a_running_workspace_that_the_hub_has_forgotten_is_removed_and_opens_again(
    living: Living, in_use: Callable[[], None], record_testsuite_property: Callable[..., None]
) -> None:
    workspace = Workspace(living.visitor(SCIENTIST), PROJECT)
    wait_for(lambda: opened(workspace), 90, "the workspace does not open")
    name = container_of(living, PROJECT)
    assert seen(living, name) is not None
    forget(living, PROJECT)
    gone_within_a_minute(living, server_id(SCIENTIST, PROJECT), name, record_testsuite_property, "forgotten-workspace")
    wait_for(lambda: ends_of(living, PROJECT)[-1:] == ["left-behind"], 20, "its end is not recorded")
    wait_for(lambda: opened(workspace), 90, "the workspace does not open again")
    in_use()


def forget(living: Living, project: str) -> None:
    """Make the hub forget a server, as a kill before its first commit does."""
    living.kill("hub")
    with closing(sqlite3.connect(living.state / "jupyterhub.sqlite", timeout=20)) as hub:
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


def test_a_folder_with_its_mount_and_a_container_that_no_record_speaks_of_are_removed(
    living: Living, in_use: Callable[[], None], record_testsuite_property: Callable[..., None]
) -> None:
    leave_folder(living.state, STRANGER)
    name = leave_container(living.settings.name, STRANGER)
    gone_within_a_minute(living, STRANGER, name, record_testsuite_property, "stranger")
    in_use()


def test_while_the_hub_cannot_be_asked_nothing_is_removed(
    living: Living, in_use: Callable[[], None], record_testsuite_property: Callable[..., None]
) -> None:
    with stopped(living, "hub"):
        leave_folder(living.state, STRANGER)
        name = leave_container(living.settings.name, STRANGER)
        time.sleep(30)
        assert seen(living, name) is not None
        assert server_folder(living.state, STRANGER).exists()
    gone_within_a_minute(living, STRANGER, name, record_testsuite_property, "stranger-after-a-silent-hub")
    in_use()


def test_a_loop_device_that_is_mounted_nowhere_is_let_go(living: Living, in_use: Callable[[], None]) -> None:
    image = living.state / "projects" / "left.img"
    with image.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2**20)
    command = ["losetup", "--find", "--show", str(image)]
    subprocess.run(command, check=True, capture_output=True)
    wait_for(lambda: not attached(image), WITHIN, "the loop device is left")
    image.unlink()
    in_use()


def attached(image: Path) -> bool:
    told = subprocess.run(["losetup", "--json", "--list"], check=True, capture_output=True, text=True).stdout
    return str(image) in [d["back-file"] for d in json.loads(told or '{"loopdevices": []}')["loopdevices"]]


def test_another_labs_workspace_is_not_ours_to_remove(living: Living) -> None:
    name = leave_container(f"{living.settings.name}x", STRANGER)
    try:
        time.sleep(25)
        assert seen(living, name) is not None
    finally:
        living.engine.remove_container(name, force=True)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[OwnLab]:
    with own_lab(tmp_path / "Own lab") as made:
        yield made


def test_the_weak_twin_without_a_hub_to_ask_keeps_all_of_it(own: OwnLab) -> None:
    state, lab = own.lab.settings.state, own.lab.settings.name
    leave_folder(state, STRANGER)
    name = leave_container(lab, STRANGER)
    try:
        own.worker()
        wait_for(lambda: own.log.count("nothing is cleared away") >= 4, 60, "the worker does not say so")
        assert own.lab.engine.workspaces() == {STRANGER: name}
        assert own.lab.storage.servers() == [STRANGER]
    finally:
        unmount_socket_folder(server_folder(state, STRANGER) / "nb")
