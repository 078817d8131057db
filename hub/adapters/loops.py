"""Loop devices, as the kernel lists them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def loose_loops(state: Path) -> set[str]:
    """Return loop devices over images below a folder that are mounted nowhere, each as its device and its image."""
    mounted = _mounted_devices()
    return {f"{device} {image}" for device, image in loops() if image.is_relative_to(state) and device not in mounted}


def loops() -> list[tuple[str, Path]]:
    """Loop devices in use, each with its image; the kernel marks an image that was deleted."""
    found = []
    for told in sorted(Path("/sys/block").glob("loop*/loop/backing_file")):
        with suppress(OSError):
            image = told.read_text().rstrip("\n").removesuffix(" (deleted)")
            found.append((f"/dev/{told.parts[3]}", Path(image)))
    return found


def _mounted_devices() -> set[str]:
    """Devices that are mounted somewhere, as the kernel lists them."""
    lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    return {line.partition(" - ")[2].split(" ")[1] for line in lines}
