"""The application: every address of the portal and what answers there."""

from __future__ import annotations

import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tornado.routing import Rule
from tornado.web import Application, RequestHandler, StaticFileHandler, url

from hub.domain.errors import InvalidError
from hub.services.figures import figures
from hub.services.health import failing_parts
from hub.services.lab import Lab
from hub.services.publications import public_register
from hub.web.api.handlers import Api, UnknownApi, Upload, pattern_of
from hub.web.api.routes import Route
from hub.web.api.table import PREFIX, ROUTES
from hub.web.handlers import Callback, Portal
from hub.web.health import HealthWatch
from hub.web.live import Streams
from hub.web.metrics import Measured
from hub.web.openapi import Document
from hub.web.pages.handlers import Leave, LivePage, PageHandler, Picture, Spoken, SupportingPicture, UnknownPage
from hub.web.pages.table import FORMS, PAGES
from hub.web.parts import Parts
from hub.web.public import KeptRegister, RegisterDocument, RegisterPage
from hub.web.rendering import HUB_STATIC, STATIC, Pages
from hub.web.watched import HealthAnswer, MetricsAnswer

log = logging.getLogger("datalab.portal.access")
THREADS = 8
LARGEST_BODY = 2 * 2**20
"""Of everything but an upload, which has its own limit."""
HUB_FILES = r"(css/style\.min\.css|components/@fortawesome/fontawesome-free/(?:css|webfonts)/[a-z0-9.-]+)"


class Static(StaticFileHandler):
    """Files that are the same for everybody; their addresses change when they do."""

    def set_extra_headers(self, path: str) -> None:
        """Browsers keep them, and take them for nothing else than they are."""
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.clear_header("Server")


def make_app(lab: Lab, hub_auth: Any) -> Application:
    """Make the application; without a scope that people need, nobody could be refused, so that is a fault."""
    if not hub_auth.access_scopes:
        raise InvalidError(
            "The portal knows no scope that people need; start it as a service of the hub.", reason="no-scopes"
        )
    prefix = str(hub_auth.base_url)
    hub_auth.cookie_options = {"samesite": "Lax", **hub_auth.cookie_options}
    pages = Pages(prefix, lab.settings.title)
    threads = ThreadPoolExecutor(THREADS, "use-case")
    health, measured = HealthWatch(lambda: failing_parts(lab)), Measured(lambda: figures(lab))
    parts = Parts(lab, hub_auth, prefix, pages, threads, health, measured, Streams())
    return Application(
        [*_public_addresses(lab, prefix), *_addresses(prefix)],
        parts=parts,
        default_handler_class=UnknownPage,
        cookie_secret=hashlib.sha256(b"datalab portal cookies " + hub_auth.api_token.encode()).digest(),
        log_function=_log_access,
    )


def _public_addresses(lab: Lab, prefix: str) -> list[Any]:
    """The two addresses that need no login; none where the lab does not want them."""
    if not lab.settings.public_register.open:
        return []
    register = {"register": KeptRegister(lambda: public_register(lab))}
    return [url(f"{prefix}register", RegisterPage, register), url(f"{prefix}register.json", RegisterDocument, register)]


def _addresses(prefix: str) -> list[Any]:
    return [
        url(f"{prefix}oauth_callback", Callback),
        url(f"{prefix}static/hub/{HUB_FILES}", Static, {"path": str(HUB_STATIC)}),
        url(f"{prefix}static/([a-z.-]+)", Static, {"path": str(STATIC)}),
        url(f"{prefix}{PREFIX}/openapi.json", Document),
        *_api_addresses(f"{prefix}{PREFIX}"),
        url(f"{prefix}{PREFIX}/.*", UnknownApi, {"routes": {}}),
        url(f"{prefix}health", HealthAnswer),
        url(f"{prefix}metrics", MetricsAnswer),
        url(f"{prefix}language", Spoken),
        url(f"{prefix}logout", Leave),
        url(f"{prefix}exports/(?P<id>[^/]+)/picture", Picture),
        url(f"{prefix}exports/(?P<id>[^/]+)/supporting/picture", SupportingPicture),
        *_page_addresses(prefix.rstrip("/")),
    ]


def _api_addresses(prefix: str) -> list[Rule]:
    paths = list(dict.fromkeys(route.path for route in ROUTES))
    return [url(prefix + pattern_of(path), *_api_handler(path)) for path in paths]


def _api_handler(path: str) -> tuple[type[RequestHandler], dict[str, Any]]:
    rows: dict[str, Route[Any]] = {route.method: route for route in ROUTES if route.path == path}
    takes_file = any(route.takes_file for route in rows.values())
    return (Upload if takes_file else Api), {"routes": rows}


def _page_addresses(prefix: str) -> list[Rule]:
    pages = {page.path: page for page in PAGES}
    forms = {form.path: form for form in FORMS}
    paths = list(dict.fromkeys([*pages, *forms]))
    rules: list[Rule] = [
        url(prefix + pattern_of(path), PageHandler, {"page": pages.get(path), "form": forms.get(path)})
        for path in paths
    ]
    followed = (page for page in PAGES if page.is_followed)
    return rules + [url(f"{prefix}{pattern_of(page.path)}/live", LivePage, {"page": page}) for page in followed]


def _log_access(handler: RequestHandler) -> None:
    """Count it, and log it without the query, which may name files."""
    handler.settings["parts"].measured.count(handler)
    request, status = handler.request, handler.get_status()
    actor = getattr(handler, "actor", "") if isinstance(handler, Portal) else ""
    milliseconds = 1000 * request.request_time()
    level = logging.INFO if status < 500 else logging.WARNING
    log.log(level, "%s %s %s %s %.1fms", status, request.method, request.path, actor or "-", milliseconds)
