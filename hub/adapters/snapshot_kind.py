"""Which way of mounting snapshots works on this machine, looked at without root."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from datasets_mount.images import ImageKind
from hub.adapters.checked_device import PROGRAM
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
    return _absent(
        {
            "EROFS in the kernel": _kernel_has("erofs"),
            "loop devices": LOOP_CONTROL.exists(),
            f"{MAKER} (package erofs-utils)": _has(MAKER),
        }
    )


def lacking_to_check() -> list[str]:
    """Return what the kernel needs beside them to check each block when it is read."""
    return _absent(
        {
            "dm-verity in the kernel": (SYS / "module/dm_verity").exists() or _can_be_loaded("dm-verity"),
            f"{PROGRAM} (package cryptsetup-bin)": _has(PROGRAM),
            "a privileged process of root's": os.geteuid() == 0,
        }
    )


def _absent(found: dict[str, bool]) -> list[str]:
    return [what for what, there in found.items() if not there]


def _has(program: str) -> bool:
    return shutil.which(program, path=PATH) is not None


def _kernel_has(file_system: str) -> bool:
    """Built in or loaded, or there to be loaded when it is mounted."""
    loaded = any(line.split()[-1] == file_system for line in FILE_SYSTEMS.read_text().splitlines())
    return loaded or _can_be_loaded(file_system)


def _can_be_loaded(module: str) -> bool:
    return any((MODULES / os.uname().release).rglob(f"{module}.ko*"))


def said(settings: Settings) -> tuple[bool, str]:
    """Say how snapshots are mounted here, and whether that is as well as was asked for; for ``datalab doctor``."""
    try:
        kind = snapshot_kind(settings)
    except UnavailableError as error:
        return False, str(error)
    chosen = settings.storage.datasets == kind.value
    if kind is ImageKind.FOLDER:
        why = "as lab.toml says" if chosen else f"this machine lacks {', '.join(lacking())}"
        return chosen, f"read-only binds of folders, {why}; locks on a dataset pass between projects"
    if kind is ImageKind.EROFS:
        why = "as lab.toml says" if chosen else f"this machine lacks {', '.join(lacking_to_check())}"
        return True, f"EROFS images, hashed before each mount; a loop device for each project; no dm-verity: {why}"
    return True, "EROFS images, hashed before each mount, by dm-verity at each read; a loop device for each project"


def snapshot_kind(settings: Settings) -> ImageKind:
    """Return how snapshots are mounted: as ``lab.toml`` says, or the best way that works here."""
    wanted = settings.storage.datasets
    if wanted == "folder":
        return ImageKind.FOLDER
    absent = lacking()
    unchecked = [] if wanted == "erofs" else lacking_to_check()
    if (absent and wanted == "erofs") or (absent + unchecked and wanted == "verity"):
        raise UnavailableError(
            "Datasets are to be mounted as {wanted} images, and this machine lacks {lacking}. Mend that, or choose "
            "another way for storage.datasets in lab.toml, “auto” for the best that works.",
            reason="no-erofs",
            wanted=wanted,
            lacking=", ".join(absent + unchecked),
        )
    if absent:
        return ImageKind.FOLDER
    return ImageKind.EROFS if unchecked or wanted == "erofs" else ImageKind.VERITY
