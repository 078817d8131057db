"""Images whose blocks the kernel checks when they are read (dm-verity): the commands, and what the kernel says of them.

The same image gives the same tree of hashes, whose root stands for all of it: there is no salt, and nothing is kept in
the tree but hashes. Format: https://docs.kernel.org/admin-guide/device-mapper/verity.html
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

PROGRAM = "veritysetup"
CHECKED_DEVICE = "/dev/mapper/datalab-"
BLOCK = 4096
"""Bytes; an image is a multiple of them."""
_FORM = ("--no-superblock", "--hash=sha256", "--salt=-", f"--data-block-size={BLOCK}", f"--hash-block-size={BLOCK}")
_ROOT = re.compile(r"^Root hash:\s+([0-9a-f]{64})$", re.MULTILINE)
LONGEST = 3600
"""Seconds."""


def make_hashes(image: Path, hashes: Path, path: str) -> str:
    """Write the tree of hashes of an image, and return its root, empty where it could not be made."""
    command = [PROGRAM, "format", *_FORM, str(image), str(hashes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST, env={"PATH": path})
    found = _ROOT.search(done.stdout)
    return found[1] if found and not done.returncode else ""


def open_checked(device: str, data: str, hashes: str, root: str, size: int) -> tuple[str, ...]:
    """Return the command that makes a checked device out of two others; ``size`` is the image's."""
    return (PROGRAM, "open", *_FORM, f"--data-blocks={size // BLOCK}", data, Path(device).name, hashes, root)


def close_checked(device: str) -> tuple[str, ...]:
    """Return the command that lets a checked device go with its last use."""
    return (PROGRAM, "close", "--deferred", Path(device).name)


def images_below(device: Path) -> set[str]:
    """Return the files below a checked device as the kernel says them, none where it checks none.

    ``device`` is its folder in ``/sys``.
    """
    told = device / "dm/uuid"
    if not told.exists() or not told.read_text().startswith("CRYPT-VERITY-"):
        return set()
    return {backing.read_text().rstrip("\n") for backing in device.glob("slaves/loop*/loop/backing_file")}
