"""The hub's services: portal and worker, which it keeps running, and the gateway, which logs people in through it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from traitlets import Integer

from hub.settings import Settings

Wrap = Callable[[Settings, str, list[str], str], list[str]]
"""Makes of a command one that records itself and dies with its parent; see hub.adapters.processes.wrapped."""

DEATH_SIGNAL = "KILL"
"""A hub that was killed leaves its services running otherwise, and the next hub could not start its own."""
SECONDS_UNNOTICED = 1


def services(
    settings: Settings, config: Path, tokens: Mapping[str, str], wrap: Wrap, environment: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the services as JupyterHub takes them; ``tokens`` has one for each name."""

    def service(name: str, module: str, **more: object) -> dict[str, Any]:
        command = [sys.executable, "-m", module, "--config", str(config)]
        return {
            "name": name,
            "command": wrap(settings, name, command, DEATH_SIGNAL),
            "api_token": tokens[name],
            "environment": dict(environment),
            "cwd": str(settings.state / "processes"),
            "display": False,  # the pages link to the portal themselves
        } | more

    portal = service(
        "portal",
        "hub.web",
        url=f"http://127.0.0.1:{settings.ports.portal}",
        # The portal is part of the lab: a page that asks whether the lab may know one's name helps nobody.
        oauth_no_confirm=True,
    )
    gateway = {
        "name": "gateway",
        "url": f"http://127.0.0.1:{settings.ports.gateway}",
        "api_token": tokens["gateway"],
        "display": False,
        "oauth_no_confirm": True,  # as the portal, it is part of the lab
        "oauth_client_allowed_scopes": ["access:servers!user"],
    }
    return [portal, service("worker", "hub.worker"), gateway]


def notice_dead_services() -> None:
    """Let the hub look every second whether a service still runs; it would look every 30, and takes no trait for it."""
    from jupyterhub.services import service

    class AttentiveServiceSpawner(service._ServiceSpawner):  # type: ignore[misc]  # jupyterhub ships no types
        poll_interval = Integer(SECONDS_UNNOTICED)

    service._ServiceSpawner = AttentiveServiceSpawner
