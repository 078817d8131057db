"""Which way of mounting snapshots works on this machine, looked at without root."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from datasets_mount.images import ImageKind
from hub.domain.errors import UnavailableError
from hub.settings import Settings

FILE_SYSTEMS = Path("/proc/filesystems")
MODULES = Path("/lib/modules")
LOOP_CONTROL = Path("/dev/loop-control")
SYS = Path("/sys")
MAKER = "mkfs.erofs"
PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


def lacking() -> list[str]:
    """Return what EROFS images need and this machine has not."""
    found = {
        "EROFS in the kernel": _kernel_has("erofs"),
        "loop devices": LOOP_CONTROL.exists(),
        f"{MAKER} (package erofs-utils)": shutil.which(MAKER, path=PATH) is not None,
    }
    return [what for what, there in found.items() if not there]


def _kernel_has(file_system: str) -> bool:
    """Built in or loaded, or there to be loaded when it is mounted."""
    loaded = any(line.split()[-1] == file_system for line in FILE_SYSTEMS.read_text().splitlines())
    return loaded or _can_be_loaded(file_system)


def _can_be_loaded(module: str) -> bool:
    return any((MODULES / os.uname().release).rglob(f"{module}.ko*"))


def verity() -> list[str]:
    """Return what of the kernel could check each block when it is read; the lab uses neither yet."""
    found = {
        "dm-verity": (SYS / "module/dm_verity").exists() or _can_be_loaded("dm-verity"),
        "fs-verity": (SYS / "fs/ext4/features/verity").exists(),
    }
    return [name for name, there in found.items() if there]


def said(settings: Settings) -> tuple[bool, str]:
    """Say how snapshots are mounted here, and whether that is as well as was asked for; for ``datalab doctor``."""
    try:
        kind = snapshot_kind(settings)
    except UnavailableError as error:
        return False, str(error)
    if kind is ImageKind.FOLDER:
        chosen = settings.storage.datasets == "folder"
        why = "as lab.toml says" if chosen else f"this machine lacks {', '.join(lacking())}"
        return chosen, f"read-only binds of folders, {why}; locks on a dataset pass between projects"
    kernel = ", ".join(verity()) or "neither dm-verity nor fs-verity"
    return True, f"EROFS images, hashed before each mount; a loop device for each project; the kernel has {kernel}"


def snapshot_kind(settings: Settings) -> ImageKind:
    """Return how snapshots are mounted: as ``lab.toml`` says, or the best way that works here."""
    wanted = settings.storage.datasets
    if wanted == "folder":
        return ImageKind.FOLDER
    absent = lacking()
    if absent and wanted == "erofs":
        raise UnavailableError(
            "Datasets are to be mounted as EROFS images, and this machine lacks {lacking}. Mend that, or set "
            "storage.datasets to “folder” in lab.toml.",
            reason="no-erofs",
            lacking=", ".join(absent),
        )
    return ImageKind.FOLDER if absent else ImageKind.EROFS
