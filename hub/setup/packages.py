"""Debian packages: which are missing for what the lab needs, and one transaction that installs them all."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from hub.setup.commands import run
from hub.setup.places import Places
from hub.setup.steps import SetupError

APPARMOR = Path("/sys/module/apparmor/parameters/enabled")
CLUSTERS = Path("/etc/postgresql-common/createcluster.conf")


def _has(*programs: str) -> bool:
    return all(shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") for program in programs)


def _has_apparmor() -> bool:
    """An engine on a kernel that enforces AppArmor starts no container without AppArmor's parser."""
    enforced = APPARMOR.exists() and APPARMOR.read_text().startswith("Y")
    return not enforced or _has("apparmor_parser")


def _has_postgres() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


@dataclass(frozen=True, slots=True)
class Need:
    """Something that comes from Debian packages, and how one sees that it is there."""

    what: str
    packages: tuple[str, ...]
    is_there: Callable[[], bool]


ENGINE = Need("the Docker engine", ("docker.io",), lambda: _has("dockerd"))
APPARMOR_PARSER = Need("AppArmor's parser", ("apparmor",), _has_apparmor)
NODE = Need("Node.js with npm", ("nodejs", "npm"), lambda: _has("node", "npm"))
VENV = Need("Python's venv module", ("python3-venv",), lambda: importlib.util.find_spec("ensurepip") is not None)
DISKS = Need(
    "the tools for size-limited disks",
    ("e2fsprogs", "erofs-utils", "mount", "util-linux"),
    lambda: _has("mkfs.ext4", "mkfs.erofs", "mount", "losetup"),
)
CHECKED_IMAGES = Need("dm-verity's tools", ("cryptsetup-bin",), lambda: os.geteuid() != 0 or _has("veritysetup"))
"""Optional: the kernel may check images that root's process mounts."""
BOOTSTRAP = Need("mmdebstrap", ("mmdebstrap",), lambda: _has("mmdebstrap"))
USER_IDS = Need("the tools for user namespaces", ("uidmap",), lambda: os.geteuid() == 0 or _has("newuidmap"))
"""Whoever is not root makes a base image in a user namespace."""
BROWSER = Need("Chromium", ("chromium",), lambda: _has("chromium"))
UNITS = Need("systemd's judge of units", ("systemd",), lambda: _has("systemd-analyze"))
"""Nothing of it is started."""


def _can_be_had(package: str) -> bool:
    """Say whether root may install a package that not every system has; before lists are read, none can be had."""
    if os.geteuid() != 0 or not _has("apt-cache"):
        return False
    told = subprocess.run(["apt-cache", "policy", package], capture_output=True, text=True, check=False)
    return "Candidate: " in told.stdout and "Candidate: (none)" not in told.stdout


GVISOR = Need("gVisor's runsc", ("runsc",), lambda: _has("runsc") or not _can_be_had("runsc"))
"""Optional: where it cannot be had, its tests are left out."""
OWN_KERNEL = Need(
    "an emulator for tests that need another kernel",
    ("qemu-system-x86", "busybox-static"),
    lambda: _has("qemu-system-x86_64", "busybox"),
)
POSTGRES = Need("PostgreSQL's server programs", ("postgresql",), _has_postgres)


def missing(needs: Iterable[Need]) -> list[Need]:
    """The needs that are not met."""
    return [need for need in needs if not need.is_there()]


def apt_command(needs: Iterable[Need]) -> list[str]:
    """The command that installs what the needs say."""
    names = [name for need in needs for name in need.packages]
    return ["apt-get", "install", "--yes", "--no-install-recommends", *names]


def install(needs: list[Need], places: Places) -> None:
    """Installs what is missing; raises ``SetupError`` for anyone but root, and where there is no apt-get."""
    absent = missing(needs)
    command = apt_command(absent)
    what = ", ".join(need.what for need in absent)
    if not _has("apt-get"):
        raise SetupError(
            f"This machine lacks {what}, and has no apt-get to install them.",
            "install them with this system's own tools",
        )
    if os.geteuid() != 0:
        raise SetupError(f"This machine lacks {what}, and only root can install them.", f"sudo {' '.join(command)}")
    if POSTGRES in absent:
        forbid_first_cluster(CLUSTERS)
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    wait = ["-o", "DPkg::Lock::Timeout=300"]
    run(["apt-get", "update"], what="Reading the package lists", log=places.logs / "apt-update.log", extra=quiet)
    # The lists may name what nobody could know of before.
    run(
        [*apt_command(missing(needs)), *wait],
        what="Installing Debian packages",
        log=places.logs / "apt-install.log",
        extra=quiet,
    )


def forbid_first_cluster(settings: Path) -> None:
    """Keeps Debian from making and starting a database of its own: tests start theirs, in folders of theirs."""
    if not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("create_main_cluster = false\n")
