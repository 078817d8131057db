"""The hub's services: portal, worker and gateway. The hub knows their tokens and starts none of them.

A hub that starts a service does it as its own user, and takes it along when it dies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.settings import Settings

NAMES = ("portal", "worker", "gateway")


def services(settings: Settings, tokens: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the services as JupyterHub takes them; ``tokens`` has one for each name."""

    def service(name: str, **more: object) -> dict[str, Any]:
        # The pages link to the portal themselves, so the hub's own menu shows none of them.
        return {"name": name, "api_token": tokens[name], "display": False} | more

    # Both are part of the lab: a page that asks whether the lab may know one's name helps nobody.
    portal = service("portal", url=f"http://127.0.0.1:{settings.ports.portal}", oauth_no_confirm=True)
    gateway = service(
        "gateway",
        url=f"http://127.0.0.1:{settings.ports.gateway}",
        oauth_no_confirm=True,
        oauth_client_allowed_scopes=["access:servers!user"],
    )
    return [portal, service("worker"), gateway]
