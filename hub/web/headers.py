"""Headers that every answer of the portal carries, each with its reason."""

from __future__ import annotations

import re

HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?")

PLAIN: dict[str, str] = {
    "X-Content-Type-Options": "nosniff",  # a browser takes bytes for what they are said to be
    "Referrer-Policy": "same-origin",  # addresses hold identifiers, which are nobody else's business
    "Cache-Control": "no-store",  # pages hold what only this person may see
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    # A workspace's page has the same origin: without this it could open a page of the portal and read it.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",  # other sites do not embed our answers
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), usb=()",  # pages need none of these
}

BARE_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"
"""Of answers that are no pages: nothing in them runs, whatever they hold."""


def page_policy(host: str, prefix: str, frame: str = "'none'") -> str:
    """Return the Content-Security-Policy of pages.

    Scripts come from the portal's own static folder alone: workspaces have the same origin, so ``'self'`` would
    let in what a workspace serves. ``frame`` is the one address that a page shows in a frame, and that what it shows
    can go to, whatever it tries.
    """
    scripts = f"{host}{prefix}static/" if HOST.fullmatch(host) else "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self'",
            "img-src 'self' data:",  # the stylesheet draws its arrows as data
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            f"frame-src {frame}",
            "frame-ancestors 'none'",
        )
    )


def refused_fetch(method: str, mode: str, destination: str, site: str) -> bool:
    """Say whether a browser's request with a login cookie is refused for where its answer would go.

    A script of a workspace has our origin and may fetch without the portal's token; what it cannot do is make its
    request look like a person's own navigation, or like a picture in a page.
    """
    if not mode:
        return False  # no browser: every one that is in use says it
    if mode == "navigate":
        return destination not in ("document", "")
    if mode == "no-cors":
        return not (method == "GET" and destination == "image" and site == "same-origin")
    return False  # cors and same-origin need the token, which the login checks
