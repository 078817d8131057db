"""The gateway's own login at the hub, so that no container has a part in it.

One way for every address below ``/user/``, whether a workspace runs there or not::

    /user/<person>/<project>/…              nobody known: a state and a PKCE verifier go into a cookie of this prefix
    /hub/api/oauth2/authorize               the hub knows its person, or asks them to log in
    /services/gateway/oauth_callback        the one address that the hub sends codes to; leads on to the prefix
    /user/<person>/<project>/oauth_callback the code, with the verifier, becomes a token; the token a sealed cookie

Invariants:

* a token of the hub is only ever in the gateway and, sealed, in the browser's cookie, which no script reads;
* a code counts only in the browser that began, and only once;
* where a person is led afterwards stood in the address that they asked for.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, urlencode

import aiohttp
from aiohttp import web
from pydantic import BaseModel, ConfigDict

from hub.domain.errors import InvalidError
from spawner_config.gateway.askers import hub_down
from spawner_config.gateway.matching import Target
from spawner_config.gateway.origins import Origins
from spawner_config.gateway.sealing import Sealer

CLIENT = "service-gateway"
SERVICE = "/services/gateway/"
CALLBACK = "oauth_callback"
REDIRECT = f"{SERVICE}{CALLBACK}"
COOKIE = "datalab-workspace"
COOKIE_PATH = "/user/"
LOGIN_SECONDS = 600
LONGEST_NEXT = 1500
DEFAULT_SECONDS = 3600
MOST_OPENED = 512
"""Sealed cookies whose content is kept: a page of JupyterLab shows the same one a hundred times."""


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Session(_Kept):
    """The cookie of somebody who logged in."""

    token: str


class State(_Kept):
    """What goes to the hub and comes back: which prefix began, and which try it was."""

    prefix: str
    nonce: str


class Try(_Kept):
    """The cookie of a login that is under way."""

    nonce: str
    verifier: str
    next: str


@dataclass(frozen=True, slots=True)
class Cookies:
    """How cookies are named: ``__Host-`` where workspaces have origins of their own and TLS is on.

    Such a cookie belongs to the one host that set it, so that no page of another subdomain puts one in its place.
    """

    secure: bool
    host: bool

    def name(self, name: str) -> str:
        """Return a cookie's whole name."""
        return f"__Host-{name}" if self.host else name

    def path(self, path: str) -> str:
        """Return a cookie's path; such a name has no other than the root."""
        return "/" if self.host else path


class Login:
    """Leads to the hub and back."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        hub: str,
        secret: str,
        sealer: Sealer,
        origins: Origins,
        cookies: Cookies,
    ) -> None:
        self._session = session
        self._hub = hub
        self._secret = secret
        self._sealer = sealer
        self._origins = origins
        self._cookies = cookies
        # What a text holds depends on the text alone; whether its token still counts is the hub's word, each time.
        self._session_in = lru_cache(MOST_OPENED)(lambda text: sealer.opened(Session, text))

    def tokens(self, request: web.BaseRequest) -> Iterator[str]:
        """Yield the tokens that a browser's cookies hold: two, where a page set one beside ours."""
        for header in request.headers.getall("Cookie", []):
            for pair in header.split(";"):
                name, _, value = pair.strip().partition("=")
                if name == self._cookies.name(COOKIE) and (kept := self._session_in(value)):
                    yield kept.token

    def begin(self, target: Target) -> web.Response:
        """Send a browser to the hub."""
        nonce, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
        after = target.raw if len(target.raw) <= LONGEST_NEXT else target.prefix
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "client_id": CLIENT,
            "response_type": "code",
            "redirect_uri": f"{self._origins.lab}{REDIRECT}",
            "state": self._sealer.seal(State(prefix=target.prefix, nonce=nonce)),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        response = redirect(f"{self._origins.lab}/hub/api/oauth2/authorize?{urlencode(asked)}")
        kept = self._sealer.seal(Try(nonce=nonce, verifier=verifier, next=after))
        self._set_cookie(response, _try_cookie(nonce), kept, target.prefix + CALLBACK, LOGIN_SECONDS)
        return response

    def lead_on(self, request: web.BaseRequest) -> web.Response:
        """Lead from the one address that the hub knows to the prefix that began, whose cookie alone proves it."""
        query = _query(request)
        state = self._sealer.opened(State, query.get("state", ""), LOGIN_SECONDS)
        if state is None:
            raise _failed()
        told = {name: value for name, value in query.items() if name in ("code", "error", "state")}
        _, _, person, project, _ = state.prefix.split("/")
        return redirect(f"{self._origins.base_of(person, project)}{state.prefix}{CALLBACK}?{urlencode(told)}")

    async def finish(self, request: web.BaseRequest, target: Target) -> web.Response:
        """Change the code for a token, and keep it in the browser."""
        query = _query(request)
        state = self._sealer.opened(State, query.get("state", ""), LOGIN_SECONDS)
        if state is None or state.prefix != target.prefix or "code" not in query:
            raise _failed()
        kept = request.cookies.get(self._cookies.name(_try_cookie(state.nonce)), "")
        began = self._sealer.opened(Try, kept, LOGIN_SECONDS)
        if began is None or not secrets.compare_digest(began.nonce, state.nonce):
            raise _failed()
        token, seconds = await self._exchange(query["code"], began.verifier)
        response = redirect(began.next)
        self._set_cookie(response, COOKIE, self._sealer.seal(Session(token=token)), COOKIE_PATH, seconds)
        self._set_cookie(response, _try_cookie(state.nonce), "", target.prefix + CALLBACK, 0)
        return response

    async def _exchange(self, code: str, verifier: str) -> tuple[str, int]:
        form = {
            "client_id": CLIENT,
            "client_secret": self._secret,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{self._origins.lab}{REDIRECT}",
            "code_verifier": verifier,
        }
        url = f"{self._hub}/hub/api/oauth2/token"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            async with (
                asyncio.timeout(30),
                self._session.post(url, data=urlencode(form).encode(), headers=headers) as received,
            ):
                body = await received.content.read(LOGIN_SECONDS * 100)
        except (TimeoutError, aiohttp.ClientError, OSError):
            raise hub_down() from None
        if received.status != 200:
            raise _failed()
        said = json.loads(body)
        return str(said["access_token"]), int(said.get("expires_in", DEFAULT_SECONDS))

    def end(self) -> web.Response:
        """Forget the browser's login here, and lead to the hub's own logout."""
        response = redirect(f"{self._origins.lab}/hub/logout")
        self._set_cookie(response, COOKIE, "", COOKIE_PATH, 0)
        return response

    def _set_cookie(self, response: web.Response, name: str, value: str, path: str, seconds: int) -> None:
        response.set_cookie(
            self._cookies.name(name),
            value,
            path=self._cookies.path(path),
            max_age=seconds,
            httponly=True,
            samesite="Lax",
            secure=self._cookies.secure or None,
        )


def _try_cookie(nonce: str) -> str:
    return f"datalab-login-{nonce[:8]}"


def _query(request: web.BaseRequest) -> dict[str, str]:
    """Return the query's fields, each once."""
    text = request.raw_path.partition("?")[2]
    try:
        fields = parse_qs(text, max_num_fields=10)
    except ValueError:
        raise _failed() from None
    return {name: values[0] for name, values in fields.items() if len(values) == 1}


def redirect(place: str) -> web.Response:
    """Lead a browser on, and leave no trace of where it was."""
    headers = {"Location": place, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(status=302, headers=headers)


def _failed() -> InvalidError:
    return InvalidError(
        "Your login did not come through, or took too long; open the workspace again from the page of its project.",
        reason="login",
    )
