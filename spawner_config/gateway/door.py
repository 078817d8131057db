"""The door between the proxy and everything else: who asks, and whether a workspace is theirs.

Nothing here, before the last step, depends on whether a workspace runs: who may not open it is answered by the same
code, with the hub's own words, in either case.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from hub.domain.errors import NotFoundError, RefusedError
from spawner_config.gateway.access_log import Seen
from spawner_config.gateway.askers import Asker, Askers, token_of
from spawner_config.gateway.hub_pages import HubPages
from spawner_config.gateway.login import CALLBACK, REDIRECT, Login, redirect
from spawner_config.gateway.matching import Target, match
from spawner_config.gateway.origins import Origins
from spawner_config.gateway.same_site import READS, check_is_same_site
from spawner_config.gateway.servers import Servers
from spawner_config.gateway.static_files import StaticFiles
from spawner_config.gateway.upstream import Upstream
from spawner_config.lab_files import SHARED


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request of a person for their own workspace, which runs."""

    asker: Asker
    target: Target
    upstream: Upstream
    origin: str
    frame: str
    """The origin whose pages alone may show the workspace in a frame; empty: nobody's may."""


class Door:
    """Lets in whom the hub knows as the workspace's person, and answers all others."""

    def __init__(
        self, servers: Servers, askers: Askers, login: Login, pages: HubPages, files: StaticFiles, origins: Origins
    ) -> None:
        self._servers = servers
        self._files = files
        self._askers = askers
        self._login = login
        self._pages = pages
        self._origins = origins

    async def admit(self, request: web.BaseRequest, seen: Seen) -> Admitted | web.StreamResponse:
        """Return the way to the workspace, or the answer for whoever does not go there."""
        path = request.raw_path.partition("?")[0]
        if path == REDIRECT:
            return self._login.lead_on(request)
        if path.startswith(SHARED):
            seen.reason = "lab-file"
            return self._files.shared(request)
        if place := self._origins.lab_place(request, path):
            return _led(place, seen, "lab-origin")
        if not path.startswith("/user/"):
            raise NotFoundError("No workspace has this address.", reason="no-such-server")
        try:
            target = match(request.raw_path)
        except NotFoundError:
            return await self._hubs(request, seen, "no-such-server")
        if place := self._origins.own_place(request, target.person, target.project):
            return _led(place, seen, "other-origin")
        if target.path == CALLBACK:
            return await self._login.finish(request, target)
        if target.path == "logout":
            return self._login.end()
        asker, by_cookie = await self._who(request, target)
        if asker is None:
            return self._unknown(request, target, seen)
        seen.asker = asker.name
        if not asker.may_open(target.person, target.project):
            return await self._hubs(request, seen, "not-theirs")
        origin = self._origins.asked(request)
        check_is_same_site(
            request.method, request.headers, origin, websocket=is_websocket(request), by_cookie=by_cookie
        )
        upstream = self._servers.find(target.person, target.project)
        if upstream is None:
            return await self._hubs(request, seen, "server-not-ready")
        seen.server = upstream.server
        if place := self._origins.frame_place(request, upstream.server):
            return _led(place, seen, "top-level")
        return Admitted(asker, target, upstream, origin, self._origins.frame)

    async def _who(self, request: web.BaseRequest, target: Target) -> tuple[Asker | None, bool]:
        """Return who asks, and whether a cookie says so: a cookie counts before a header, as only a browser has one."""
        found = None
        for token in self._login.tokens(request):
            found = await self._askers.of(token, sealed=True) or found
            if found is not None and found.may_open(target.person, target.project):
                return found, True
        if found is not None:
            return found, True
        token = token_of(request.headers.get("Authorization", ""))
        return (await self._askers.of(token) if token else None), False

    def _unknown(self, request: web.BaseRequest, target: Target, seen: Seen) -> web.Response:
        """A page is asked for after a login; what a page's script asks for is refused."""
        mode = request.headers.get("Sec-Fetch-Mode", "navigate")
        if request.method not in READS or mode != "navigate" or is_websocket(request):
            raise RefusedError("Log in again: open the workspace from the page of its project.", reason="login")
        seen.status, seen.reason = 302, "login"
        return self._login.begin(target)

    async def _hubs(self, request: web.BaseRequest, seen: Seen, reason: str) -> web.Response:
        answer = await self._pages.answer(request)
        seen.status, seen.reason = answer.status, reason
        return answer

    async def still_admits(self, request: web.BaseRequest, target: Target) -> bool:
        """Whether the hub would let the same request in now, for a connection that stays open."""
        asker, _ = await self._who(request, target)
        return asker is not None and asker.may_open(target.person, target.project)

    async def rest(self, seconds: float) -> None:
        """Wait until it is time to ask that again."""
        await self._askers.rest(seconds)


def _led(place: str, seen: Seen, reason: str) -> web.Response:
    """Lead a browser to where a page really is."""
    seen.status, seen.reason = 302, reason
    return redirect(place)


def is_websocket(request: web.BaseRequest) -> bool:
    """Whether a request asks for a websocket."""
    return request.headers.get("Upgrade", "").lower() == "websocket"
