"""What a workspace's container is made of: a plan, the lab's limits, two sockets and an environment."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from datasets_mount.mounts import Mount
from hub.domain.workspaces import PRECHECK
from hub.services.workspaces import WorkspacePlan
from hub.settings import ContainerLimits, Settings
from spawner_config import names
from spawner_config.isolation import ContainerSpec, Limits, Purpose
from spawner_config.lab_containers import LABEL_PLAN
from spawner_config.server_folder import server_folder

HUB_SOCKET_URL = "http+unix://" + quote("/run/hub/api.sock", safe="")


def workspace_spec(plan: WorkspacePlan, settings: Settings, command: Sequence[str], image_digest: str) -> ContainerSpec:
    """Describe the container of one member's workspace in one project, whether it is made in advance or on the spot.

    What its program must know, it is told by the claim: nothing of it stands in what the engine shows.
    """
    identifier = names.server_id(plan.person, plan.project)
    mounts = (*plan.mounts, *socket_mounts(settings.state, identifier))
    limits = limits_of(settings.workspace_in(plan.project), settings.storage.project)
    home = f"/home/{plan.person}"
    made_from = [image_digest, list(command), plan.uid, repr(mounts), repr(limits)]
    return ContainerSpec(
        purpose=Purpose.WORKSPACE,
        image=plan.image,
        command=tuple(command),
        uid=plan.uid,
        mounts=mounts,
        limits=limits,
        environment={},
        labels={
            names.LABEL: "workspace",
            names.LABEL_LAB: settings.name,
            names.LABEL_SERVER: identifier,
            LABEL_PLAN: hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest(),
        },
        working_dir=home,
    )


def socket_mounts(state: Path, identifier: str) -> tuple[Mount, Mount]:
    """The two folders of sockets that are a workspace's only ways out."""
    folder = server_folder(state, identifier)
    return Mount(str(folder / "nb"), "/run/nb", writable=True), Mount(str(folder / "hub"), "/run/hub")


def server_environment(hub_says: Mapping[str, object], person: str, project: str) -> dict[str, str]:
    """Return what the single-user server is told by its claim: what the hub tells any, but the hub by its socket."""
    api = f"{HUB_SOCKET_URL}/hub/api"
    told = {key: str(value) for key, value in hub_says.items() if value is not None and key != "JUPYTER_IMAGE_SPEC"}
    return told | {
        "JUPYTERHUB_API_URL": api,
        "JUPYTERHUB_ACTIVITY_URL": f"{api}/users/{person}/activity",
        "HOME": f"/home/{person}",
        # The one port that jupyter_server accepts beside a socket; nothing listens on it.
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:8888/user/{person}/{project}/",
    }


def told_at_claim(environment: Mapping[str, str], plan: WorkspacePlan) -> dict[str, str]:
    """Return all that a workspace is told: what its server must know, and its policy and datasets for the pre-check."""
    return dict(environment) | ({PRECHECK: plan.precheck} if plan.precheck else {})


def limits_of(limits: ContainerLimits, file_size: int) -> Limits:
    """Return a container's limits from the settings, and the largest file it may write, in bytes."""
    return Limits(
        memory=limits.memory,
        cpus=limits.cpus,
        processes=limits.processes,
        tmp=limits.tmp,
        seconds=limits.seconds,
        file_size=file_size,
    )
