"""The folder of a workspace's server: who it belongs to, and the two sockets that are its only ways out.

::

    servers/<id>/          only the lab may look in
        server.json        whose it is, and how its browser channel is held: by it the gateway knows a server; while a
                           workspace waits for its claim there is none
        nb/claim.sock      made by the program inside while it waits for its claim
        nb/nb.sock         made by the single-user server inside: hostile, so it is opened with care
        hub/api.sock       made by the gateway: the few calls to the hub

Invariants:

* ``nb`` is a file system of its own, of a few bytes, that follows no link: nothing can be stored or aimed through it;
* a socket is reached through a descriptor of the very inode that was checked, never through a path that can change;
* no path that is given to the kernel is longer than a socket's address may be, however long the state folder's is.
"""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from datasets_mount.catalogue import Tier
from hub.domain.errors import InvalidError, UnavailableError
from spawner_config.isolation_host import socket_folder_flags
from spawner_config.names import server_id

CARD = "server.json"
NOTEBOOK_SOCKET = "nb.sock"
HUB_SOCKET = "api.sock"
CONTROL_SOCKET = "gateway.sock"


class Server(BaseModel):
    """Whose server it is: what stands in ``server.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    person: str
    project: str
    tier: Tier
    uid: int

    @property
    def id(self) -> str:
        """Its short identifier, which names its folder."""
        return server_id(self.person, self.project)

    @property
    def prefix(self) -> str:
        """The path under which the browser sees it, with a slash at both ends."""
        return f"/user/{self.person}/{self.project}/"


def servers_folder(state: Path) -> Path:
    """Where the folders of all servers are."""
    return state / "servers"


def server_folder(state: Path, identifier: str) -> Path:
    """The folder of one server."""
    return servers_folder(state) / identifier


def control_folder(state: Path) -> Path:
    """Where the gateway's control socket is; only the lab may look in."""
    return state / "run"


def access_log_folder(state: Path) -> Path:
    """Where the gateway writes a line for each response, and portal and worker read them."""
    return state / "access-log"


def mount_socket_folder(folder: Path, uid: int) -> None:
    """Mount the small file system in which a container's user makes the workspace's socket; needs root."""
    command = ["mount", "-t", "tmpfs", "-o", socket_folder_flags(uid), "datalab", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnavailableError(
            "The folder for a workspace's socket cannot be mounted ({why}); start the lab as root.",
            reason="server-mount",
            why=done.stderr.strip() or done.returncode,
        )


def unmount_socket_folder(folder: Path) -> None:
    """Take away every mount on a folder, also one that a container still holds."""
    while os.path.ismount(folder):
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=True)


def make_folder(
    state: Path,
    server: Server,
    mount: Callable[[Path, int], None] = mount_socket_folder,
    unmount: Callable[[Path], None] = unmount_socket_folder,
    give: Callable[[Path], None] = lambda folder: None,
) -> Path:
    """Make the folder of a server anew, whatever a crash left of it; the gateway does not know it yet.

    ``give`` lets the folder of the socket towards the hub be the gateway's, where that has an account of its own.
    """
    folder = server_folder(state, server.id)
    servers_folder(state).mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o750, exist_ok=True)
    (folder / CARD).unlink(missing_ok=True)
    (folder / "hub").mkdir(exist_ok=True)
    (folder / "hub").chmod(0o755)
    give(folder / "hub")
    (folder / "nb").mkdir(mode=0o700, exist_ok=True)
    unmount(folder / "nb")
    mount(folder / "nb", server.uid)
    return folder


def show_folder(state: Path, server: Server, give: Callable[[Path], None] = lambda path: None) -> None:
    """Write who a server's folder belongs to, so that the gateway knows it, also after a restart.

    ``give`` lets the card be the gateway's, which notes on it when the server was used last.
    """
    folder = server_folder(state, server.id)
    draft = folder / f"{CARD}.new"
    draft.write_text(server.model_dump_json(), encoding="utf-8")
    give(draft)
    draft.replace(folder / CARD)


def remove_folder(state: Path, identifier: str, unmount: Callable[[Path], None] = unmount_socket_folder) -> None:
    """Remove the folder of a server with its sockets; one that is gone is fine."""
    folder = server_folder(state, identifier)
    with suppress(FileNotFoundError):
        (folder / CARD).unlink()
    unmount(folder / "nb")
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def read_card(state: Path, identifier: str) -> Server:
    """Read whose server a folder is; InvalidError when it does not say, or says something else than its name."""
    try:
        text = (server_folder(state, identifier) / CARD).read_text(encoding="utf-8")
        server = Server.model_validate_json(text)
    except (OSError, UnicodeDecodeError, ValidationError):
        raise InvalidError("The server {id} has no readable card.", reason="server-card", id=identifier) from None
    if server.id != identifier:
        raise InvalidError("The server {id} has another one's card.", reason="server-card", id=identifier)
    return server


@contextmanager
def opened(folder: Path) -> Iterator[int]:
    """Hold a descriptor of a folder, which is no link, that names it for as long as it is held."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def listening_socket(folder: Path, name: str, mode: int) -> socket.socket:
    """Bind a socket in a folder of the lab's own, in place of one that a killed process left."""
    with opened(folder) as place:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=place)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.setblocking(False)
        address = f"/proc/self/fd/{place}/{name}"
        listener.bind(address)
        Path(address).chmod(mode)
        listener.listen(64)
        return listener


@contextmanager
def checked_socket(folder: Path, name: str, owner: int) -> Iterator[str]:
    """Hold the address of a socket that is one, is its owner's and is no link; ConnectionRefusedError otherwise.

    The address names the inode that was checked, so that what the owner puts in its place afterwards is not reached.
    """
    with opened(folder) as place:
        try:
            descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
        except OSError as error:
            raise ConnectionRefusedError(f"{name} is not there") from error
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISSOCK(found.st_mode) or found.st_uid != owner:
                raise ConnectionRefusedError(f"{name} is not a socket of its owner")
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
