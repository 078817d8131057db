"""Promise 1 rests on this: a container has no power, and no way to one, to change what holds it.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

# An attack speaks to the kernel as plainly as it can.
# ruff: noqa: PTH123, PTH208

from __future__ import annotations

from typing import Any

import pytest

from attacks.cells import EVERY, Cells, Weaken, host, root
from spawner_config.isolation import Purpose


def read_powers() -> Any:
    import os
    import pathlib

    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    status = {line.split(":")[0]: line.split(":")[1].strip() for line in lines}
    keys = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    return {
        "root": 0 in (os.getuid(), os.geteuid(), os.getgid(), os.getegid(), *os.getgroups()),
        "capabilities": [key for key in keys if int(status[key], 16)],
        "new_privileges": status["NoNewPrivs"] != "1",
        "no_filter": status["Seccomp"] != "2",
    }


POWERLESS = {"root": False, "capabilities": [], "new_privileges": False, "no_filter": False}


@EVERY
def test_there_is_no_power_and_no_way_to_one(cells: Cells, purpose: Purpose) -> None:
    assert cells.run(read_powers, purpose).said == POWERLESS


@pytest.mark.parametrize(
    ("weak", "seen"),
    [
        (root(), {"root": True}),
        (host(GroupAdd=["0"]), {"root": True}),
        (host(CapDrop=[]), {"capabilities": ["CapBnd"]}),
        (root(CapAdd=["NET_ADMIN"]), {"root": True, "capabilities": ["CapPrm", "CapEff", "CapBnd"]}),
        (host(SecurityOpt=[]), {"new_privileges": True}),
        (host(SecurityOpt=["no-new-privileges:true", "seccomp=unconfined"]), {"no_filter": True}),
    ],
)
def test_each_power_is_seen_in_a_weak_container(cells: Cells, weak: Weaken, seen: dict[str, object]) -> None:
    said = cells.run(read_powers, weaken=weak).said
    assert said == POWERLESS | seen


def change_the_kernels_view() -> Any:
    import ctypes
    import os
    import pathlib

    libc = ctypes.CDLL(None, use_errno=True)
    done = []
    for name, flag in (("user", 0x10000000), ("net", 0x40000000), ("mount", 0x00020000), ("pid", 0x20000000)):
        if os.fork() == 0:
            os._exit(0 if libc.unshare(flag) == 0 else 1)
        if os.wait()[1] == 0:
            done.append(f"unshare {name}")
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
        done.append("mount")
    for path in ("/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/sys/net/ipv4/ip_forward"):
        try:
            content = pathlib.Path(path).read_text() if "sysrq" not in path else ""
            with open(path, "w") as file:
                file.write(content)
            done.append(path)
        except OSError:
            pass
    for path in ("/proc/kcore", "/proc/locks", "/proc/keys", "/proc/timer_list", "/proc/kallsyms", "/proc/diskstats"):
        try:
            if pathlib.Path(path).read_bytes():
                done.append(path)
        except OSError:
            pass
    done += [path for path in ("/sys/firmware", "/sys/class", "/sys/kernel", "/sys/block") if os.listdir(path)]
    return done


@EVERY
def test_nothing_of_the_kernel_is_changed_or_told_of_others(cells: Cells, purpose: Purpose) -> None:
    assert cells.run(change_the_kernels_view, purpose).said == []


def test_the_kernel_is_changed_and_tells_in_a_weak_container(cells: Cells) -> None:
    weak = root(
        CapAdd=["SYS_ADMIN"], SecurityOpt=["seccomp=unconfined"], MaskedPaths=[], ReadonlyPaths=[], CapDrop=[]
    )  # fmt: skip
    said = set(cells.run(change_the_kernels_view, weaken=weak).said)
    assert {
        "unshare net",
        "unshare mount",
        "mount",
        "/proc/sys/kernel/hostname",
        "/proc/timer_list",
        "/sys/class",
    } <= said
