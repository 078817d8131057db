"""The portal over a lab in a folder, with a hub that knows people by the word that is their token."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyterhub.services.auth import HubOAuth
from tornado.web import create_signed_value

from hub.bench.pages_served import in_thread
from hub.services.lab import Lab
from hub.web.app import LARGEST_BODY, make_app

SCOPE = "access:services!service=portal"
PREFIX = "/services/portal/"
API_TOKEN = "portal's own"


class KnownTokens(HubOAuth):
    """A hub whose tokens are ``<login>-token``; ``narrow`` lacks the scope, ``machine`` is a service."""

    def user_for_token(self, token: str, use_cache: bool = True, session_id: str = "", *, sync: bool = True) -> Any:
        return self._known(token)

    async def _known(self, token: str) -> dict[str, Any] | None:
        name, _, end = token.rpartition("-")
        if end != "token" or not name:
            return None
        scopes = {"narrow": ["self"], "metrics": ["read:metrics"]}.get(name, [SCOPE])
        return {"name": name, "kind": "service" if name in ("machine", "metrics") else "user", "scopes": scopes}


def known_tokens() -> KnownTokens:
    return KnownTokens(
        base_url=PREFIX,
        api_token=API_TOKEN,
        oauth_client_id="service-portal",
        access_scopes={SCOPE},
        hub_prefix="/hub/",
    )


def login_cookie(name: str) -> dict[str, str]:
    """The cookie that a browser holds after the login."""
    secret = hashlib.sha256(b"datalab portal cookies " + API_TOKEN.encode()).digest()
    return {"service-portal": create_signed_value(secret, "service-portal", f"{name}-token").decode()}


@contextmanager
def served(lab: Lab, hub_auth: Any = None) -> Iterator[str]:
    """Serve the portal from a thread; gives its address without a slash at the end."""
    auth = hub_auth or known_tokens()
    with in_thread(lambda: make_app(lab, auth), max_body_size=LARGEST_BODY) as port:
        yield f"http://127.0.0.1:{port}{PREFIX.rstrip('/')}"
