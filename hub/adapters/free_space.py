"""Where the lab writes, and how many bytes are free there."""

from __future__ import annotations

import shutil
from pathlib import Path

from hub.domain.space import PlaceName
from hub.settings import Settings


def written_folders(settings: Settings) -> dict[PlaceName, Path]:
    """Return the folders that the lab writes to; a database that is no file of ours is not among them."""
    folders = {PlaceName.STATE: settings.state, PlaceName.VAULT: settings.vault_folder}
    if settings.database.startswith("sqlite:///"):
        folders[PlaceName.DATABASE] = Path(settings.database.removeprefix("sqlite:///")).parent
    return folders


def free_bytes(folder: Path) -> int:
    """Bytes that the lab may still write there."""
    return shutil.disk_usage(existing(folder)).free


def existing(folder: Path) -> Path:
    """A folder that is yet to be made lies where the nearest one that is there does."""
    return next(place for place in (folder, *folder.parents) if place.exists())
