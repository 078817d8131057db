"""Makes the containers of workspaces, in advance or on the spot: both the same, and both wait for their claim."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from hub.services.workspaces import WorkspacePlan
from hub.settings import Settings
from spawner_config import names
from spawner_config.containers import Containers, Found
from spawner_config.isolation import ContainerSpec
from spawner_config.lab_containers import LABEL_PLAN, WORKSPACE_COMMAND
from spawner_config.server_folder import Server
from spawner_config.workspace_container import workspace_spec


class WorkspaceMaker:
    """Makes a plan's container, under the one name that the member's workspace in the project has."""

    def __init__(
        self,
        settings: Settings,
        containers: Containers,
        open_server: Callable[[Server], None],
        command: Sequence[str] = WORKSPACE_COMMAND,
    ) -> None:
        self._settings = settings
        self._containers = containers
        self._open_server = open_server
        self._command = tuple(command)

    async def found_or_made(self, plan: WorkspacePlan) -> str:
        """Return the running container that is, word for word, what would be made now, or one made anew."""
        found, spec = await asyncio.gather(self._containers.find(self._name(plan)), self._spec(plan))
        if found and is_still(found, spec):
            return str(found["Id"])
        return await self._made(plan, spec)

    async def made_anew(self, plan: WorkspacePlan) -> str:
        """Return the identifier of a container that was made now, in the place of what was there."""
        return await self._made(plan, await self._spec(plan))

    async def _made(self, plan: WorkspacePlan, spec: ContainerSpec) -> str:
        name = self._name(plan)
        await self._containers.remove(name)
        await asyncio.to_thread(self._open_server, server_of(plan))
        made = await self._containers.create(name, spec)
        await self._containers.start(made)
        return made

    async def _spec(self, plan: WorkspacePlan) -> ContainerSpec:
        digest = await self._containers.image_digest(plan.image)
        return workspace_spec(plan, self._settings, self._command, digest)

    def _name(self, plan: WorkspacePlan) -> str:
        return names.workspace_container(self._settings.name, plan.person, plan.project)


def server_of(plan: WorkspacePlan) -> Server:
    """Return whose server a plan's container holds, and how its browser channel is held."""
    return Server(person=plan.person, project=plan.project, tier=plan.tier, uid=plan.uid)


def is_still(found: Found, spec: ContainerSpec) -> bool:
    """Whether a container runs and was made from all that it would be made from now."""
    return bool(found["State"]["Running"]) and found["Config"]["Labels"].get(LABEL_PLAN) == spec.labels[LABEL_PLAN]
