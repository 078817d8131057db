"""Functions that set JupyterHub's traits, and do nothing else; a bare traitlets ``Config`` is enough to test them.

Invariants:

* workspaces, and the proxy with its open connections, survive the hub's restart;
* nobody is an administrator of the hub; a person holds their own servers and tokens, and the way to the portal;
* no secret is in the settings: each is read from its file by a function that is passed in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from traitlets.config import Config

from hub.settings import Login, Settings
from spawner_config.gateway_client import GatewayClient
from spawner_config.hub_traits.authenticator import UNKNOWN_PERSON, UNKNOWN_PERSON_FR, LabAuthenticator
from spawner_config.hub_traits.id_token import NO_SECOND_FACTOR, NO_SECOND_FACTOR_FR, OTHER_LOGIN, OTHER_LOGIN_FR
from spawner_config.hub_traits.services import NAMES, services
from spawner_config.server_folder import Server

PORTAL = "/services/portal/"
TEMPLATES = Path(__file__).resolve().parents[1] / "templates"
COOKIE_DAYS = 0.5
TOKEN_SECONDS = 90 * 24 * 3600
ROUTE_CHECK_SECONDS = 3
KNOWN_AGAIN_SECONDS = 60
LOOK_AGAIN_SECONDS = 5
"""Until a workspace ends whose container ended, whose time is over, or whose person may no longer work there."""

PERSON_SCOPES = (
    "read:users!user",  # their own name and servers, on the hub's pages
    "users:activity!user",  # a server's report that it is in use is made in its owner's name
    "servers!user",  # start and stop their own workspaces
    "access:servers!user",  # and open them
    "tokens!user",  # for the command-line tool
    f"access:services!service={PORTAL.split('/')[2]}",
    "access:services!service=gateway",  # which asks the hub who they are before it lets them into a workspace
)
"""What JupyterHub's ``self`` would add is sharing one's server with others: project isolation forbids it."""

WORKER_SCOPES = [
    "list:users",  # people by their names,
    "read:servers",  # and which servers they have: what is left of any other is cleared away
]

CONTENT_SECURITY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline'",  # the hub's own pages carry their scripts
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the traits need beside the settings: functions of the lab."""

    read_secret: Callable[[Path], str]
    knows_person: Callable[[str], bool]
    log_in: Callable[[str], bool]
    open_workspace: Callable[..., Any]
    why_ends: Callable[..., Any]
    close_workspace: Callable[..., Any]
    is_waiting: Callable[[str, str], bool]
    turn: Callable[[str, str], AbstractAsyncContextManager[None]]
    open_server: Callable[[Server], None]
    show_server: Callable[[Server], None]
    close_server: Callable[[str], None]
    engine: str = ""
    """Where the spawner finds the engine: the address of the lab's engine gate."""


def apply(c: Config, settings: Settings, parts: Parts) -> None:
    """Set every trait of the lab's hub."""
    set_addresses(c, settings)
    set_state(c, settings)
    set_proxy(c, settings, parts.read_secret(settings.secret("proxy-token")))
    set_login(c, settings, parts.read_secret(settings.secret("client-secret")), parts)
    set_permissions(c)
    set_pages(c, settings)
    set_workspaces(c, settings, parts)
    tokens = {name: parts.read_secret(settings.secret(f"{name}-token")) for name in NAMES}
    metrics = {"name": "metrics", "api_token": parts.read_secret(settings.secret("metrics-token"))}
    c.JupyterHub.services = [*services(settings, tokens), metrics]


def set_addresses(c: Config, settings: Settings) -> None:
    """The hub listens on loopback; people come through the proxy, and arrive at the portal."""
    scheme = "https" if settings.server.certificate else "http"
    c.JupyterHub.bind_url = f"{scheme}://{settings.server.address}:{settings.ports.public}/"
    c.JupyterHub.public_url = f"{settings.public_url}/"
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings.ports.hub}"
    c.JupyterHub.default_url = PORTAL
    if settings.server.subdomains:
        set_subdomains(c, settings)


def set_subdomains(c: Config, settings: Settings) -> None:
    """Each workspace has a host of its own; hub and portal share the lab's.

    The hub has the lab's own host alone: whatever comes under another one is the gateway's, also where no workspace
    runs, so that no page of the hub is ever in a workspace's origin. JupyterHub knows hosts of people and not of their
    servers, so it names the lab's for all, and the gateway leads from there to the workspace's own.
    """
    c.JupyterHub.subdomain_host = settings.public_url
    c.JupyterHub.subdomain_hook = lambda name, domain, kind: domain
    c.JupyterHub.hub_routespec = f"{urlsplit(settings.public_url).hostname}/"
    c.JupyterHub.cookie_host_prefix_enabled = settings.host_cookies


def set_state(c: Config, settings: Settings) -> None:
    """JupyterHub's own tables stay apart from the lab's; workspaces outlive the hub."""
    c.JupyterHub.db_url = f"sqlite:///{settings.state / 'hub' / 'jupyterhub.sqlite'}"
    c.JupyterHub.upgrade_db = True
    c.JupyterHub.cookie_secret_file = str(settings.secret("cookie"))
    c.JupyterHub.cleanup_servers = False
    c.JupyterHub.cleanup_proxy = False


def set_proxy(c: Config, settings: Settings, token: str) -> None:
    """The proxy is a process of its own; one that comes back gets its routes again within seconds."""
    c.JupyterHub.proxy_class = "configurable-http-proxy"
    c.ConfigurableHTTPProxy.should_start = False
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings.ports.proxy_api}"
    c.ConfigurableHTTPProxy.auth_token = token
    # Also what is asked of a workspace that does not run goes to the gateway, so that nobody can tell the two apart.
    host = urlsplit(settings.public_url).hostname if settings.server.subdomains else ""
    c.ConfigurableHTTPProxy.extra_routes = {f"{host}/user/": f"http://127.0.0.1:{settings.ports.gateway}"}
    # JupyterHub looks after the routes of a proxy that it did not start only when it updates activity.
    c.JupyterHub.last_activity_interval = ROUTE_CHECK_SECONDS


def provider(settings: Settings) -> Login:
    """The OpenID provider; the demonstration's stands on loopback, under another host name than the lab.

    Cookies know no port: under one name, the provider's would reach the lab, and the lab's the provider.
    """
    if not settings.login.demo:
        return settings.login
    url = f"http://localhost:{settings.ports.identity}/oauth"
    after = urlencode({"client_id": settings.login.client_id, "post_logout_redirect_uri": f"{settings.public_url}/"})
    places = {
        "authorize_url": f"{url}/authorize",
        "token_url": f"{url}/token",
        "userdata_url": f"{url}/userinfo",
        "logout_url": f"{url}/end_session?{after}",
        "issuer": f"http://localhost:{settings.ports.identity}",
    }
    return settings.login.model_copy(update=places)


def set_login(c: Config, settings: Settings, client_secret: str, parts: Parts) -> None:
    """The provider says who somebody is, with PKCE; the lab's records say whether they may come in."""
    login = provider(settings)
    c.JupyterHub.authenticator_class = LabAuthenticator
    own = c.LabAuthenticator
    own.knows_person, own.log_in = parts.knows_person, parts.log_in
    own.logged_out = told_of_logouts(settings)
    own.custom_403_message = UNKNOWN_PERSON
    own.client_id = login.client_id
    own.client_secret = client_secret
    own.oauth_callback_url = f"{settings.public_url}/hub/oauth_callback"
    own.authorize_url = login.authorize_url
    own.token_url = login.token_url
    own.userdata_url = login.userdata_url
    own.logout_redirect_url = login.logout_url
    own.username_claim = login.username_claim
    own.scope = list(login.scopes)
    own.issuer = login.issuer
    own.second_factor_claim, own.second_factor_values = login.second_factor_claim, list(login.second_factor_values)
    own.extra_authorize_params = {"acr_values": " ".join(login.acr_values)} if login.acr_values else {}
    own.enable_pkce = True
    own.login_service = settings.title
    own.allow_all = False
    own.enable_auth_state = False  # the provider's tokens are of no further use, so they are not kept
    own.manage_groups = False  # roles and membership come from the lab's records alone
    own.auth_refresh_age = KNOWN_AGAIN_SECONDS
    own.auth_refresh_strict = True  # also for tokens: without it, one of somebody who was taken out goes on
    own.refresh_pre_spawn = True


def told_of_logouts(settings: Settings) -> Callable[[str], Awaitable[None]]:
    """Return what tells the gateway of a logout; a plain function, since traitlets copies what it is given deeply."""

    async def tell(person: str) -> None:
        await GatewayClient(settings.state).forget(person)

    return tell


def set_permissions(c: Config) -> None:
    """A person's scopes are written out; what a service does for a person, it does with that person's own login.

    The worker alone asks in its own name, which servers there are; and whoever watches over the lab reads numbers.
    """
    c.JupyterHub.load_roles = [
        {"name": "user", "description": "A person of the lab", "scopes": list(PERSON_SCOPES)},
        {"name": "worker", "description": "Sees what nobody owns", "scopes": WORKER_SCOPES, "services": ["worker"]},
        {"name": "metrics", "description": "Reads numbers", "scopes": ["read:metrics"], "services": ["metrics"]},
    ]
    c.Authenticator.admin_users = set()
    c.JupyterHub.authenticate_prometheus = True
    c.JupyterHub.token_expires_in_max_seconds = TOKEN_SECONDS


def set_pages(c: Config, settings: Settings) -> None:
    """The hub's own pages carry the lab's title, in French and English, and load nothing from elsewhere."""
    secure = {"secure": True} if settings.public_url.startswith("https:") else {}
    c.JupyterHub.template_paths = [str(TEMPLATES)]
    c.JupyterHub.template_vars = {
        "lab_title": settings.title,
        "portal_url": PORTAL,
        "refusals": {
            UNKNOWN_PERSON: UNKNOWN_PERSON_FR,
            OTHER_LOGIN: OTHER_LOGIN_FR,
            NO_SECOND_FACTOR: NO_SECOND_FACTOR_FR,
        },
    }
    c.JupyterHub.cookie_max_age_days = COOKIE_DAYS
    c.JupyterHub.tornado_settings = {
        "headers": {
            "Content-Security-Policy": CONTENT_SECURITY,
            # A workspace's page has the hub's origin; what it opens of the hub must not be within its reach.
            "Cross-Origin-Opener-Policy": "same-origin",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
        "cookie_options": {"samesite": "Lax"} | secure,
    }


def set_workspaces(c: Config, settings: Settings, parts: Parts) -> None:
    """A workspace is a named server: its name is the project's."""
    c.JupyterHub.allow_named_servers = True
    c.JupyterHub.spawner_class = "spawner_config.spawner.LabSpawner"
    c.LabSpawner.settings = settings
    if parts.engine:
        c.LabSpawner.client_kwargs = {"base_url": parts.engine}
    c.LabSpawner.open_workspace = parts.open_workspace
    c.LabSpawner.why_ends = parts.why_ends
    c.LabSpawner.poll_interval = LOOK_AGAIN_SECONDS
    c.LabSpawner.close_workspace = parts.close_workspace
    c.LabSpawner.is_waiting = parts.is_waiting
    c.LabSpawner.turn = parts.turn
    c.LabSpawner.open_server = parts.open_server
    c.LabSpawner.show_server = parts.show_server
    c.LabSpawner.close_server = parts.close_server
