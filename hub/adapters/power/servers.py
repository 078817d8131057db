"""The folders of workspaces' servers, asked of the privileged process."""

from __future__ import annotations

from pathlib import Path

from hub.adapters.power.channel import ask
from hub.adapters.power.verbs import CloseServer, OpenServer, ShowServer
from spawner_config.server_folder import Server


def open_server(state: Path, server: Server) -> None:
    """Let the folder of a server be there, made anew."""
    ask(state, OpenServer.model_validate(server.model_dump(mode="json")))


def show_server(state: Path, server: Server) -> None:
    """Let the gateway know a server."""
    ask(state, ShowServer.model_validate(server.model_dump(mode="json")))


def close_server(state: Path, identifier: str) -> None:
    """Let the folder of a server be gone."""
    ask(state, CloseServer(server=identifier))
