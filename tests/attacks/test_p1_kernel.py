"""Promise 1 rests on the kernel: what of it can be reached from inside is the lab's list of calls and no more.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

# An attack speaks to the kernel as plainly as it can.
# ruff: noqa: PTH102, PTH106, PTH113, PTH116, PTH118, PTH123, PTH208

from __future__ import annotations

import ctypes
import os
import platform
import shutil
from collections.abc import Set as AbstractSet
from errno import ENOSYS, EPERM
from pathlib import Path
from typing import Any

import pytest

from attacks.cells import EVERY, UNFILTERED, Body, Cells, host, root
from hub.doctor.arguments import HARMLESS, TOLD
from hub.doctor.calls import CALLS, CLONE, COMMON, DOORS, SIGSYS, SPACES
from hub.doctor.inside.power import (
    call_the_kernel,
    enter_by_other_doors,
    find_devices,
    make_name_spaces,
    read_of_others,
)
from spawner_config.isolation import Purpose
from spawner_config.seccomp.allowed import ANSWERED_AS_MISSING
from spawner_config.seccomp.refused import REFUSED

POWERS = [
    "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_PACCT", "SYS_PTRACE", "SYS_TIME", "SYSLOG", "MKNOD",
    "DAC_OVERRIDE", "DAC_READ_SEARCH",
]  # fmt: skip
LIKE_THE_HOST = root(CapAdd=POWERS, DeviceCgroupRules=["a *:* rwm"], **UNFILTERED)
"""Root with nearly all powers; the engine's own word for that asks for powers that not every machine has to give."""
ON_X86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="only this architecture has these ways in")


ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def number(name: str, machine: str = platform.machine()) -> int:
    """A call's number on a machine, negative where it has none."""
    library = ctypes.CDLL("libseccomp.so.2")
    return int(library.seccomp_syscall_resolve_name_arch(ctypes.c_uint32(ARCHITECTURES[machine]), name.encode()))


BOTHERS_THE_MACHINE = {"sync", "vhangup"}
"""What a weak container would do to the machine on which the tests run."""


def numbers(*lists: tuple[Any, ...], without: AbstractSet[str] = frozenset()) -> dict[str, int]:
    names = (name for calls in lists for line in calls for name in line.each)
    return {name: number(name) for name in names if number(name) >= 0 and name not in without}


@EVERY
def test_every_call_that_the_list_refuses_is_refused(cells: Cells, purpose: Purpose) -> None:
    refused = numbers(REFUSED)
    assert len(refused) > 120
    assert set(refused) >= BOTHERS_THE_MACHINE
    # The numbers that kernels no longer answer come after the last one that the filter was made for, or do not.
    said = cells.worked(call_the_kernel, purpose, calls=refused, refusals=[EPERM])
    assert set(said) <= {"map_shadow_stack", "cachestat"}
    missing = numbers(ANSWERED_AS_MISSING)
    assert set(missing) == {"clone3"}
    calls = missing | {name: refused[name] for name in said}
    assert cells.worked(call_the_kernel, purpose, calls=calls, refusals=[ENOSYS]) == []


def test_the_same_calls_reach_the_kernel_in_a_container_without_the_list(cells: Cells) -> None:
    calls = numbers(REFUSED, ANSWERED_AS_MISSING, without=BOTHERS_THE_MACHINE)
    reached = cells.worked(call_the_kernel, weaken=host(**UNFILTERED), calls=calls, refusals=[EPERM, ENOSYS])
    assert set(reached) >= {
        "unshare", "setns", "ptrace", "process_vm_readv", "pidfd_getfd", "io_uring_setup", "io_setup", "add_key",
        "keyctl", "seccomp", "name_to_handle_at", "inotify_init1", "memfd_create", "splice", "shmget", "mq_unlink",
        "setuid", "mbind", "move_pages", "clone3", "userfaultfd", "perf_event_open",
    }  # fmt: skip


def test_the_same_calls_reach_the_kernel_in_a_container_with_powers(cells: Cells) -> None:
    """Not named are the calls for modules, for other kernels and for dead numbers: not every kernel has them."""
    calls = numbers(REFUSED, without=BOTHERS_THE_MACHINE)
    reached = cells.worked(call_the_kernel, weaken=LIKE_THE_HOST, calls=calls, refusals=[EPERM, ENOSYS])
    assert set(reached) >= {
        "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsmount", "mount_setattr",
        "bpf", "reboot", "swapon", "acct", "settimeofday", "sethostname", "open_by_handle_at", "fanotify_init",
        "syslog", "unshare", "setns",
    }  # fmt: skip


@pytest.mark.parametrize("machine", CALLS)
def test_the_doctor_asks_by_the_numbers_that_calls_have(machine: str) -> None:
    for name, call in ({**CALLS[machine], **COMMON, "clone": CLONE[machine]}).items():
        assert number(name, machine) == call, name


OWN_DOOR = {"its own": "b8270000000f05c3"}  # mov eax, getpid; syscall; ret


@ON_X86
@EVERY
def test_who_enters_the_kernel_by_another_abi_is_killed(cells: Cells, purpose: Purpose) -> None:
    codes = OWN_DOOR | dict(DOORS["x86_64"])
    assert cells.worked(enter_by_other_doors, purpose, codes=codes, refusals=[-SIGSYS]) == ["its own"]
    assert cells.worked(enter_by_other_doors, purpose, codes=codes, refusals=[0]) == ["32 bits", "x32"]


@ON_X86
def test_who_enters_the_kernel_by_another_abi_lives_on_under_the_engines_own_list(cells: Cells) -> None:
    codes = OWN_DOOR | dict(DOORS["x86_64"])
    weak = host(SecurityOpt=["no-new-privileges:true"])
    assert cells.worked(enter_by_other_doors, weaken=weak, codes=codes, refusals=[0]) == []


ORDER = {"clone": CLONE.get(platform.machine(), 0), "spaces": dict(SPACES)}


@EVERY
def test_no_namespace_is_made_or_entered(cells: Cells, purpose: Purpose) -> None:
    assert cells.worked(make_name_spaces, purpose, **ORDER) == []


def test_namespaces_are_made_and_entered_in_a_weak_container(cells: Cells) -> None:
    said = cells.worked(make_name_spaces, weaken=LIKE_THE_HOST, **ORDER)
    named = {f"{how} {name}" for how in ("clone", "unshare") for name in SPACES if name != "time"}
    assert named | {"enter net"} <= set(said)


def test_a_user_namespace_is_made_in_a_container_without_the_list(cells: Cells) -> None:
    said = cells.worked(make_name_spaces, weaken=host(**UNFILTERED), **ORDER)
    assert {"clone user", "unshare user"} <= set(said)


def become_root() -> Any:
    import subprocess

    return subprocess.run(["/home/scientist/id", "-u"], capture_output=True, text=True, check=False).stdout.strip()


def set_uid_program(cells: Cells) -> None:
    """A program of root's that sets its user, where the container can run it."""
    cells.mounts(Purpose.WORKSPACE)
    program = shutil.copy("/usr/bin/id", cells.folder / "home-scientist" / "id")
    os.chown(program, 0, 0)
    Path(program).chmod(0o4755)


def test_a_set_uid_program_gives_nothing(cells: Cells) -> None:
    set_uid_program(cells)
    assert cells.run(become_root).said not in ("0", "")


def test_a_set_uid_program_gives_root_in_a_weak_container(cells: Cells) -> None:
    set_uid_program(cells)
    assert cells.run(become_root, weaken=host(SecurityOpt=[])).said == "0"


@EVERY
def test_no_device_is_there_but_the_harmless_and_none_is_made(cells: Cells, purpose: Purpose) -> None:
    assert cells.worked(find_devices, purpose, harmless=HARMLESS) == []


def host_device(path: str) -> dict[str, str]:
    return {"PathOnHost": path, "PathInContainer": path, "CgroupPermissions": "r"}


def test_devices_are_there_and_made_in_a_weak_container(cells: Cells) -> None:
    weak = root(CapAdd=POWERS, Devices=[host_device("/dev/kmsg")], **UNFILTERED)
    said = cells.worked(find_devices, weaken=weak, harmless=HARMLESS)
    assert said == ["kmsg", "made mem", "made null", "made loop0", "made fuse"]


def write_switches() -> Any:
    """Files and folders under /proc/sys, /sys and /proc itself that can be opened for writing, or made."""
    import os

    opened = []
    for top in ("/proc/sys", "/sys", "/proc/irq", "/proc/bus"):
        for folder, _, files in os.walk(top):
            for name in files:
                try:
                    os.close(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_NONBLOCK))
                    opened.append(top)
                except OSError:
                    pass
    for name in os.listdir("/proc"):
        if not name.isdigit() and name not in ("self", "thread-self") and os.path.isfile(f"/proc/{name}"):
            try:
                with open(f"/proc/{name}", "rb") as file:
                    content = file.read(1)
                os.close(os.open(f"/proc/{name}", os.O_WRONLY))
                # What is masked is the null device: whoever writes there writes nowhere.
                opened += [f"/proc/{name}"] if content or os.stat(f"/proc/{name}").st_rdev != os.makedev(1, 3) else []
            except OSError:
                pass
    made = []
    for folder, folders, _ in os.walk("/sys/fs/cgroup"):
        folders[:] = folders if folder == "/sys/fs/cgroup" else []
        try:
            os.mkdir(os.path.join(folder, "own"))
            made.append(folder)
        except OSError:
            pass
    for folder in made:
        os.rmdir(os.path.join(folder, "own"))
    return {"opened": sorted(set(opened)), "groups": len(made)}


@EVERY
def test_no_switch_of_the_kernel_and_no_control_group_is_written(cells: Cells, purpose: Purpose) -> None:
    assert cells.run(write_switches, purpose).said == {"opened": [], "groups": 0}


def has_switches(top: Path) -> bool:
    """The machine has a file there that its owner may write."""
    return any(path.is_file() and path.stat().st_mode & 0o200 for path in top.rglob("*"))


def test_switches_and_control_groups_are_written_in_a_weak_container(cells: Cells) -> None:
    def weak(body: Body) -> None:
        root(CapAdd=POWERS, MaskedPaths=[], ReadonlyPaths=[], **UNFILTERED)(body)
        groups = "/sys/fs/cgroup"
        body["HostConfig"]["Mounts"].append({"Type": "bind", "Source": groups, "Target": groups})

    said = cells.run(write_switches, weaken=weak).said
    there = {top for top in ("/proc/irq", "/proc/bus") if has_switches(Path(top))}
    assert {"/proc/sys", "/sys", *there} <= set(said["opened"])
    assert said["groups"] > 0


@EVERY
def test_masked_paths_tell_nothing(cells: Cells, purpose: Purpose) -> None:
    assert cells.worked(read_of_others, purpose, paths=TOLD) == []


def test_masked_paths_tell_much_in_a_weak_container(cells: Cells) -> None:
    told = cells.worked(read_of_others, weaken=host(MaskedPaths=[]), paths=TOLD)
    assert {"/proc/cgroups", "/proc/vmstat", "/proc/zoneinfo", "/sys/class", "/sys/kernel", "/sys/block"} <= set(told)
