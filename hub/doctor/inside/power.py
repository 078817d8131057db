"""Attempts to have a power over the machine, or a way to one."""

from __future__ import annotations

from typing import Any


def find_powers() -> Any:
    """Look whether this process is root, has a capability, can get one, or is not filtered."""
    import os
    import pathlib

    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    status = {line.split(":")[0]: line.split(":")[1].strip() for line in lines}
    sets = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    done = [name for name in sets if int(status[name], 16)]
    if 0 in (os.getuid(), os.geteuid(), os.getgid(), os.getegid(), *os.getgroups()):
        done.append("root")
    if status["NoNewPrivs"] != "1":
        done.append("new privileges")
    if status["Seccomp"] != "2":
        done.append("no filter of system calls")
    return {"tried": ["root", *sets, "new privileges", "no filter of system calls"], "done": done}


def change_the_kernels_view() -> Any:
    """Make name spaces, mount, and write the kernel's switches."""
    import ctypes
    import os
    import pathlib

    libc = ctypes.CDLL(None, use_errno=True)
    tried, done = [], []
    spaces = {"user": 0x10000000, "net": 0x40000000, "mount": 0x20000, "pid": 0x20000000, "ipc": 0x8000000,
              "uts": 0x4000000, "cgroup": 0x2000000, "time": 0x80}  # fmt: skip
    for name, flag in spaces.items():
        tried.append(f"own {name} name space")
        if os.fork() == 0:
            os._exit(0 if libc.unshare(flag) == 0 else 1)
        if os.wait()[1] == 0:
            done.append(tried[-1])
    tried.append("mount")
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
        done.append("mount")
        libc.umount2(b"/tmp", 2)
    for path in ("/proc/sys/kernel/hostname", "/proc/sys/net/ipv4/ip_forward", "/proc/sysrq-trigger"):
        tried.append(path)
        try:
            content = "" if "sysrq" in path else pathlib.Path(path).read_text()
            with open(path, "w") as file:
                file.write(content)
            done.append(path)
        except OSError:
            continue
    return {"tried": tried, "done": done}


def read_of_others() -> Any:
    """Read from the kernel what tells of the machine or of others on it."""
    import os
    import pathlib

    files = ("/proc/kcore", "/proc/locks", "/proc/keys", "/proc/timer_list", "/proc/kallsyms", "/proc/diskstats",
             "/proc/partitions", "/proc/modules", "/proc/interrupts", "/proc/swaps", "/dev/kmsg")  # fmt: skip
    folders = ("/sys/firmware", "/sys/class", "/sys/kernel", "/sys/block", "/sys/module", "/sys/fs/ext4")
    done = []
    for path in files:
        try:
            with pathlib.Path(path).open("rb") as file:
                if file.read(1):
                    done.append(path)
        except OSError:
            continue
    for path in folders:
        try:
            if os.listdir(path):
                done.append(path)
        except OSError:
            continue
    return {"tried": [*files, *folders], "done": done}


def call_the_kernel() -> Any:
    """Make system calls that no notebook needs, each in a process of its own, since a filter may kill it."""
    import ctypes
    import errno
    import mmap
    import os
    import platform

    machine = platform.machine()
    common = {"io_uring_setup": 425, "fsopen": 430, "open_tree": 428, "move_mount": 429, "mount_setattr": 442,
              "landlock_create_ruleset": 444, "process_mrelease": 448}  # fmt: skip
    numbers = {
        "x86_64": {"bpf": 321, "perf_event_open": 298, "keyctl": 250, "add_key": 248, "request_key": 249,
                   "userfaultfd": 323, "kexec_load": 246, "init_module": 175, "delete_module": 176, "swapon": 167,
                   "reboot": 169, "pivot_root": 155, "chroot": 161, "quotactl": 179, "acct": 163, "iopl": 172,
                   "open_by_handle_at": 304, "fanotify_init": 300, "setns": 308, "syslog": 103, "settimeofday": 164,
                   "sethostname": 170, "process_vm_readv": 310, "kcmp": 312, "uselib": 134},
        "aarch64": {"bpf": 280, "perf_event_open": 241, "keyctl": 219, "add_key": 217, "request_key": 218,
                    "userfaultfd": 282, "kexec_load": 104, "init_module": 105, "delete_module": 106, "swapon": 224,
                    "reboot": 142, "pivot_root": 41, "chroot": 51, "quotactl": 60, "acct": 89,
                    "open_by_handle_at": 265, "fanotify_init": 262, "setns": 268, "syslog": 116, "settimeofday": 170,
                    "sethostname": 161},
    }[machine]  # fmt: skip
    refused = (errno.EPERM, errno.ENOSYS, errno.EACCES)
    # Landlock only takes rights away from whoever calls it.
    calls = {k: v for k, v in (numbers | common).items() if k not in ("landlock_create_ruleset", "process_mrelease")}
    libc = ctypes.CDLL(None, use_errno=True)

    def by_number(number: int) -> bool:
        zero = ctypes.c_long(0)
        result = libc.syscall(ctypes.c_long(number), zero, zero, zero, zero, zero, zero)
        return result >= 0 or ctypes.get_errno() not in refused

    def by_32_bit_gate() -> bool:
        # mov eax, 20 (getpid); int 0x80; ret
        code = bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3])
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(code)
        place = ctypes.addressof(ctypes.c_char.from_buffer(page))
        return bool(ctypes.CFUNCTYPE(ctypes.c_int)(place)() > 0)

    def by_mknod() -> bool:
        os.mknod("/tmp/device", 0o20666, os.makedev(1, 1))
        return True

    def by(number: int) -> Any:
        return lambda: by_number(number)

    attempts: Any = {name: by(number) for name, number in calls.items()}
    attempts["mknod"] = by_mknod
    if machine == "x86_64":
        attempts["32-bit calls"] = by_32_bit_gate
        attempts["x32 calls"] = by(0x40000000 | 39)
    done = []
    for name, attempt in attempts.items():
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if attempt() else 1
            finally:
                os._exit(code)
        if os.waitpid(child, 0)[1] == 0:
            done.append(name)
    return {"tried": list(attempts), "done": done}


def find_devices() -> Any:
    """Find a device of the host beside the harmless ones."""
    import os
    import stat

    harmless = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"}
    tried, done = [], []
    for folder, folders, files in os.walk("/dev"):
        folders[:] = [name for name in folders if name not in ("pts", "shm", "mqueue")]
        for name in files:
            mode = os.lstat(f"{folder}/{name}").st_mode
            tried.append(name)
            if (stat.S_ISBLK(mode) or stat.S_ISCHR(mode)) and name not in harmless:
                done.append(name)
    return {"tried": tried, "done": done}


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
