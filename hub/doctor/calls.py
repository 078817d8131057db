"""What the doctor's attempts ask of the kernel by number: calls, name spaces, and ways in of other kinds of program."""

from __future__ import annotations

from collections.abc import Mapping
from errno import EACCES, ENOSYS, EPERM

SIGSYS = 31
REFUSALS = (EPERM, ENOSYS, EACCES, -SIGSYS)
"""How a call ends that the filter does not let through."""

CLONE: Mapping[str, int] = {"x86_64": 56, "aarch64": 220}
SPACES: Mapping[str, int] = {
    "mount": 0x20000, "cgroup": 0x2000000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000, "pid": 0x20000000,
    "net": 0x40000000, "time": 0x80,
}  # fmt: skip
"""Kinds of name spaces, as ``clone`` and ``unshare`` know them; ``clone`` has no bit for that of time."""

COMMON: Mapping[str, int] = {
    "io_uring_setup": 425, "fsopen": 430, "open_tree": 428, "move_mount": 429, "mount_setattr": 442,
}  # fmt: skip
CALLS: Mapping[str, Mapping[str, int]] = {
    "x86_64": {
        "bpf": 321, "perf_event_open": 298, "keyctl": 250, "add_key": 248, "request_key": 249, "userfaultfd": 323,
        "kexec_load": 246, "init_module": 175, "delete_module": 176, "swapon": 167, "reboot": 169, "pivot_root": 155,
        "chroot": 161, "quotactl": 179, "acct": 163, "iopl": 172, "open_by_handle_at": 304, "fanotify_init": 300,
        "setns": 308, "syslog": 103, "settimeofday": 164, "sethostname": 170, "process_vm_readv": 310, "kcmp": 312,
        "uselib": 134,
    },
    "aarch64": {
        "bpf": 280, "perf_event_open": 241, "keyctl": 219, "add_key": 217, "request_key": 218, "userfaultfd": 282,
        "kexec_load": 104, "init_module": 105, "delete_module": 106, "swapon": 224, "reboot": 142, "pivot_root": 41,
        "chroot": 51, "quotactl": 60, "acct": 89, "open_by_handle_at": 265, "fanotify_init": 262, "setns": 268,
        "syslog": 116, "settimeofday": 170, "sethostname": 161,
    },
}  # fmt: skip
"""Calls that no notebook needs, by the machine's architecture."""

DOORS: Mapping[str, Mapping[str, str]] = {
    "x86_64": {
        "32 bits": "b814000000cd80c3",  # mov eax, getpid of i386; int 0x80; ret
        "x32": "b8270000400f05c3",  # mov eax, getpid with the bit of x32; syscall; ret
    },
}
"""Machine code that enters the kernel as another kind of program does."""


def asked_of(machine: str) -> dict[str, dict[str, object]]:
    """Return the arguments of the attempts that ask the kernel by number."""
    return {
        "name-spaces": {"clone": CLONE[machine], "spaces": dict(SPACES)},
        "system-calls": {"calls": {**CALLS[machine], **COMMON}, "refusals": list(REFUSALS)},
        "other-doors": {"codes": dict(DOORS.get(machine, {})), "refusals": list(REFUSALS)},
    }
