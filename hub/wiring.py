"""The only module that knows every concrete class; those that need root are wired in ``hub.host_wiring``."""

from __future__ import annotations

import json

from hub.adapters.access_log import FolderAccessLog
from hub.adapters.clock import SystemClock
from hub.adapters.couriers import Letter, SmtpCourier, WebhookCourier, link_to, plain
from hub.adapters.engine import DockerEngine
from hub.adapters.hub_servers import HubApi
from hub.adapters.migrate import migrate
from hub.adapters.power.storage import AskedStorage
from hub.adapters.secrets import Secret, read_secret
from hub.adapters.signer import FileSigner
from hub.adapters.store import SqlStore
from hub.adapters.vault import FolderVault
from hub.domain.notices import Channel, Message
from hub.services.lab import Lab
from hub.services.notices import channels_of
from hub.services.outbox import Courier
from hub.services.policies import check_site
from hub.settings import Settings
from hub.web.letters import letter_of
from spawner_config.server_folder import access_log_folder

SIGNING_KEY = "signing.pem"


def hub_environment(settings: Settings, service: str) -> dict[str, str]:
    """Return what JupyterHub's own client must know to act as a service of the hub, in the words of its environment."""
    prefix, public = f"/services/{service}/", settings.public_url
    scopes = json.dumps(["access:services", f"access:services!service={service}"])
    return {
        "JUPYTERHUB_SERVICE_NAME": service,
        "JUPYTERHUB_API_TOKEN": read_secret(settings.secret(f"{service}-token")),
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{settings.ports.hub}/hub/api",
        "JUPYTERHUB_BASE_URL": "/",
        "JUPYTERHUB_SERVICE_PREFIX": prefix,
        "JUPYTERHUB_HOST": public,
        "JUPYTERHUB_PUBLIC_URL": f"{public}{prefix}",
        "JUPYTERHUB_PUBLIC_HUB_URL": f"{public}/hub/",
        "JUPYTERHUB_CLIENT_ID": f"service-{service}",
        # The hub compares it letter by letter with its own, which names the host where there are several.
        "JUPYTERHUB_OAUTH_CALLBACK_URL": f"{public if settings.server.subdomains else ''}{prefix}oauth_callback",
        "JUPYTERHUB_OAUTH_SCOPES": scopes,
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": scopes,
        "JUPYTERHUB_OAUTH_CLIENT_ALLOWED_SCOPES": "[]",
        "JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED": str(int(settings.host_cookies)),
        # As the hub's own: only over TLS where the lab has it.
        "JUPYTERHUB_COOKIE_OPTIONS": json.dumps({"samesite": "Lax", "secure": public.startswith("https:")}),
    }


def hub_from(settings: Settings) -> HubApi:
    """Return the hub as the worker may ask it."""
    known = hub_environment(settings, "worker")
    return HubApi(known["JUPYTERHUB_API_URL"], known["JUPYTERHUB_API_TOKEN"])


def couriers_from(settings: Settings) -> dict[Channel, Courier]:
    """Return the ways by which the worker sends messages out of the lab: those that have an address."""
    known, portal = channels_of(settings), f"{settings.public_url}/services/portal"

    def write(message: Message) -> Letter:
        names = (settings.name, plain(message.project), plain(message.subject))
        return Letter(*letter_of(message, *names, link_to(portal, message)))

    made: dict[Channel, Courier] = {}
    if Channel.MAIL in known:
        password = read_secret(settings.secret(Secret.MAIL)) if settings.mail.user else ""
        made[Channel.MAIL] = SmtpCourier(settings.mail, password, write)
    if Channel.WEBHOOK in known:
        key = read_secret(settings.secret(Secret.WEBHOOK))
        made[Channel.WEBHOOK] = WebhookCourier(settings.webhook, key, portal, SystemClock().now)
    return made


def store_from(settings: Settings) -> SqlStore:
    """Return the lab's tables as they are."""
    return SqlStore(settings.database, SystemClock().now, channels_of(settings))


def lab_from(settings: Settings) -> Lab:
    """Return the lab with its real adapters, its tables up to date."""
    check_site(settings.gate)
    clock = SystemClock()
    store = store_from(settings)
    migrate(store.engine)
    vault = FolderVault(settings.vault_folder)
    return Lab(
        settings=settings,
        store=store,
        vault=vault,
        storage=AskedStorage(settings, vault),
        engine=DockerEngine(settings.name, settings.state),
        signer=FileSigner(settings.secret(SIGNING_KEY)),
        clock=clock,
        access_log=FolderAccessLog(access_log_folder(settings.state)),
    )
