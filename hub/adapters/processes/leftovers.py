"""What a stopped lab must not leave: containers, sockets, mounts, and the files that speak of running processes."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import docker
import requests
from docker.errors import APIError, DockerException, NotFound

from hub.adapters.accounts.sharing import part_servers
from hub.adapters.host import Host
from hub.adapters.mount_table import mounts_below
from hub.adapters.power.places import privileged_folder
from hub.adapters.processes import supervisor
from hub.adapters.processes.records import SUFFIX, folder_of
from hub.domain.errors import UnavailableError
from hub.settings import Settings
from spawner_config.names import LABEL, LABEL_LAB
from spawner_config.server_folder import control_folder, remove_folder, servers_folder

GOING = 409
"""The engine's answer for a container that it is removing already."""


def remove_containers(lab: str) -> None:
    """Remove every container that carries the lab's label."""
    try:
        client = docker.APIClient(version="auto", timeout=60)
        for container in client.containers(all=True, quiet=True, filters={"label": f"{LABEL_LAB}={lab}"}):
            _remove(client, container["Id"])
    except (DockerException, requests.RequestException):
        raise UnavailableError(
            "The container engine does not answer, so containers of the lab may be left; "
            "start it, and run “make down” again.",
            reason="engine-missing",
        ) from None


def _remove(client: docker.APIClient, container: str) -> None:
    try:
        client.remove_container(container, force=True, v=True)
    except NotFound:
        return
    except APIError as error:
        if error.status_code != GOING:
            raise


def remove_server_folders(settings: Settings) -> None:
    """Remove the folders of all workspaces' servers, with their mounts and sockets."""
    unmount = Host(settings.images.workspace, LABEL).unmount_all
    for folder in sorted(servers_folder(settings.state).glob("*")):
        remove_folder(settings.state, folder.name, unmount)
    part_servers(settings)
    for folder in (control_folder(settings.state), privileged_folder(settings.state)):
        for path in _sockets(folder):
            path.unlink()


def forget_processes(settings: Settings) -> None:
    """Remove what says that processes run."""
    folder = folder_of(settings)
    for path in (folder / supervisor.SOCKET, folder / f"{supervisor.NAME}.pid", *folder.glob(f"*{SUFFIX}")):
        path.unlink(missing_ok=True)


def check_nothing_left(settings: Settings) -> None:
    """A stopped lab has no socket and no mount below its state folder, but for an administrator's own disks."""
    left = [str(path) for place in _socket_places(settings) for path in _sockets(place)]
    left += [str(path) for path in mounts_below(settings.state) if not _is_own_disk(settings, path)]
    if left:
        raise UnavailableError(
            "Left behind: {left}. Unmount or remove them by hand.", reason="left-behind", left=", ".join(left)
        )


def _is_own_disk(settings: Settings, place: Path) -> bool:
    """The lab mounts on the servers' folder, and deeper; what else is mounted on a part of the state folder stays."""
    return place.parent == settings.state.resolve() and place != servers_folder(settings.state).resolve()


def _socket_places(settings: Settings) -> Iterator[Path]:
    yield from (folder_of(settings), control_folder(settings.state), privileged_folder(settings.state))
    yield from servers_folder(settings.state).glob("*/*")


def _sockets(folder: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError, NotADirectoryError):
        for path in sorted(folder.iterdir()):
            with suppress(FileNotFoundError):
                if stat.S_ISSOCK(path.lstat().st_mode):
                    yield path
