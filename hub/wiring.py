"""The only module that knows every concrete class."""

from __future__ import annotations

from collections.abc import Mapping

from hub.adapters.access_log import FolderAccessLog
from hub.adapters.clock import SystemClock
from hub.adapters.engine import DockerEngine
from hub.adapters.host import Host
from hub.adapters.hub_servers import HubApi
from hub.adapters.migrate import migrate
from hub.adapters.power.storage import AskedStorage
from hub.adapters.signer import FileSigner
from hub.adapters.storage import LoopStorage
from hub.adapters.store import SqlStore
from hub.adapters.vault import FolderVault
from hub.services.lab import Lab
from hub.settings import Settings
from spawner_config.names import LABEL

SIGNING_KEY = "signing.pem"


def host_from(settings: Settings) -> Host:
    """Return what needs root on the host."""
    return Host(settings.images.workspace, LABEL)


def storage_from(settings: Settings) -> LoopStorage:
    """Return the folders and loop images of one lab, for who has the power to mount them."""
    return LoopStorage(settings, FolderVault(settings.vault_folder), host_from(settings))


def hub_from(environment: Mapping[str, str]) -> HubApi:
    """Return the hub as the service that it has started may ask it: with the address and the token it was given."""
    return HubApi(environment.get("JUPYTERHUB_API_URL", ""), environment.get("JUPYTERHUB_API_TOKEN", ""))


def store_from(settings: Settings) -> SqlStore:
    """Return the lab's tables as they are."""
    return SqlStore(settings.database, SystemClock().now)


def lab_from(settings: Settings) -> Lab:
    """Return the lab with its real adapters, its tables up to date."""
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
        access_log=FolderAccessLog(settings.state / "logs"),
    )
