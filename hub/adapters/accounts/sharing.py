"""The folder of workspaces' servers as a mount of its own, where the lab's processes have views of their own.

A view is a name space of mounts. What the privileged process mounts later, such as the small file system for a
workspace's socket, arrives there only below a mount that is shared; on machines that systemd started, all of them are.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from hub.adapters.mount_table import TABLE, is_mounted
from hub.domain.errors import UnavailableError
from hub.settings import Settings
from spawner_config.isolation_enter import closed_folder
from spawner_config.isolation_host import LETS_IN, SHOWN_AGAIN
from spawner_config.server_folder import servers_folder


def share_servers(settings: Settings) -> None:
    """Let what is mounted below the servers' folder be seen by processes that were started before."""
    folder = servers_folder(settings.state).resolve()
    if closed_folder(folder / "any") is None or is_shared(folder):
        return
    if not is_mounted(folder):
        _run(SHOWN_AGAIN, str(folder), str(folder))
    _run(LETS_IN, str(folder))


def part_servers(settings: Settings) -> None:
    """Take that mount away again; there is none where it was not needed."""
    folder = servers_folder(settings.state)
    while folder.is_dir() and is_mounted(folder):
        subprocess.run(["umount", str(folder.resolve())], check=True, capture_output=True)


def is_shared(folder: Path) -> bool:
    """Say whether a mount made below a folder arrives in other name spaces, as the kernel tells it."""
    found = ("", False)
    for line in TABLE.read_text(errors="surrogateescape").splitlines():
        fields = line.split(" ")
        place = fields[4].encode().decode("unicode_escape").encode("latin-1").decode(errors="surrogateescape")
        around = folder.is_relative_to(place)
        if around and len(place) >= len(found[0]):
            found = (place, any(field.startswith("shared:") for field in fields[6 : fields.index("-")]))
    return found[1]


def _run(*words: str) -> None:
    done = subprocess.run(["mount", *words], capture_output=True, check=False)
    if done.returncode:
        raise UnavailableError(
            "The folder of workspaces' servers cannot be shared with the gateway ({why}); start the lab as root.",
            reason="server-mount",
            why=done.returncode,
        )
