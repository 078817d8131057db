"""Promise 1 rests on the kernel: what of it can be reached from inside is the lab's list of calls and no more.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

# An attack speaks to the kernel as plainly as it can.
# ruff: noqa: PTH102, PTH106, PTH110, PTH112, PTH113, PTH116, PTH118, PTH123, PTH208

from __future__ import annotations

import ctypes
import os
import platform
import shutil
from pathlib import Path
from typing import Any

import pytest

from attacks.cells import EVERY, UNFILTERED, Body, Cells, host, root
from spawner_config.isolation import Purpose
from spawner_config.isolation_paths import MASKED
from spawner_config.seccomp.allowed import ANSWERED_AS_MISSING
from spawner_config.seccomp.refused import REFUSED

EPERM, ENOSYS, SIGSYS = 1, 38, 31
POWERS = [
    "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_PACCT", "SYS_PTRACE", "SYS_TIME", "SYSLOG", "MKNOD",
    "DAC_OVERRIDE", "DAC_READ_SEARCH",
]  # fmt: skip
LIKE_THE_HOST = root(CapAdd=POWERS, DeviceCgroupRules=["a *:* rwm"], **UNFILTERED)
"""Root with nearly all powers; the engine's own word for that asks for powers that not every machine has to give."""
ON_X86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="only this architecture has these ways in")


def number(name: str) -> int:
    """A call's number on this machine, negative where it has none."""
    return int(ctypes.CDLL("libseccomp.so.2").seccomp_syscall_resolve_name(name.encode()))


BOTHERS_THE_MACHINE = {"sync", "vhangup"}
"""What a weak container would do to the machine on which the tests run."""


def numbers(*lists: tuple[Any, ...]) -> dict[str, int]:
    names = (name for calls in lists for line in calls for name in line.each)
    return {name: number(name) for name in names if number(name) >= 0 and name not in BOTHERS_THE_MACHINE}


def make_calls(calls: dict[str, int]) -> Any:
    """What the kernel answers to each call with arguments that are all wrong: 0, or the error's number."""
    import ctypes
    import os

    libc = ctypes.CDLL(None, use_errno=True)
    answers = {}
    for name, call in calls.items():
        child = os.fork()
        if child == 0:
            wrong = [ctypes.c_long(-1)] * 6
            os._exit(0 if libc.syscall(ctypes.c_long(call), *wrong) >= 0 else ctypes.get_errno())
        status = os.waitpid(child, 0)[1]
        answers[name] = os.waitstatus_to_exitcode(status)
    return answers


@EVERY
def test_every_call_that_the_list_refuses_is_refused(cells: Cells, purpose: Purpose) -> None:
    refused = numbers(REFUSED)
    assert len(refused) > 120
    answers = cells.run(make_calls, purpose, calls=refused).said
    # The numbers that kernels no longer answer come after the last one that the filter was made for, or do not.
    assert {name for name, answer in answers.items() if answer not in (EPERM, ENOSYS)} == set()
    assert {name for name, answer in answers.items() if answer == ENOSYS} <= {"map_shadow_stack", "cachestat"}
    missing = cells.run(make_calls, purpose, calls=numbers(ANSWERED_AS_MISSING)).said
    assert missing == {"clone3": ENOSYS}


def test_the_same_calls_reach_the_kernel_in_a_container_without_the_list(cells: Cells) -> None:
    answers = cells.run(make_calls, weaken=host(**UNFILTERED), calls=numbers(REFUSED, ANSWERED_AS_MISSING)).said
    reached = {name for name, answer in answers.items() if answer not in (EPERM, ENOSYS)}
    assert reached >= {
        "unshare", "setns", "ptrace", "process_vm_readv", "pidfd_getfd", "io_uring_setup", "io_setup", "add_key",
        "keyctl", "seccomp", "name_to_handle_at", "inotify_init1", "memfd_create", "splice", "shmget", "mq_unlink",
        "setuid", "mbind", "move_pages", "clone3", "userfaultfd", "perf_event_open",
    }  # fmt: skip


def test_the_same_calls_reach_the_kernel_in_a_container_with_powers(cells: Cells) -> None:
    """Not named are the calls for modules, for other kernels and for dead numbers: not every kernel has them."""
    answers = cells.run(make_calls, weaken=LIKE_THE_HOST, calls=numbers(REFUSED)).said
    reached = {name for name, answer in answers.items() if answer not in (EPERM, ENOSYS)}
    assert reached >= {
        "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsmount", "mount_setattr",
        "bpf", "reboot", "swapon", "acct", "settimeofday", "sethostname", "open_by_handle_at", "fanotify_init",
        "syslog", "unshare", "setns",
    }  # fmt: skip


def enter_by_other_doors(codes: dict[str, str]) -> Any:
    """How a child ends that runs each of these pieces of machine code."""
    import ctypes
    import mmap
    import os

    ends = {}
    for name, code in codes.items():
        memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        memory.write(bytes.fromhex(code))
        function = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
        child = os.fork()
        if child == 0:
            function()
            os._exit(0)
        ends[name] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return ends


DOORS = {
    "its own": "b8270000000f05c3",  # mov eax, getpid; syscall; ret
    "32 bits": "b814000000cd80c3",  # mov eax, getpid of i386; int 0x80; ret
    "x32": "b8270000400f05c3",  # mov eax, getpid with the bit of x32; syscall; ret
}


@ON_X86
@EVERY
def test_who_enters_the_kernel_by_another_abi_is_killed(cells: Cells, purpose: Purpose) -> None:
    said = cells.run(enter_by_other_doors, purpose, codes=DOORS).said
    assert said == {"its own": 0, "32 bits": -SIGSYS, "x32": -SIGSYS}


@ON_X86
def test_who_enters_the_kernel_by_another_abi_lives_on_under_the_engines_own_list(cells: Cells) -> None:
    weak = host(SecurityOpt=["no-new-privileges:true"])
    assert cells.run(enter_by_other_doors, weaken=weak, codes=DOORS).said == dict.fromkeys(DOORS, 0)


NAMESPACES = {
    "mount": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000, "pid": 0x20000000,
    "net": 0x40000000,
}  # fmt: skip


def make_namespaces(clone: int, flags: dict[str, int]) -> Any:
    import ctypes
    import os

    libc = ctypes.CDLL(None, use_errno=True)
    made = []
    for name, flag in flags.items():
        zero = ctypes.c_long(0)
        child = libc.syscall(ctypes.c_long(clone), ctypes.c_long(flag | 17), zero, zero, zero, zero)
        if child == 0:
            os._exit(0)
        if child > 0:
            os.waitpid(child, 0)
            made.append(f"clone {name}")
    for name, flag in {**flags, "time": 0x80}.items():
        if (child := os.fork()) == 0:
            os._exit(0 if libc.unshare(flag) == 0 else 1)
        if os.waitpid(child, 0)[1] == 0:
            made.append(f"unshare {name}")
    for name in sorted(os.listdir("/proc/self/ns")):
        if (child := os.fork()) == 0:
            os._exit(0 if libc.setns(os.open(f"/proc/self/ns/{name}", os.O_RDONLY), 0) == 0 else 1)
        if os.waitpid(child, 0)[1] == 0:
            made.append(f"enter {name}")
    return made


@EVERY
def test_no_namespace_is_made_or_entered(cells: Cells, purpose: Purpose) -> None:
    assert cells.run(make_namespaces, purpose, clone=number("clone"), flags=NAMESPACES).said == []


def test_namespaces_are_made_and_entered_in_a_weak_container(cells: Cells) -> None:
    said = cells.run(make_namespaces, weaken=LIKE_THE_HOST, clone=number("clone"), flags=NAMESPACES).said
    assert {f"{how} {name}" for how in ("clone", "unshare") for name in NAMESPACES} | {"enter net"} <= set(said)


def test_a_user_namespace_is_made_in_a_container_without_the_list(cells: Cells) -> None:
    said = cells.run(make_namespaces, weaken=host(**UNFILTERED), clone=number("clone"), flags=NAMESPACES).said
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


HARMLESS = {"null", "zero", "full", "random", "urandom", "tty", "ptmx"}


def find_devices() -> Any:
    import os
    import stat

    there = []
    for folder, _, files in os.walk("/dev"):
        for name in files:
            path = os.path.join(folder, name)
            mode = os.stat(path).st_mode
            if (stat.S_ISCHR(mode) or stat.S_ISBLK(mode)) and not folder.startswith(("/dev/pts", "/dev/fd")):
                there.append(os.path.relpath(os.path.realpath(path), "/dev"))
    made = []
    for name, kind, major, minor in (
        ("mem", 0o20000, 1, 1),
        ("null", 0o20000, 1, 3),
        ("loop0", 0o60000, 7, 0),
        ("fuse", 0o20000, 10, 229),
    ):
        try:
            os.mknod(f"/tmp/{name}", kind | 0o666, os.makedev(major, minor))
            made.append(name)
        except OSError:
            pass
    return {"there": sorted(set(there)), "made": made}


@EVERY
def test_no_device_is_there_but_the_harmless_and_none_is_made(cells: Cells, purpose: Purpose) -> None:
    said = cells.run(find_devices, purpose).said
    assert {name for name in said["there"] if not name.startswith("pts/")} <= HARMLESS | {"console"}
    assert said["made"] == []


def host_device(path: str) -> dict[str, str]:
    return {"PathOnHost": path, "PathInContainer": path, "CgroupPermissions": "r"}


def test_devices_are_there_and_made_in_a_weak_container(cells: Cells) -> None:
    weak = root(CapAdd=POWERS, Devices=[host_device("/dev/kmsg")], **UNFILTERED)
    said = cells.run(find_devices, weaken=weak).said
    assert "kmsg" in said["there"]
    assert said["made"] == ["mem", "null", "loop0", "fuse"]


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


def test_switches_and_control_groups_are_written_in_a_weak_container(cells: Cells) -> None:
    def weak(body: Body) -> None:
        root(CapAdd=POWERS, MaskedPaths=[], ReadonlyPaths=[], **UNFILTERED)(body)
        groups = "/sys/fs/cgroup"
        body["HostConfig"]["Mounts"].append({"Type": "bind", "Source": groups, "Target": groups})

    said = cells.run(write_switches, weaken=weak).said
    assert {"/proc/sys", "/sys"} <= set(said["opened"])
    assert said["groups"] > 0


def read_masked(paths: list[str]) -> Any:
    import os

    told = []
    for path in paths:
        try:
            if os.path.isdir(path):
                told += [path] if os.listdir(path) else []
            elif os.path.exists(path):
                with open(path, "rb") as file:
                    told += [path] if file.read(1) else []
        except OSError:
            pass
    return told


@EVERY
def test_masked_paths_tell_nothing(cells: Cells, purpose: Purpose) -> None:
    assert cells.run(read_masked, purpose, paths=list(MASKED)).said == []


def test_masked_paths_tell_much_in_a_weak_container(cells: Cells) -> None:
    told = cells.run(read_masked, weaken=host(MaskedPaths=[]), paths=list(MASKED)).said
    assert {"/proc/cgroups", "/proc/vmstat", "/proc/zoneinfo", "/sys/class", "/sys/kernel", "/sys/block"} <= set(told)
