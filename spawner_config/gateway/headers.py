"""Which headers pass between a browser and a workspace, in both directions, by allow-list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from hub.domain.errors import InvalidError
from spawner_config.gateway.downloads import held
from spawner_config.gateway.static_files import PLACES
from spawner_config.lab_files import SHARED
from spawner_config.server_folder import Server

Headers = list[tuple[str, str]]

TO_SERVER = frozenset(
    {
        "accept",
        "accept-language",
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
as what they are. Nor are ``Cookie`` and ``Authorization``: what logs a person in never reaches a container."""
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
LONGEST_VALUE = 8000
SANDBOX = "allow-scripts allow-same-origin allow-forms allow-modals"
"""What a held workspace's page may do in its frame; its origin is its own, so that it may keep it."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::\d{1,5})?")
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+\-]+/[A-Za-z0-9!#$&^_.+\-]+(?:\s*;\s*[A-Za-z0-9_-]+=(?:[^\s\";,]+|\"[^\"]*\"))*")
_PLACE = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@%/?\[\]]*")


def request_headers(received: Iterable[tuple[str, str]], badge: str, scheme: str) -> Headers:
    """Return what a workspace may learn of a request: no cookie, no token, no address, nothing that is hop by hop.

    The badge is what its server knows the gateway by; it opens nothing else.
    """
    passed = [(name, value) for name, value in received if name.lower() in TO_SERVER and len(value) <= LONGEST_VALUE]
    return [*passed, ("X-Forwarded-Proto", scheme), ("Authorization", f"token {badge}")]


@dataclass(frozen=True, slots=True)
class Passed:
    """What the browser is told: what the workspace said of it, and the gateway's own rules."""

    said: Headers
    rules: Headers

    def all(self) -> Headers:
        """Return both."""
        return self.said + self.rules


def response_headers(received: Iterable[tuple[str, str]], server: Server, origin: str, frame: str = "") -> Passed:
    """Return the allowed headers with values of their form, and the gateway's own rules."""
    passed: Headers = []
    for name, value in received:
        low = name.lower()
        if low in TO_BROWSER and _is_wellformed(low, value):
            passed.append((name, value))
        elif low == "location" and (place := _own_place(value, server, origin)):
            passed.append(("Location", place))
    return Passed(passed, list(browser_rules(server, origin, frame).items()))


def browser_rules(server: Server, origin: str, frame: str = "") -> Mapping[str, str]:
    """Return what the gateway itself tells the browser, whatever a workspace says.

    Connections and pictures come from the workspace's own prefix alone: not from the hub, the portal, another
    workspace or another site. Scripts come from the host's copy of JupyterLab, and in the open tier from the
    workspace, too. JupyterLab compiles its schemas, hence ``unsafe-eval``.

    ``frame`` is the one origin that may show the workspace in a frame of its own; empty: none may. A held workspace's
    page is then in a sandbox by itself, too: no window, no download, no way out of the frame, whoever wrote the frame.
    """
    own = f"{origin}{server.prefix}"
    lab = f"{origin}{SHARED}"
    scripts = " ".join(f"{own}{place}" for place in PLACES) if held(server.tier) else own
    socket = f"ws{own.removeprefix('http')}"
    policy = {
        "default-src": own,
        "script-src": f"{lab} {scripts} 'unsafe-eval'",
        "style-src": f"{lab} {own} 'unsafe-inline'",
        "img-src": f"{lab} {own} data: blob:",
        "font-src": f"{lab} {own} data:",
        "media-src": f"{own} data: blob:",
        "connect-src": f"{own} {socket} {lab}",
        "worker-src": scripts,
        "frame-src": f"{own} blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": own,
        "frame-ancestors": frame or "'none'",
        # What is not allowed in a sandbox need not be known by name; JupyterLab asks before it closes, hence modals.
        **({"sandbox": SANDBOX} if frame and held(server.tier) else {}),
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        # Without subdomains, all workspaces, the hub and the portal have one origin: a page that a workspace opens, or
        # that opened it, must not be within its reach. Hub and portal say "same-origin", so this must be another word.
        "Cross-Origin-Opener-Policy": "noopener-allow-popups",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), usb=(), serial=()",
        **({} if frame else {"X-Frame-Options": "DENY"}),
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


def _own_place(value: str, server: Server, origin: str) -> str | None:
    """Return a redirect's place if it is below the server's own prefix; None otherwise.

    A policy of the browser's forgets paths once it was led elsewhere, so a workspace leads to nobody else's, nor to the
    hub, which leads on.
    """
    if not value.isprintable():
        return None
    try:
        parts = urlsplit(value)
    except ValueError:  # such as half of an address in brackets
        return None
    if parts.netloc or parts.scheme:
        if f"{parts.scheme}://{parts.netloc}".lower() != origin:
            return None
        value = parts._replace(scheme="", netloc="").geturl()
    path = unquote(value.partition("?")[0])
    stays = path.startswith(server.prefix) and ".." not in path
    return value if stays and _PLACE.fullmatch(value) else None
