"""Under which origin a workspace is shown, and where a request belongs that came to another one.

Without subdomains everything has one origin. With them, each workspace has its own, hub and portal have the lab's, and
a workspace's page is a document of its own in the open tier alone: in the tiers above, it is shown in a sandboxed frame
of the portal's, which it cannot leave, and by nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from aiohttp import web

from hub.domain.errors import RefusedError
from hub.settings import Settings
from spawner_config.gateway.downloads import held
from spawner_config.gateway.headers import browser_origin
from spawner_config.gateway.same_site import READS
from spawner_config.server_folder import Server

LAB_PLACES = ("/hub/", "/services/")


class Origins:
    """The lab's origin and each workspace's."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.apart = settings.server.subdomains
        parts = urlsplit(settings.public_url)
        self.scheme = parts.scheme
        self.lab = f"{parts.scheme}://{parts.netloc}" if self.apart else ""
        """What an address of hub or portal begins with in a redirect; nothing where all share an origin."""
        # A frame of the same origin could reach into the page around it, sandbox or not: then there is none.
        self.frame = self.lab

    def base_of(self, person: str, project: str) -> str:
        """What an address of a workspace begins with in a redirect."""
        return self._settings.origin_of(person, project) if self.apart else ""

    def asked(self, request: web.BaseRequest) -> str:
        """The origin that a browser asked at."""
        return browser_origin(request.headers.get("Host", ""), self.scheme)

    def lab_place(self, request: web.BaseRequest, path: str) -> str | None:
        """Return where a page of hub or portal is that was looked for at a workspace's host, or at none we know."""
        if self.apart and reads_page(request) and (path == "/" or path.startswith(LAB_PLACES)):
            return self.lab + request.raw_path
        return None

    def own_place(self, request: web.BaseRequest, person: str, project: str) -> str | None:
        """Return where a workspace's page is that was asked for elsewhere than at its own origin.

        Raises RefusedError for what is no page. It depends on names alone, not on what runs.
        """
        if not self.apart or self.asked(request) == self.base_of(person, project):
            return None
        if not reads_page(request):
            raise RefusedError(
                "This workspace has another address; open it from the page of its project.", reason="other-origin"
            )
        return self.base_of(person, project) + request.raw_path

    def frame_place(self, request: web.BaseRequest, server: Server) -> str | None:
        """Return the portal's page with the frame, for a browser that would show a held workspace without it."""
        if not self.apart or not held(server.tier) or request.headers.get("Sec-Fetch-Dest") != "document":
            return None
        return f"{self.lab}/services/portal/projects/{quote(server.project)}/workspace"


def reads_page(request: web.BaseRequest) -> bool:
    """Whether a request looks at a page, as a person does, or a program that follows redirects."""
    headers: Mapping[str, str] = request.headers
    plain = request.method in READS and headers.get("Upgrade", "").lower() != "websocket"
    return plain and headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
