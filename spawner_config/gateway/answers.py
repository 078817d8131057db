"""What the gateway itself answers, in one shape and with one map from errors to numbers."""

from __future__ import annotations

import json
from html import escape

from aiohttp import web

from hub.domain.errors import (
    ConflictError,
    InvalidError,
    LabError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)

STATUS: dict[type[LabError], int] = {
    RefusedError: 403,
    NotFoundError: 404,
    InvalidError: 400,
    ConflictError: 409,
    UnavailableError: 503,
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>{reason}</title></head>
<body><main><p>{sentence}</p><p><a href="/hub/home">JupyterHub</a></p></main></body></html>
"""
BY_REASON = {
    "server-broken": 502,
    "server-slow": 504,
    "hub-down": 502,
    "hub-call-rate": 429,
    "upload-too-large": 413,
    "login": 401,
    "day-cap": 429,
}


def status_of(error: LabError) -> int:
    """Return the number of an error's answer."""
    return BY_REASON.get(error.reason) or STATUS.get(type(error), 500)


def refusal(error: LabError, *, as_page: bool = False) -> web.Response:
    """Return the sentence and its reason: as JSON, which JupyterLab shows in its own dialogs, or as a page."""
    if as_page:
        text, kind = PAGE.format(sentence=escape(str(error)), reason=escape(error.reason)), "text/html"
    else:
        text, kind = json.dumps({"message": str(error), "reason": error.reason}), "application/json"
    return web.Response(text=text, content_type=kind, status=status_of(error), headers=HEADERS)


def server_broken() -> UnavailableError:
    """The workspace answered in no way that HTTP knows, or closed early."""
    return UnavailableError(
        "The workspace gave no proper answer; try again, or stop and start it.", reason="server-broken"
    )


def server_slow() -> UnavailableError:
    """The workspace did not answer in time."""
    return UnavailableError("The workspace did not answer in time; stop and start it.", reason="server-slow")


def not_ready() -> UnavailableError:
    """Nothing listens in the workspace."""
    return UnavailableError(
        "The workspace does not run, or is not ready yet; open it from the page of its project.",
        reason="server-not-ready",
    )
