"""Attempts to have a power over the machine, or a way to one."""

from __future__ import annotations

from typing import Any

from hub.doctor.inside.trying import tried


def find_powers() -> Any:
    """Look whether this process is root, has a capability, can get one, or is not filtered."""
    import os
    import pathlib

    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    status = {line.split(":")[0]: line.split(":")[1].strip() for line in lines}
    sets = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    told = {"CapAmb": "0"} | status  # gVisor's kernel has no such set; one that tells of no other ends this here
    done = [name for name in sets if int(told[name], 16)]
    if 0 in (os.getuid(), os.geteuid(), os.getgid(), os.getegid(), *os.getgroups()):
        done.append("root")
    if status.get("NoNewPrivs") != "1":
        done.append("new privileges")
    if status.get("Seccomp") != "2":
        done.append("no filter of system calls")
    return {"tried": ["root", *sets, "new privileges", "no filter of system calls"], "done": done}


def meet_the_kernel(version: str) -> Any:
    """Look whether the kernel that answers here is the machine's."""
    import pathlib
    import platform

    told = {
        "its version": pathlib.Path("/proc/version").read_text().strip() == version,
        "its release": platform.release() in version.split(),
    }
    return {"tried": list(told), "done": [name for name, same in told.items() if same]}


def make_name_spaces(clone: int, spaces: dict[str, int]) -> Any:
    """Make name spaces of one's own by both calls, and enter those that are there."""
    import ctypes
    import os

    libc = ctypes.CDLL(None, use_errno=True)
    done = []

    def cloned(flag: int) -> bool:
        zero = ctypes.c_long(0)
        child = libc.syscall(ctypes.c_long(clone), ctypes.c_long(flag | 17), zero, zero, zero, zero)
        if child == 0:
            os._exit(0)
        return bool(child > 0 and os.waitpid(child, 0)[0] == child)

    def works(call: Any) -> bool:
        if (child := os.fork()) == 0:
            os._exit(0 if call() == 0 else 1)
        return os.waitpid(child, 0)[1] == 0

    def entered(name: str) -> Any:
        return libc.setns(os.open(f"/proc/self/ns/{name}", os.O_RDONLY), 0)

    there = sorted(os.listdir("/proc/self/ns"))
    done += [f"clone {name}" for name, flag in spaces.items() if name != "time" and cloned(flag)]
    done += [f"unshare {name}" for name, flag in spaces.items() if works(lambda: libc.unshare(flag))]  # noqa: B023
    done += [f"enter {name}" for name in there if works(lambda: entered(name))]  # noqa: B023
    names = [*(f"clone {n}" for n in spaces if n != "time"), *(f"unshare {n}" for n in spaces)]
    return {"tried": [*names, *(f"enter {n}" for n in there)], "done": done}


def change_the_kernels_view() -> Any:
    """Mount, and write the kernel's switches."""
    import ctypes
    import pathlib
    from functools import partial

    libc = ctypes.CDLL(None, use_errno=True)

    def mount() -> None:
        if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) != 0:
            raise OSError
        libc.umount2(b"/tmp", 2)

    def write(path: str) -> None:
        content = "" if "sysrq" in path else pathlib.Path(path).read_text()
        with open(path, "w") as file:
            file.write(content)

    switches = ("/proc/sys/kernel/hostname", "/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger")
    return tried({"mount": mount, **{path: partial(write, path) for path in switches}})


def read_of_others(paths: list[str]) -> Any:
    """Read from the kernel what tells of the machine or of others on it."""
    import os

    def tells(path: str) -> bool:
        if os.path.isdir(path):
            return bool(os.listdir(path))
        with open(path, "rb") as file:
            return bool(file.read(1))

    done = []
    for path in paths:
        try:
            done += [path] if tells(path) else []
        except OSError:
            continue
    return {"tried": paths, "done": done}


def call_the_kernel(calls: dict[str, int], refusals: list[int]) -> Any:
    """Make system calls that no notebook needs, with arguments that are all wrong, so that none does anything.

    Each is made by a process of its own, since a filter may kill it; every answer but ``refusals`` (numbers of errors,
    or of signals below zero) comes from beyond the filter.
    """
    import ctypes
    import os

    libc = ctypes.CDLL(None, use_errno=True)

    def answer(call: int) -> int:
        if (child := os.fork()) == 0:
            wrong = [ctypes.c_long(-1)] * 6
            os._exit(0 if libc.syscall(ctypes.c_long(call), *wrong) >= 0 else ctypes.get_errno())
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    return {"tried": list(calls), "done": [name for name, call in calls.items() if answer(call) not in refusals]}


def enter_by_other_doors(codes: dict[str, str], refusals: list[int]) -> Any:
    """Enter the kernel as a program of another kind does, by pieces of machine code."""
    import ctypes
    import mmap
    import os

    def end(code: str) -> int:
        memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        memory.write(bytes.fromhex(code))
        function = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
        if (child := os.fork()) == 0:
            function()
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    return {"tried": list(codes), "done": [name for name, code in codes.items() if end(code) not in refusals]}


def find_devices(harmless: list[str]) -> Any:
    """Find a device of the host beside the harmless ones, or make one."""
    import os
    import stat
    from functools import partial

    names, done = [], []
    for folder, _, files in os.walk("/dev"):
        for path in (os.path.join(folder, name) for name in files if not folder.startswith(("/dev/pts", "/dev/fd"))):
            if not os.path.exists(path):
                continue
            found, name = os.stat(path), os.path.relpath(os.path.realpath(path), "/dev")
            names.append(name)
            # No device has the number zero: gVisor gives it to the streams that this program was started with.
            device = (stat.S_ISBLK(found.st_mode) or stat.S_ISCHR(found.st_mode)) and found.st_rdev != 0
            if device and name not in harmless and not name.startswith("pts/"):
                done.append(name)
    kinds = {"mem": (0o20000, 1, 1), "null": (0o20000, 1, 3), "loop0": (0o60000, 7, 0), "fuse": (0o20000, 10, 229)}

    def make(name: str) -> None:
        kind, major, minor = kinds[name]
        os.mknod(f"/tmp/{name}", kind | 0o666, os.makedev(major, minor))
        os.unlink(f"/tmp/{name}")

    made = tried({f"made {name}": partial(make, name) for name in kinds})
    return {"tried": [*sorted(set(names)), *made["tried"]], "done": [*sorted(set(done)), *made["done"]]}


def run_from_scratch() -> Any:
    """Execute a program from the folders that everybody can write."""
    import os
    import shutil
    import subprocess

    folders, done = ["/tmp", "/dev/shm"], []
    for folder in folders:
        shutil.copy("/bin/true", f"{folder}/program")
        os.chmod(f"{folder}/program", 0o755)
        try:
            subprocess.run([f"{folder}/program"], check=True)
            done.append(folder)
        except OSError:
            pass
        os.unlink(f"{folder}/program")
    return {"tried": folders, "done": done}
