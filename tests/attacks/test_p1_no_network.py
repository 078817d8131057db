"""Promise 1, attacked from inside: nothing leaves a container by network, and the container has no power to change that.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested, too.
"""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from attacks.conftest import LIMITS, MEGABYTE, Body, Cells, Weaken
from spawner_config.isolation import Limits, Purpose

EVERY = pytest.mark.parametrize("purpose", Purpose)


def host(**options: object) -> Weaken:
    """Change some of the engine's options."""

    def weaken(body: Body) -> None:
        body["HostConfig"].update(options)

    return weaken


def root(**options: object) -> Weaken:
    """Be root inside, and change some of the engine's options."""

    def weaken(body: Body) -> None:
        body["User"] = "0:0"
        body["HostConfig"].update(options)

    return weaken


# Interfaces and routes


def list_interfaces() -> Any:
    import pathlib
    import socket

    routes = pathlib.Path("/proc/net/route").read_text().splitlines()[1:]
    addresses = pathlib.Path("/proc/net/if_inet6")
    six = addresses.read_text().split("\n") if addresses.exists() else []
    return {
        "names": [name for _, name in socket.if_nameindex()],
        "routes": len(routes),
        "six": [line.split()[5] for line in six if line],
    }


@EVERY
def test_only_the_loopback_is_there(cells: Cells, purpose: Purpose) -> None:
    said = cells.run(list_interfaces, purpose).said
    assert said["names"] == ["lo"]
    assert said["routes"] == 0
    assert set(said["six"]) <= {"lo"}


def test_the_list_of_interfaces_sees_the_hosts_in_a_weak_container(cells: Cells) -> None:
    said = cells.run(list_interfaces, weaken=host(NetworkMode="host")).said
    assert said["names"] == [name for _, name in socket.if_nameindex()]


# Connections


def connect_everywhere(tcp: list[Any], udp: list[Any], abstract: str) -> Any:
    import errno
    import socket

    reached = []
    for address, port in tcp:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.settimeout(2)
            code = s.connect_ex((address, port))
            if code not in (errno.ENETUNREACH, errno.ECONNREFUSED, errno.EADDRNOTAVAIL, errno.EHOSTUNREACH):
                reached.append([address, port, errno.errorcode.get(code, code)])
    for address, port in udp:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.settimeout(1)
            try:
                s.sendto(b"out", (address, port))
                s.connect((address, port))
                s.send(b"out")
                s.recv(10)
                reached.append([address, port, "udp"])
            except OSError:
                pass
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        if s.connect_ex("\0" + abstract) == 0:
            reached.append(["abstract"])
    return reached


class Listeners:
    """What listens on the host's loopback, and writes down who comes."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.abstract = f"datalab-test-{os.getpid()}"
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind("\0" + self.abstract)
        self.unix.listen()
        self.threads = [
            threading.Thread(target=self.accept, args=(self.tcp, "tcp")),
            threading.Thread(target=self.accept, args=(self.unix, "abstract")),
            threading.Thread(target=self.receive),
        ]
        for thread in self.threads:
            thread.start()

    def accept(self, listener: socket.socket, name: str) -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(5)
                if connection.recv(4) == b"end!":
                    return
                self.seen.append(name)

    def receive(self) -> None:
        while True:
            message, sender = self.udp.recvfrom(10)
            if message == b"end!":
                return
            self.seen.append("udp")
            self.udp.sendto(b"in", sender)

    def close(self) -> None:
        for family, address in ((socket.AF_INET, self.tcp.getsockname()), (socket.AF_UNIX, "\0" + self.abstract)):
            with socket.socket(family) as s:
                s.connect(address)
                s.send(b"end!")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"end!", self.udp.getsockname())
        for thread in self.threads:
            thread.join()
        for listener in (self.tcp, self.udp, self.unix):
            listener.close()

    def arguments(self) -> dict[str, Any]:
        tcp, udp = self.tcp.getsockname()[1], self.udp.getsockname()[1]
        addresses = ["127.0.0.1", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", *own_addresses()]
        away = ["169.254.169.254", "172.17.0.1", "10.0.0.1", "192.168.0.1", "224.0.0.1", "255.255.255.255", "198.51.100.1",
                "2001:db8::1", "fe80::1", "ff02::1"]  # fmt: skip
        return {
            "tcp": [[a, tcp] for a in addresses] + [[a, port] for a in away for port in (53, 80, 2375)],
            "udp": [[a, udp] for a in addresses] + [[a, 53] for a in away],
            "abstract": self.abstract,
        }


def own_addresses() -> list[str]:
    """The host's addresses, as its kernel lists them."""
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True)
    return found.stdout.split()


@pytest.fixture
def listeners() -> Iterator[Listeners]:
    made = Listeners()
    yield made
    made.close()


@EVERY
def test_no_address_of_host_or_elsewhere_is_reached(cells: Cells, listeners: Listeners, purpose: Purpose) -> None:
    assert cells.run(connect_everywhere, purpose, **listeners.arguments()).said == []
    assert listeners.seen == []


def test_the_connections_reach_the_host_from_a_weak_container(cells: Cells, listeners: Listeners) -> None:
    arguments = listeners.arguments() | {"tcp": [["127.0.0.1", listeners.tcp.getsockname()[1]]]}
    arguments |= {"udp": [["127.0.0.1", listeners.udp.getsockname()[1]]]}
    said = cells.run(connect_everywhere, weaken=host(NetworkMode="host"), **arguments).said
    assert [entry[-1] for entry in said] == ["OK" if said[0][-1] == "OK" else 0, "udp", "abstract"]
    assert set(listeners.seen) == {"tcp", "udp", "abstract"}


# Names


def resolve(name: str) -> Any:
    import socket

    try:
        return [entry[4][0] for entry in socket.getaddrinfo(name, 80)]
    except OSError:
        return []


def read_resolvers() -> Any:
    import pathlib

    return [line for line in pathlib.Path("/etc/resolv.conf").read_text().splitlines() if line.startswith("nameserver")]


@EVERY
def test_no_name_is_resolved_and_the_hosts_resolver_is_not_told(cells: Cells, purpose: Purpose) -> None:
    assert cells.run(resolve, purpose, name="lab.example").said == []
    assert cells.run(read_resolvers, purpose).said == ["nameserver 127.0.0.1"]


def test_a_name_is_resolved_in_a_weak_container(cells: Cells) -> None:
    weak = host(ExtraHosts=["lab.example:127.0.0.9"], Dns=["127.0.0.53"])
    assert "127.0.0.9" in cells.run(resolve, weaken=weak, name="lab.example").said
    assert cells.run(read_resolvers, weaken=weak).said == ["nameserver 127.0.0.53"]


# Kinds of sockets


def open_raw_sockets() -> Any:
    import socket

    opened = []
    for name, family, kind, protocol in (
        ("ip", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW),
        ("icmp", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        ("ip6", socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6),
        ("packet", socket.AF_PACKET, socket.SOCK_RAW, 0x0300),
    ):
        try:
            socket.socket(family, kind, protocol).close()
            opened.append(name)
        except OSError:
            pass
    return opened


@EVERY
def test_no_raw_socket_is_to_be_had(cells: Cells, purpose: Purpose) -> None:
    assert cells.run(open_raw_sockets, purpose).said == []


def test_raw_sockets_are_to_be_had_in_a_weak_container(cells: Cells) -> None:
    assert set(cells.run(open_raw_sockets, weaken=root(CapAdd=["NET_RAW"])).said) == {"ip", "icmp", "ip6", "packet"}


def find_sockets() -> Any:
    import os
    import socket
    import stat

    found = []
    for folder, folders, files in os.walk("/"):
        if folder == "/":
            folders.remove("proc")
        for name in files:
            path = os.path.join(folder, name)
            try:
                if not stat.S_ISSOCK(os.lstat(path).st_mode):
                    continue
                with socket.socket(socket.AF_UNIX) as s:
                    s.connect(path)
                found.append(path)
            except OSError:
                pass
    return found


def add_socket(folder: Path) -> Weaken:
    def weaken(body: Body) -> None:
        body["HostConfig"]["Mounts"].append({"Type": "bind", "Source": str(folder), "Target": "/run/engine"})

    return weaken


@contextmanager
def engine_socket(folder: Path) -> Iterator[None]:
    """A socket where an engine's might be; nobody answers."""
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "docker.sock"))
        (folder / "docker.sock").chmod(0o666)
        listener.listen()
        yield


@EVERY
def test_no_socket_of_the_engine_or_of_anything_else_is_there(cells: Cells, purpose: Purpose) -> None:
    assert cells.run(find_sockets, purpose).said == []


def test_the_search_finds_a_socket_in_a_weak_container(cells: Cells, tmp_path: Path) -> None:
    with engine_socket(tmp_path / "e"):
        assert cells.run(find_sockets, weaken=add_socket(tmp_path / "e")).said == ["/run/engine/docker.sock"]


# Powers


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
    for path in ("/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/sys/net/ipv4/ip_forward", "/proc/1/oom_score_adj"):
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
    assert {"unshare net", "unshare mount", "mount", "/proc/sys/kernel/hostname", "/proc/timer_list", "/sys/class"} <= said


# What can be written


def find_writable(allowed: list[str]) -> Any:
    import os

    found = []
    for folder, folders, _ in os.walk("/"):
        if folder == "/":
            folders.remove("proc")
        if folder in allowed:
            folders.clear()
            continue
        name = os.path.join(folder, f"written-{os.getpid()}")
        try:
            with open(name, "w") as file:
                file.write("x")
            os.unlink(name)
            found.append(folder)
        except OSError:
            pass
    if not os.statvfs("/").f_flag & os.ST_RDONLY:
        found.append("root")
    return found


OWN = {
    Purpose.WORKSPACE: ["/home/scientist", "/outputs", "/run/nb"],
    Purpose.RUN: ["/outputs", "/progress"],
    Purpose.READER: ["/out"],
    Purpose.CHECKER: ["/out"],
}
SCRATCH = ["/tmp", "/dev/shm", "/dev/mqueue"]


@EVERY
def test_nothing_is_writable_but_its_own_folders_and_scratch(cells: Cells, purpose: Purpose) -> None:
    found = cells.run(find_writable, purpose, allowed=OWN[purpose] + SCRATCH).said
    assert found == (["/project"] if purpose is Purpose.WORKSPACE else [])


def test_the_image_is_written_in_a_weak_container(cells: Cells) -> None:
    found = cells.run(find_writable, weaken=root(ReadonlyRootfs=False), allowed=OWN[Purpose.WORKSPACE] + SCRATCH).said
    assert {"/", "/etc", "/opt/datalab/venv/bin", "root"} <= set(found)


def change_data(folder: str) -> Any:
    import ctypes
    import os
    import pathlib

    libc = ctypes.CDLL(None, use_errno=True)
    file = f"{folder}/there.txt"

    def reopen() -> None:
        descriptor = os.open(file, os.O_RDONLY)
        os.close(os.open(f"/proc/self/fd/{descriptor}", os.O_RDWR))

    def remount(flags: int) -> None:
        if libc.mount(b"none", folder.encode(), b"none", flags, None) != 0:
            raise OSError
        pathlib.Path(f"{folder}/remounted").write_text("x")

    attempts = {
        "create": lambda: pathlib.Path(f"{folder}/new").write_text("x"),
        "write": lambda: pathlib.Path(file).write_text("x"),
        "append": lambda: os.close(os.open(file, os.O_WRONLY | os.O_APPEND)),
        "truncate": lambda: os.truncate(file, 0),
        "chmod": lambda: os.chmod(file, 0o777),
        "touch": lambda: os.utime(file, (1, 1)),
        "link": lambda: os.link(file, f"{folder}/hard"),
        "symlink": lambda: os.symlink("/etc", f"{folder}/soft"),
        "attribute": lambda: os.setxattr(file, "user.a", b"b"),
        "reopen": reopen,
        "rename": lambda: os.rename(file, f"{folder}/moved"),
        "unlink": lambda: os.unlink(file if os.path.exists(file) else f"{folder}/moved"),
        "remount": lambda: remount(4096 | 32),
        "unmount": lambda: [][libc.umount2(folder.encode(), 2) == 0 or 1],
    }
    done = []
    for name, attempt in attempts.items():
        try:
            attempt()
            done.append(name)
        except (OSError, IndexError):
            pass
    return done


@pytest.mark.parametrize("purpose", [Purpose.WORKSPACE, Purpose.RUN, Purpose.CHECKER])
def test_a_dataset_cannot_be_changed_though_its_files_are_ones_own(cells: Cells, purpose: Purpose) -> None:
    assert cells.run(change_data, purpose, folder="/data/rand").said == []
    assert (cells.folder / "data-rand/there.txt").read_text() == "true"


@pytest.mark.parametrize("folder", ["/project/runs", "/run/hub"])
def test_runs_and_the_hubs_socket_cannot_be_changed_from_a_workspace(cells: Cells, folder: str) -> None:
    assert cells.run(change_data, folder=folder).said == []


def writable_mounts(body: Body) -> None:
    for mount in body["HostConfig"]["Mounts"]:
        mount["ReadOnly"] = False


def test_a_dataset_is_changed_in_a_container_with_a_writable_mount(cells: Cells) -> None:
    said = cells.run(change_data, weaken=writable_mounts, folder="/data/rand").said
    assert {"create", "write", "append", "truncate", "chmod", "touch", "link", "reopen", "rename", "unlink"} <= set(said)


def test_a_dataset_is_remounted_in_a_container_with_the_power_to(cells: Cells) -> None:
    weak = root(CapAdd=["SYS_ADMIN"], SecurityOpt=["seccomp=unconfined", "apparmor=unconfined"])
    assert "remount" in cells.run(change_data, weaken=weak, folder="/data/rand").said


def read_below(folder: str) -> Any:
    import pathlib

    return sorted(str(path) for path in pathlib.Path(folder).rglob("*"))


@contextmanager
def mounted_below(folder: Path) -> Iterator[None]:
    """A file system of another owner, mounted inside a dataset's folder."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "datalab", str(folder)], check=True)
    try:
        (folder / "other.txt").write_text("x")
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def recursive_mounts(body: Body) -> None:
    for mount in body["HostConfig"]["Mounts"]:
        mount["BindOptions"]["NonRecursive"] = False


def test_what_is_mounted_below_a_folder_does_not_come_along(cells: Cells) -> None:
    cells.mounts(Purpose.RUN)
    with mounted_below(cells.folder / "data-rand/below"):
        assert "/data/rand/below/other.txt" not in cells.run(read_below, Purpose.RUN, folder="/data").said
        weak = cells.run(read_below, Purpose.RUN, weaken=recursive_mounts, folder="/data").said
        assert "/data/rand/below/other.txt" in weak


# Floods


def take_memory(megabytes: int) -> Any:
    held = []
    for _ in range(megabytes):
        held.append(bytearray(b"x") * 2**20)
    return len(held)


@EVERY
def test_a_memory_hog_is_ended(cells: Cells, purpose: Purpose) -> None:
    outcome = cells.run(take_memory, purpose, megabytes=300)
    assert outcome.said is None
    assert outcome.out_of_memory
    assert outcome.exit_code == 137


def test_a_memory_hog_goes_on_in_a_weak_container(cells: Cells) -> None:
    outcome = cells.run(take_memory, weaken=host(Memory=600 * MEGABYTE, MemorySwap=600 * MEGABYTE), megabytes=300)
    assert outcome.said == 300


def fork_much(most: int) -> Any:
    import os
    import signal

    children = []
    try:
        for _ in range(most):
            child = os.fork()
            if child == 0:
                signal.pause()
                os._exit(0)
            children.append(child)
    except OSError:
        pass
    for child in children:
        os.kill(child, signal.SIGKILL)
    return len(children)


@EVERY
def test_a_fork_bomb_stays_small(cells: Cells, purpose: Purpose) -> None:
    assert cells.run(fork_much, purpose, most=300).said < LIMITS.processes


def test_a_fork_bomb_grows_in_a_weak_container(cells: Cells) -> None:
    weak = host(PidsLimit=0, Memory=600 * MEGABYTE, MemorySwap=600 * MEGABYTE)
    assert cells.run(fork_much, weaken=weak, most=300).said == 300


def fill_scratch(megabytes: int) -> Any:
    import os

    written = {}
    for folder in ("/tmp", "/dev/shm"):
        count = 0
        try:
            for number in range(megabytes // 2):
                with open(f"{folder}/{number}", "wb") as file:
                    file.write(b"x" * 2**21)
                count += 2
        except OSError:
            pass
        written[folder] = count
        for name in os.listdir(folder):
            os.unlink(f"{folder}/{name}")
    return written


def test_scratch_space_has_an_end(cells: Cells, small: Limits) -> None:
    roomy = Limits(400 * MEGABYTE, 1.0, 48, 8 * MEGABYTE, 60, 4 * MEGABYTE)
    said = cells.run(fill_scratch, limits=roomy, megabytes=200).said
    assert said["/tmp"] <= 8
    assert said["/dev/shm"] <= 64


def test_scratch_space_has_no_such_end_in_a_weak_container(cells: Cells) -> None:
    weak = host(Tmpfs={"/tmp": "rw,size=512m"}, ShmSize=512 * MEGABYTE, Memory=600 * MEGABYTE, MemorySwap=600 * MEGABYTE)
    assert cells.run(fill_scratch, weaken=weak, megabytes=200).said == {"/tmp": 200, "/dev/shm": 200}


def run_from_scratch() -> Any:
    import os
    import shutil
    import subprocess

    ran = []
    for folder in ("/tmp", "/dev/shm"):
        shutil.copy("/bin/true", f"{folder}/program")
        os.chmod(f"{folder}/program", 0o755)
        try:
            subprocess.run([f"{folder}/program"], check=True)
            ran.append(folder)
        except OSError:
            pass
    return ran


def test_nothing_is_executed_from_scratch_space(cells: Cells) -> None:
    assert cells.run(run_from_scratch).said == []


def test_something_is_executed_from_scratch_space_in_a_weak_container(cells: Cells) -> None:
    assert cells.run(run_from_scratch, weaken=host(Tmpfs={"/tmp": "rw,exec,size=8m"})).said == ["/tmp"]


def write_long_file(megabytes: int) -> Any:
    import os
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    written = 0
    with open("/home/scientist/long", "wb", buffering=0) as file:
        try:
            for _ in range(megabytes):
                written += file.write(b"x" * 2**20)
        except OSError:
            pass
    os.unlink("/home/scientist/long")
    return written


def open_many_files(most: int) -> Any:
    held = []
    try:
        for _ in range(most):
            held.append(open("/dev/null"))
    except OSError:
        pass
    count = len(held)
    del held
    return count


def test_one_file_and_all_open_files_have_their_bound(cells: Cells) -> None:
    assert cells.run(write_long_file, megabytes=16).said == LIMITS.file_size
    assert cells.run(open_many_files, most=9000).said < 8192


def test_files_have_no_such_bound_in_a_weak_container(cells: Cells) -> None:
    assert cells.run(write_long_file, weaken=host(Ulimits=[]), megabytes=16).said == 16 * MEGABYTE
    assert cells.run(open_many_files, weaken=host(Ulimits=[]), most=9000).said == 9000


def shout(megabytes: int) -> Any:
    import sys

    for _ in range(megabytes * 8):
        sys.stdout.write("x" * 2**17 + "\n")
    sys.stdout.flush()
    return megabytes


def log_size(identifier: str) -> int:
    folder = Path("/var/lib/docker/containers") / identifier
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


@pytest.mark.skipif(not Path("/var/lib/docker/containers").is_dir(), reason="the engine keeps its logs elsewhere")
def test_output_without_end_fills_no_disk(cells: Cells) -> None:
    sizes: list[int] = []
    remove = cells.engine.remove_container

    def measure(identifier: str, **options: object) -> None:
        sizes.append(log_size(identifier))
        remove(identifier, **options)

    cells.engine.remove_container = measure
    assert cells.run(shout, megabytes=64).exit_code == 0
    cells.run(shout, weaken=host(LogConfig={"Type": "json-file", "Config": {}}), megabytes=64)
    held, weak = sizes
    assert held < 4 * MEGABYTE
    assert weak > 60 * MEGABYTE
