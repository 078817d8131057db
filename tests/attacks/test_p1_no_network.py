"""Promise 1, attacked from inside: nothing leaves a container by network.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

# An attack speaks to the kernel as plainly as it can.
# ruff: noqa: PTH118

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

from attacks.cells import EVERY, Body, Cells, Weaken, host
from spawner_config.isolation import Purpose


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


def connect_everywhere(tcp: list[Any], udp: list[Any], abstract: str) -> Any:
    import errno
    import socket

    reached = []
    for address, port in tcp:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.settimeout(2)
            code = s.connect_ex((address, port))
            # Anything else, a time-out among it, means that something was sent; EINVAL is an address without device.
            if code not in (errno.ENETUNREACH, errno.ECONNREFUSED, errno.EADDRNOTAVAIL, errno.EINVAL):
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
        away = ["169.254.169.254", "172.17.0.1", "10.0.0.1", "192.168.0.1", "224.0.0.1", "255.255.255.255",
                "198.51.100.1",
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
    assert [entry[-1] for entry in said] == [0, "udp", "abstract"]
    assert set(listeners.seen) == {"tcp", "udp", "abstract"}


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
