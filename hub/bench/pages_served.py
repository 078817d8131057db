"""A portal over many requests, served from a thread, with the server's own time of each answer."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Queue
from typing import Any

import requests
from jupyterhub.services.auth import HubOAuth
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler, url

from hub.domain.errors import UnavailableError
from hub.services.lab import Lab
from hub.web.app import make_app
from hub.web.handlers import NOBODYS_PAGE, SignedIn

PREFIX = "/services/portal/"
SCOPE = "access:services!service=portal"
BARE = "bare"
BARE_TEMPLATE = (
    '{% extends "layout.html" %}{% block title %}Bare{% endblock %}{% block content %}<h1>Bare</h1>{% endblock %}'
)


class OnePerson(HubOAuth):  # type: ignore[misc]  # JupyterHub has no types
    """A hub whose every token is the steward's, so that no page waits for a hub."""

    def user_for_token(self, token: str, use_cache: bool = True, session_id: str = "", *, sync: bool = True) -> Any:
        """Know whoever asks."""
        return self._known(token)

    async def _known(self, token: str) -> dict[str, Any]:
        return {"name": token, "kind": "user", "scopes": [SCOPE]}


class Bare(SignedIn):
    """The bare page: the framework's login, headers and layout, with one heading and no question to the database."""

    def initialize(self) -> None:
        """Read the template once."""
        super().initialize()
        self.template = self.parts.pages.environments["en"].from_string(BARE_TEMPLATE)

    async def get(self) -> None:
        """Fill the layout."""
        self.finish(self.template.render({**NOBODYS_PAGE, "fault": None}))


@dataclass
class Served:
    """The portal's address, the session of one steward, and the seconds that the server took for the last answer."""

    base: str
    session: requests.Session
    taken: Queue[float]

    def seconds(self, path: str) -> float:
        """Open a page, and return the server's own time for it."""
        answer = self.session.get(self.base + path, timeout=600)
        if answer.status_code != 200:
            raise UnavailableError(
                "A page that is measured answered with {status}.", reason="bench", status=answer.status_code
            )
        return self.taken.get(timeout=30)  # the server notes it after the last byte


@contextmanager
def in_thread(make: Callable[[], Application], **options: int) -> Iterator[int]:
    """Serve an application from a thread until the block ends; gives its port, and takes options of tornado's."""
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setblocking(False)
    ready, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        server = HTTPServer(make(), **options)
        server.add_socket(sock)
        ready.set()
        await asyncio.get_running_loop().run_in_executor(None, stop.wait)
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        if not ready.wait(30):
            raise UnavailableError("The portal does not start.", reason="bench")
        yield sock.getsockname()[1]
    finally:
        stop.set()
        thread.join(20)


@contextmanager
def served(lab: Lab, steward: str) -> Iterator[Served]:
    """Serve the portal, and a bare page beside it, until the block ends."""
    auth = OnePerson(
        base_url=PREFIX,
        api_token="bench",  # noqa: S106 - of no hub
        oauth_client_id="service-portal",
        access_scopes={SCOPE},
        hub_prefix="/hub/",
    )
    taken = Queue[float]()

    def application() -> Application:
        app = make_app(lab, auth)
        _measured(app, taken)
        return app

    with in_thread(application) as port, requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"token {steward}"
        yield Served(f"http://127.0.0.1:{port}{PREFIX.rstrip('/')}", session, taken)


def _measured(app: Application, taken: Queue[float]) -> None:
    """Put a bare page beside the portal's, and note the server's time of each answer."""

    def note(handler: RequestHandler) -> None:
        taken.put(handler.request.request_time())

    app.settings["log_function"] = note
    app.add_handlers(".*", [url(f"{PREFIX}{BARE}", Bare)])
