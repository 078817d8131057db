"""Debian's kernel in an emulator, for facts that the machine's own kernel cannot show."""

from __future__ import annotations

import base64
import re
import subprocess

from hub.setup.own_kernel import FIRST_FILES, KERNEL
from hub.setup.places import here

MEMORY = 2048
"""MiB."""
LONGEST = 1800
"""Seconds."""


def run_there(command: str) -> tuple[int, str]:
    """Run a command as root on the other kernel, over this machine's files; return how it ended, and what it said.

    It may change whatever it likes: nothing of it is kept, and nothing of it is seen here.
    """
    folder = here().own_kernel
    words = f"export PATH=/usr/sbin:/usr/bin:/sbin:/bin; cd {here().root} && {command}"
    encoded = base64.b64encode(words.encode()).decode()
    machine = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", str(MEMORY), "-smp", "2"]
    screen = ["-nographic", "-no-reboot", "-nic", "none", "-kernel", folder / KERNEL, "-initrd", folder / FIRST_FILES]
    shown = "local,path=/,mount_tag=machine,security_model=none,readonly=on,multidevs=remap"
    asked = f"console=ttyS0 quiet panic=-1 datalab={encoded}"
    done = subprocess.run(
        [*machine, *screen, "-virtfs", shown, "-append", asked],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LONGEST,
        check=True,
    )
    said = done.stdout.decode(errors="replace")
    ended = re.search(r"^ended with (\d+)", said, re.MULTILINE)
    return (int(ended[1]) if ended else -1), said
