"""Debian's kernel for tests of what the machine's own may lack, started in an emulator without any power.

The kernel is unpacked from its package and never installed. Its first file system holds busybox, the modules that the
tests need, and a program that shows the machine's files, to be read, changes nowhere kept, and runs one command there.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from hub.setup import stamps
from hub.setup.commands import run
from hub.setup.digests import digest_of
from hub.setup.places import Places
from hub.setup.steps import SetupError

PACKAGE = "linux-image-amd64"
MODULES = ("crc32c_generic", "virtio_pci", "9pnet_virtio", "9p", "overlay", "loop", "erofs", "dm_verity")
"""In this order; those that they need come before them."""
KERNEL, FIRST_FILES = "vmlinuz", "first-files"
INIT = r"""#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module"; done < /modules/order
mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=512000,cache=loose machine /machine
mount -t tmpfs changes /changes; mkdir /changes/upper /changes/work
mount -t overlay -o lowerdir=/machine,upperdir=/changes/upper,workdir=/changes/work machine /root
for folder in proc sys dev; do mount --move /$folder /root/$folder; done
mount -t tmpfs tmp /root/tmp; mount -t tmpfs run /root/run
chroot /root /bin/sh -c "$(sed 's/.*datalab=//' /root/proc/cmdline | base64 -d)"
echo "ended with $?"
poweroff -f
"""
_NEEDS = re.compile(rb"\0depends=([^\0]*)\0")


def _inputs() -> str:
    return digest_of({"package": PACKAGE, "modules": " ".join(MODULES), "init": INIT})


def is_done(places: Places) -> bool:
    """Say whether the kernel is there, with the first files that are wanted now."""
    return stamps.read(places.own_kernel) == _inputs()


def make(places: Places) -> None:
    """Fetch the kernel's package and make what it starts from; apt checks the package's signature."""
    places.own_kernel.mkdir(parents=True, exist_ok=True)
    stamps.remove(places.own_kernel)
    with tempfile.TemporaryDirectory(prefix="datalab-kernel-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # apt reads as a user of its own
        run(
            ["apt-get", "download", _named() or _named_anew(places)],
            what="Fetching a kernel",
            log=places.logs / "kernel.log",
            cwd=folder,
        )
        (package,) = folder.glob("*.deb")
        run(["dpkg-deb", "-x", package, folder / "all"], what="Unpacking it", log=places.logs / "kernel.log")
        (kernel,) = (folder / "all/boot").glob("vmlinuz-*")
        shutil.copyfile(kernel, places.own_kernel / KERNEL)
        first = folder / "first"
        _lay_out(first, {_name(path): path for path in (folder / "all/lib/modules").rglob("*.ko")})
        _pack(first, places.own_kernel / FIRST_FILES)
    stamps.write(places.own_kernel, _inputs())


def _named() -> str:
    """The package that PACKAGE stands for today, empty where the lists do not say."""
    told = subprocess.run(["apt-cache", "depends", PACKAGE], capture_output=True, text=True, check=False).stdout
    found = re.search(r"Depends: (linux-image-\S+)", told)
    return found[1] if found else ""


def _named_anew(places: Places) -> str:
    """A machine on which nothing had to be installed may have no lists."""
    run(["apt-get", "update"], what="Reading the package lists", log=places.logs / "kernel.log")
    if named := _named():
        return named
    raise SetupError(f"Debian's lists have no {PACKAGE}, which tests need.", "apt-cache policy linux-image-amd64")


def _name(module: Path) -> str:
    return module.stem.replace("-", "_")


def _lay_out(folder: Path, modules: dict[str, Path]) -> None:
    for name in ("bin", "proc", "sys", "dev", "modules", "machine", "changes", "root"):
        (folder / name).mkdir(parents=True)
    busybox = shutil.which("busybox")
    if busybox is None:
        raise SetupError("This machine lacks busybox, which tests need.", "apt-get install busybox-static")
    shutil.copy(busybox, folder / "bin/busybox")
    (folder / "init").write_text(INIT)
    (folder / "init").chmod(0o755)
    order = in_order(MODULES, modules)
    for module in order:
        shutil.copyfile(modules[module], folder / "modules" / module)
    (folder / "modules/order").write_text("".join(f"{module}\n" for module in order))


def in_order(wanted: tuple[str, ...], modules: dict[str, Path]) -> list[str]:
    """Return the modules that are wanted, each after those that it needs itself."""
    order: list[str] = []

    def add(name: str) -> None:
        if name not in modules:
            raise SetupError(f"Debian's kernel has no module {name}, which tests need.", f"apt-cache show {PACKAGE}")
        needs = _NEEDS.search(modules[name].read_bytes())
        for needed in needs[1].decode().split(",") if needs and needs[1] else []:
            add(needed.replace("-", "_"))
        order.append(name)

    for name in wanted:
        add(name)
    return list(dict.fromkeys(order))


def _pack(folder: Path, archive: Path) -> None:
    names = "".join(f"{path.relative_to(folder)}\n" for path in sorted(folder.rglob("*")))
    with archive.open("wb") as out:
        subprocess.run(["busybox", "cpio", "-o", "-H", "newc"], cwd=folder, input=names.encode(), stdout=out,
                       stderr=subprocess.DEVNULL, check=True)  # fmt: skip
