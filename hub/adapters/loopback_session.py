"""Requests that find this machine under its own names; apart from the names, since it takes a while to load."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from hub.adapters.loopback_names import LOOPBACK, is_loopback_name


class LoopbackAdapter(HTTPAdapter):
    """Connects to this machine under its own names; the request still says which name was asked."""

    def send(self, request: requests.PreparedRequest, *given: Any, **named: Any) -> requests.Response:
        """Send a copy that says the host: the request itself, which a redirect is made from, must not."""
        sent = request.copy()
        sent.headers["Host"] = urlsplit(str(request.url)).netloc.rpartition("@")[2]
        response = super().send(sent, *given, **named)
        response.request = request
        return response

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the connection to send a request on."""
        parts = urlsplit(str(request.url))
        if not is_loopback_name(parts.hostname or ""):
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        return self.poolmanager.connection_from_host(LOOPBACK, parts.port, parts.scheme)


def loopback_session() -> requests.Session:
    """A session that takes no proxy or login from the environment, and knows this machine's names."""
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", LoopbackAdapter())
    return session
