"""Names of what the lab makes in the engine and on disk; pure functions of the thing they name."""

from __future__ import annotations

import hashlib
import hmac

from hub.domain.workspaces import workspace_id

LABEL = "datalab"
"""Label of every container, volume, network and image that the lab makes."""
LABEL_LAB = "datalab.lab"
"""Label that says which lab on this machine a container belongs to."""
LABEL_WORK = "datalab.work"
"""Label with the identifier of the work that a container serves."""
LABEL_SERVER = "datalab.server"
"""Label with the identifier of the workspace's server."""


def server_id(person: str, project: str) -> str:
    """A workspace's short identifier: it names its container and its socket folder."""
    return workspace_id(person, project)


def hidden(key: bytes, name: str) -> str:
    """A name that follows from another one, for those alone who have the key."""
    return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()[:32]


def workspace_container(lab: str, person: str, project: str) -> str:
    """Name of the container of one member in one project."""
    return f"{lab}-workspace-{server_id(person, project)}"


def work_container(lab: str, work: str) -> str:
    """Name of the container of one piece of work."""
    return f"{lab}-work-{work}"
