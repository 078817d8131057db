"""Which headers pass between a browser and a workspace, in both directions, by allow-list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from hub.domain.errors import InvalidError
from spawner_config.server_folder import Server

Headers = list[tuple[str, str]]

TO_SERVER = frozenset(
    {
        "accept",
        "accept-language",
        "authorization",
        "cache-control",
        "content-type",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "origin",
        "pragma",
        "referer",
        "sec-fetch-dest",
        "sec-fetch-mode",
        "sec-fetch-site",
        "sec-fetch-user",
        "user-agent",
        "x-requested-with",
        "x-xsrftoken",
    }
)
"""``Range`` and ``Accept-Encoding`` are not among them: an answer comes whole and plain, so that its bytes are counted
as what they are."""
TO_BROWSER = frozenset(
    {
        "cache-control",
        "content-language",
        "content-type",
        "etag",
        "expires",
        "last-modified",
        "pragma",
        "vary",
        "x-jupyterhub-version",
    }
)
SHARED_COOKIES = frozenset({"_xsrf", "jupyterhub-session-id"})
"""Cookies that a single-user server reads beside its own; neither of them logs anybody in."""
LONGEST_VALUE = 8000

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_COOKIE_VALUE = re.compile(r'"?[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]*"?')
_COOKIE_DATE = re.compile(r"[A-Za-z0-9 ,:\-]{1,40}")
_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::\d{1,5})?")
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+\-]+/[A-Za-z0-9!#$&^_.+\-]+(?:\s*;\s*[A-Za-z0-9_-]+=(?:[^\s\";,]+|\"[^\"]*\"))*")
_PLACE = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?\[\]]*")


def request_headers(received: Iterable[tuple[str, str]], server: Server, scheme: str) -> Headers:
    """Return what a workspace may learn of a request: no foreign cookie, no address, nothing that is hop by hop."""
    received = list(received)
    passed = [(name, value) for name, value in received if name.lower() in TO_SERVER and len(value) <= LONGEST_VALUE]
    cookies = [c.strip() for name, value in received if name.lower() == "cookie" for c in value.split(";")]
    own = [c for c in cookies if _is_cookie_of(c.partition("=")[0], server)]
    passed.append(("X-Forwarded-Proto", scheme))
    return [*passed, ("Cookie", "; ".join(own))] if own else passed


def response_headers(received: Iterable[tuple[str, str]], server: Server, origin: str) -> Headers:
    """Return what the browser is told: the allowed headers with values of their form, and the gateway's own rules."""
    passed: Headers = []
    for name, value in received:
        low = name.lower()
        if low in TO_BROWSER and _is_wellformed(low, value):
            passed.append((name, value))
        elif low == "set-cookie" and (cookie := _own_cookie(value, server)):
            passed.append(("Set-Cookie", cookie))
        elif low == "location" and (place := _own_place(value, server, origin)):
            passed.append(("Location", place))
    return passed + list(browser_rules(server, origin).items())


def browser_rules(server: Server, origin: str) -> Mapping[str, str]:
    """Return what the gateway itself tells the browser, whatever a workspace says.

    Scripts, connections and pictures come from the workspace's own prefix alone: not from the hub, the portal,
    another workspace or another site. JupyterLab compiles its schemas, hence ``unsafe-eval``.
    """
    own = f"{origin}{server.prefix}"
    socket = f"ws{own.removeprefix('http')}"
    policy = {
        "default-src": own,
        "script-src": f"{own} 'unsafe-eval'",
        "style-src": f"{own} 'unsafe-inline'",
        "img-src": f"{own} data: blob:",
        "font-src": f"{own} data:",
        "media-src": f"{own} data: blob:",
        "connect-src": f"{own} {socket}",
        "worker-src": own,
        "frame-src": f"{own} blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": own,
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        # All workspaces, the hub and the portal have one origin: a page that a workspace opens, or that opened it,
        # must not be within its reach. The hub and the portal say "same-origin", so this must be another word.
        "Cross-Origin-Opener-Policy": "noopener-allow-popups",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=()",
        "X-Frame-Options": "DENY",
        "X-Permitted-Cross-Domain-Policies": "none",
    }


def browser_origin(host: str, scheme: str) -> str:
    """Return the origin that the browser sees, from the host it asked for and the lab's public scheme."""
    if not _HOST.fullmatch(host):
        raise InvalidError("The request names no host.", reason="no-host")
    return f"{scheme}://{host.lower()}"


def plain_token(text: str) -> bool:
    """Whether a word is one that may stand in a header."""
    return bool(_TOKEN.fullmatch(text))


def _is_wellformed(name: str, value: str) -> bool:
    if len(value) > LONGEST_VALUE or not value.isprintable():
        return False
    if name == "content-type":
        return bool(_TYPE.fullmatch(value))
    return True


def _is_cookie_of(name: str, server: Server) -> bool:
    """Whether a cookie is the server's own, or one of the two that every part of the hub shares."""
    return name in SHARED_COOKIES or name == server.oauth_client or name.startswith(f"{server.oauth_client}-")


def _own_cookie(value: str, server: Server) -> str | None:
    """Write a cookie anew if it is the server's own, for its own prefix; None otherwise."""
    pair, *attributes = [part.strip() for part in value.split(";")]
    name, _, content = pair.partition("=")
    if name == "jupyterhub-session-id" or not _is_cookie_of(name, server):
        return None
    if not (_TOKEN.fullmatch(name) and _COOKIE_VALUE.fullmatch(content)):
        return None
    found = {key.strip().lower(): text.strip() for key, _, text in (a.partition("=") for a in attributes)}
    if "domain" in found or f"{found.get('path', '').rstrip('/')}/" != server.prefix:
        return None
    kept = [f"{name}={content}", f"Path={server.prefix}", "SameSite=Lax"]
    if re.fullmatch(r"-?\d{1,10}", found.get("max-age", "")):
        kept.append(f"Max-Age={found['max-age']}")
    if _COOKIE_DATE.fullmatch(found.get("expires", "")):
        kept.append(f"Expires={found['expires']}")
    kept += [word for key, word in (("secure", "Secure"), ("httponly", "HttpOnly")) if key in found]
    return "; ".join(kept)


def _own_place(value: str, server: Server, origin: str) -> str | None:
    """Return a redirect's place if it is below the server's own prefix or the hub's; None otherwise."""
    if not value.isprintable():
        return None
    parts = urlsplit(value)
    if parts.netloc or parts.scheme:
        if f"{parts.scheme}://{parts.netloc}".lower() != origin:
            return None
        value = parts._replace(scheme="", netloc="").geturl()
    path = unquote(value.partition("?")[0])
    stays = path.startswith((server.prefix, "/hub/")) and ".." not in path
    return value if stays and _PLACE.fullmatch(value) else None
