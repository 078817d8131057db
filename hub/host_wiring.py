"""What needs root on the host, wired for who has it: no table of the lab, no key and no mail is loaded beside it."""

from __future__ import annotations

from hub.adapters.host import Host
from hub.adapters.storage import LoopStorage
from hub.adapters.vault import FolderVault
from hub.settings import Settings
from spawner_config.names import LABEL


def host_from(settings: Settings) -> Host:
    """Return what needs root on the host."""
    return Host(settings.images.workspace, LABEL)


def storage_from(settings: Settings) -> LoopStorage:
    """Return the folders and loop images of one lab, for who has the power to mount them."""
    return LoopStorage(settings, FolderVault(settings.vault_folder), host_from(settings))
