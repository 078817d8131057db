"""Handlers: what every answer of the portal has in common.

Invariants:

* nobody reaches a use case before the hub has said who they are, and that they may use the portal;
* a login cookie alone changes nothing: the portal's own token must come with it;
* use cases run in threads, questions to the hub are asynchronous: neither keeps another person waiting.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar

from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated, UserNotAllowed
from tornado.web import HTTPError, RequestHandler

from hub.domain.errors import InvalidError, NotFoundError, RefusedError, UnavailableError
from hub.web.faults import Fault, NotLoggedInError, fault_of
from hub.web.headers import PLAIN, page_policy, refused_fetch
from hub.web.languages import COOKIE, Language, choose_code, language
from hub.web.parts import Parts

T = TypeVar("T")
log = logging.getLogger("datalab.portal")
NOBODYS_PAGE = {
    "person": None,
    "token": "",
    "here": "",
    "section": "",
    "message": "",
    "typed_in": None,
    "freezes": (),
    "unread": 0,
}
"""What a page needs beside its own content where nobody is logged in."""


class Portal(RequestHandler):
    """Headers, language and faults."""

    @property
    def parts(self) -> Parts:
        """What the application was made of."""
        parts: Parts = self.settings["parts"]
        return parts

    @property
    def spoken(self) -> Language:
        """The person's language."""
        asked = self.request.headers.get("Accept-Language", "")
        return language(choose_code(self.get_cookie(COOKIE) or "", asked))

    def set_default_headers(self) -> None:
        """Set what every answer carries."""
        for name, value in PLAIN.items():
            self.set_header(name, value)
        self.set_header("Content-Security-Policy", page_policy(self.request.host, self.parts.prefix))
        self.set_header("Content-Language", self.spoken.code)
        self.set_header("Vary", "Accept-Language, Cookie")
        self.clear_header("Server")

    def compute_etag(self) -> str | None:
        """Nothing is kept by browsers, so nothing is compared."""
        return None

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Say nothing here: a fault that is ours is logged where it is turned into a sentence."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with the fault of whatever went wrong."""
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else HTTPError(status_code)
        fault = fault_of(error, self.spoken)
        self.set_status(fault.status)
        self.say(fault)

    def say(self, fault: Fault) -> None:
        """Answer with a fault in the API's form; pages say it as a page."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(fault.body())

    async def use(self, call: Callable[[], T]) -> T:
        """Run a use case in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.parts.threads, call)


class SignedIn(HubOAuthenticated, Portal):  # type: ignore[misc]  # JupyterHub has no types
    """A handler that knows who asks."""

    actor = ""

    def initialize(self) -> None:
        """Use the application's login."""
        self.hub_auth = self.parts.hub_auth
        self.current_user = None  # set, so that tornado does not ask the hub in a way that blocks, for a fault either
        self._left = asyncio.Event()

    def on_connection_close(self) -> None:
        """Know that whoever asked is gone; tornado waits for the rest of what they sent no longer."""
        super().on_connection_close()
        self._left.set()

    def hang_up(self) -> None:
        """Close the connection on which nothing is taken."""
        self.detach().close()

    async def has_left(self, seconds: float) -> bool:
        """Wait so long, or until whoever asked is gone; say whether they are."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._left.wait(), seconds)
        return self._left.is_set()

    async def check_login(self) -> None:
        """The login with which an answer began must be the same person's still, and reach the portal."""
        self.__dict__.pop("_cached_hub_user", None)  # the hub's client asks once for each request
        model = await self._ask_hub()
        if model is None or self._checked(model)["name"] != self.actor:
            raise NotLoggedInError("Log in first, or send a token that is valid.", reason="not-logged-in")

    async def prepare(self) -> None:
        """Find out who asks, or refuse."""
        self._check_browser()
        model = await self._ask_hub()
        if model is None:
            await self.not_logged_in()
            return
        self.current_user = self._checked(model)
        self.actor = str(model["name"])
        self._check_plain()

    def _check_plain(self) -> None:
        """What is sent is read as it comes: nothing is unpacked, and nothing packed is taken for what it is not."""
        if any(word.strip().lower() != "identity" for word in self.request.headers.get_list("Content-Encoding")):
            raise InvalidError(
                "What was sent is packed (Content-Encoding), and nothing is unpacked here; send it as it is.",
                reason="packed-body",
            )

    def _check_browser(self) -> None:
        """Refuse what only a page of another origin, a frame or a workspace's script would send."""
        head = self.request.headers
        if "Authorization" in head or not self.get_cookie(self.hub_auth.cookie_name):
            return
        mode, destination = head.get("Sec-Fetch-Mode", ""), head.get("Sec-Fetch-Dest", "")
        if refused_fetch(self.request.method or "", mode, destination, head.get("Sec-Fetch-Site", "")):
            raise RefusedError("The portal's pages are opened by people, not from within other pages.", reason="fetch")
        try:
            self.check_xsrf_cookie()
        except HTTPError:
            raise RefusedError(
                "The page that you sent was made for another login, or has become too old; reload it and try again.",
                reason="xsrf",
            ) from None

    async def _ask_hub(self) -> dict[str, Any] | None:
        try:
            model: dict[str, Any] | None = await self.hub_auth.get_user(self, sync=False)
        except HTTPError as error:
            raise UnavailableError(
                "The hub, which knows who is logged in, does not answer; try again in a moment.", reason="hub"
            ) from error
        return model

    def _checked(self, model: dict[str, Any]) -> dict[str, Any]:
        """Only people use the portal, with a login or token that reaches it."""
        try:
            allowed: dict[str, Any] = self.check_hub_user(model)
        except UserNotAllowed:
            raise RefusedError(
                "This login or token does not reach the portal; make a token with the scope {scope}.",
                reason="scope",
                scope=", ".join(sorted(self.hub_auth.access_scopes)),
            ) from None
        if model.get("kind") != "user":
            raise RefusedError("The portal is for people; a service has no roles in the lab.", reason="not-a-person")
        return allowed

    async def not_logged_in(self) -> None:
        """Say that nobody is logged in."""
        raise NotLoggedInError("Log in first, or send a token that is valid.", reason="not-logged-in")


class Callback(HubOAuthCallbackHandler, Portal):  # type: ignore[misc]
    """The hub sends people here after they have logged in."""

    def initialize(self) -> None:
        """Use the application's login."""
        self.hub_auth = self.parts.hub_auth

    async def prepare(self) -> None:
        """Ask who is logged in already, without blocking."""
        self.current_user = None
        try:
            self.current_user = await self.hub_auth.get_user(self, sync=False)
        except HTTPError as error:
            raise UnavailableError(
                "The hub, which knows who is logged in, does not answer; try again in a moment.", reason="hub"
            ) from error

    def say(self, fault: Fault) -> None:
        """Say a fault as a page."""
        self.finish(self.parts.render("fault.html", self.spoken, {**NOBODYS_PAGE, "fault": fault}))


class Unknown(SignedIn):
    """Whatever has no address; nobody learns which addresses there are without a login."""

    async def prepare(self) -> None:
        """Refuse after the login."""
        await super().prepare()
        if not self._finished:
            raise NotFoundError("There is nothing at this address.", reason="unknown-address")
