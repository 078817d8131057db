"""Loop devices, and what is checked on top of them, as the kernel lists them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hub.adapters.checked_device import CHECKED_DEVICE, images_below


def loose_loops(state: Path) -> set[str]:
    """Return devices over images below a folder that are mounted nowhere, each as its device and its image.

    A loop device under a checked one is not loose: it goes with it.
    """
    mounted = _mounted_devices()
    found = [*(pair for pair in loops() if not _is_below_another(pair[0])), *checked_devices()]
    return {f"{device} {image}" for device, image in found if image.is_relative_to(state) and device not in mounted}


def loops() -> list[tuple[str, Path]]:
    """Loop devices in use, each with its image; the kernel marks an image that was deleted."""
    found = []
    for told in sorted(Path("/sys/block").glob("loop*/loop/backing_file")):
        with suppress(OSError):
            image = told.read_text().rstrip("\n").removesuffix(" (deleted)")
            found.append((f"/dev/{told.parts[3]}", Path(image)))
    return found


def checked_devices() -> list[tuple[str, Path]]:
    """Devices of the lab's whose blocks the kernel checks, each with its image."""
    found = []
    for told in sorted(Path("/sys/block").glob("dm-*/dm/name")):
        with suppress(OSError):
            device = f"/dev/mapper/{told.read_text().strip()}"
            images = sorted(images_below(told.parent.parent))
            if device.startswith(CHECKED_DEVICE) and images:
                found.append((device, Path(images[0].removesuffix(" (deleted)"))))
    return found


def _is_below_another(device: str) -> bool:
    return any(Path(f"/sys/block/{Path(device).name}").glob("holders/*"))


def _mounted_devices() -> set[str]:
    """Devices that are mounted somewhere, as the kernel lists them."""
    lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    return {line.partition(" - ")[2].split(" ")[1] for line in lines}
