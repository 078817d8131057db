"""Where the privileged process listens, and how it is reached however long the state folder's path is."""

from __future__ import annotations

import os
from pathlib import Path

from hub.domain.errors import UnavailableError

ENGINE_SOCKET = "engine.sock"
VERBS_SOCKET = "verbs.sock"


def privileged_folder(state: Path) -> Path:
    """The folder of the privileged process's sockets; only the lab may look in."""
    return state / "privileged"


def make_folder(state: Path) -> Path:
    """Make the folder, unless it is there."""
    folder = privileged_folder(state)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


class Door:
    """Holds the folder of the sockets open, and names each by way of it: a socket's address may have 108 bytes."""

    def __init__(self, state: Path) -> None:
        try:
            self._folder = os.open(privileged_folder(state), os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise UnavailableError(
                "The lab's privileged process has not been started: {why}. Start the lab (make up).",
                reason="no-privileged",
                why=error.strerror,
            ) from None

    def address(self, name: str) -> str:
        """Return the address of a socket; it holds for as long as the door is open."""
        return f"/proc/self/fd/{self._folder}/{name}"

    def close(self) -> None:
        """Close the folder."""
        os.close(self._folder)
