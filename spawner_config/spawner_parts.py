"""What the spawner is given: the lab's settings and functions, each with a default that needs root and nobody else."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, ClassVar

from dockerspawner import DockerSpawner
from traitlets import Callable, Instance, List, Unicode, default

from hub.settings import Settings
from spawner_config import names
from spawner_config.containers import Containers
from spawner_config.lab_containers import WORKSPACE_COMMAND
from spawner_config.server_folder import make_folder, remove_folder, show_folder


class ConfiguredSpawner(DockerSpawner):  # type: ignore[misc]  # dockerspawner has no types
    """The configuration of ``LabSpawner``; functions are plain ones, since traitlets copies what it is given deeply."""

    _containers: ClassVar[Containers | None] = None

    settings = Instance(Settings, config=True, help="The lab's settings.")
    open_workspace = Callable(
        config=True,
        help="``(person, project) -> WorkspacePlan``, called in a thread; raises LabError with the sentence to show.",
    )
    why_ends = Callable(
        lambda person, project, active: None,
        config=True,
        help="``(person, project, last activity) -> EndReason | None``, called in a thread now and then: why a running "
        "workspace has to end.",
    )
    close_workspace = Callable(
        lambda person, project, reason: None,
        config=True,
        help="``(person, project, EndReason) -> None``, called in a thread after the container is gone, also more than "
        "once.",
    )
    is_waiting = Callable(
        lambda person, project: False,
        config=True,
        help="``(person, project) -> bool``, called in a thread: whether what is there was made ready in advance, and "
        "is not the spawner's.",
    )
    turn = Callable(
        lambda person, project: nullcontext(),
        config=True,
        help="``(person, project) -> asynchronous context``: nobody else makes or ends that workspace meanwhile.",
    )
    open_server = Callable(
        config=True,
        help="``(server) -> None``, called in a thread: makes the folder of a server anew, whatever a crash left.",
    )
    show_server = Callable(
        config=True, help="``(server) -> None``, called in a thread: lets the gateway know a server."
    )
    close_server = Callable(
        config=True, help="``(identifier) -> None``, called in a thread: removes the folder of a server, also twice."
    )
    cmd = List(
        Unicode(),
        list(WORKSPACE_COMMAND),
        config=True,
        help="The single-user server's command; the engine gate lets no other pass.",
    )

    @property
    def containers(self) -> Containers:
        """The engine, asked in one place for all spawners."""
        kind = ConfiguredSpawner
        kind._containers = kind._containers or Containers(lambda: self.client)
        return kind._containers

    @property
    def server_id(self) -> str:
        """The server's short identifier."""
        return names.server_id(self.user.name, self.name)

    @default("open_server")
    def _open_server_default(self) -> Any:
        """As root, without a privileged process to ask."""
        return lambda server: make_folder(self.settings.state, server)

    @default("show_server")
    def _show_server_default(self) -> Any:
        return lambda server: show_folder(self.settings.state, server)

    @default("close_server")
    def _close_server_default(self) -> Any:
        return lambda identifier: remove_folder(self.settings.state, identifier)

    @default("object_name")
    def _object_name_default(self) -> str:
        return names.workspace_container(self.settings.name, self.user.name, self.name)
