"""Names below ``.localhost`` are this machine (RFC 6761, section 6.3): browsers know it, many resolvers do not.

Only such names are taken for loopback; every other one is looked up as always.
"""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import requests
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from requests.adapters import HTTPAdapter

LOOPBACK = "127.0.0.1"


def is_loopback_name(host: str) -> bool:
    """Whether a host's name stands for this machine, whatever a resolver says."""
    return host.rstrip(".").lower().endswith(".localhost")


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


class LoopbackResolver(AbstractResolver):
    """The same for websockets."""

    def __init__(self) -> None:
        self._others = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name."""
        return await self._others.resolve(LOOPBACK if is_loopback_name(host) else host, port, family)

    async def close(self) -> None:
        """Nothing is held."""
        await self._others.close()
