"""Promise 1, attacked from inside: nothing leaves a container by network.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

from __future__ import annotations

import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from attacks.cells import EVERY, UNFILTERED, Body, Cells, Weaken, host, root
from attacks.own_network import OWN, joined, within
from hub.doctor.inside.network import connect_everywhere, find_network_devices, find_open_doors, resolve_names
from hub.doctor.listeners import GROUPS, NEAR, OUTSIDE, Listeners, listening
from spawner_config.isolation import Purpose
from waiting import wait_for


@EVERY
def test_only_the_loopback_is_there(cells: Cells, purpose: Purpose) -> None:
    assert cells.worked(find_network_devices, purpose) == []


def test_the_list_of_interfaces_sees_the_hosts_in_a_weak_container(cells: Cells) -> None:
    said = cells.worked(find_network_devices, weaken=host(NetworkMode="host"))
    assert {name for _, name in socket.if_nameindex()} - {"lo"} <= set(said)
    assert said


def addresses() -> tuple[str, ...]:
    """The host's addresses, as its kernel lists them, and one that only a device leads to."""
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True)
    return (*found.stdout.split(), "fe80::1")


@EVERY
def test_no_address_of_host_or_elsewhere_is_reached(cells: Cells, purpose: Purpose) -> None:
    with listening() as listeners:
        assert cells.worked(connect_everywhere, purpose, **listeners.arguments(addresses())) == []
        assert listeners.came == []


@dataclass(frozen=True, slots=True)
class Joined:
    """A network in which a container is: it reaches whatever a host could reach."""

    container: str
    listeners: Listeners

    def join(self, body: Body) -> None:
        """Let a container be in it, too."""
        body["HostConfig"]["NetworkMode"] = f"container:{self.container}"
        for key in ("Dns", "DnsSearch", "DnsOptions", "ExtraHosts"):
            body["HostConfig"].pop(key, None)
        for key in ("Hostname", "Domainname", "NetworkDisabled"):
            body.pop(key, None)

    def order(self) -> dict[str, Any]:
        """Everything that the lab's containers are asked to reach."""
        return self.listeners.arguments((*OWN, "fe80::1"))


def sleep_long() -> None:
    import time

    time.sleep(300)


@pytest.fixture
def network(cells: Cells) -> Iterator[Joined]:
    holder = cells.begin(sleep_long)
    pid = wait_for(lambda: int(cells.engine.inspect_container(holder)["State"]["Pid"]))
    with joined(pid), ExitStack() as stack:
        yield Joined(holder, within(pid, lambda: stack.enter_context(listening())))


def test_every_address_is_reached_from_a_weak_container(cells: Cells, network: Joined) -> None:
    order = network.order()
    said = cells.run(connect_everywhere, weaken=network.join, **order).said
    assert len(said["tried"]) == len(order["tcp"]) + len(order["udp"]) + 1 > 40
    assert set(said["tried"]) - set(said["done"]) == set()
    wait_for(lambda: Counter(network.listeners.came)["tcp"] >= len(NEAR) + len(OWN), 5)
    assert set(network.listeners.came) == {"tcp", "udp", "abstract socket"}


def test_the_same_addresses_are_out_of_reach_of_the_labs_containers(cells: Cells, network: Joined) -> None:
    assert cells.worked(connect_everywhere, **network.order()) == []
    assert network.listeners.came == []


def test_a_neighbour_that_refuses_counts_as_reached(cells: Cells, network: Joined) -> None:
    closed = [["10.0.0.1", 9], ["2001:db8::1", 9]]
    order: dict[str, Any] = {"tcp": closed, "udp": closed, "abstract": "nobody"}
    reached = ["tcp 10.0.0.1 9", "tcp 2001:db8::1 9", "udp 10.0.0.1 9", "udp 2001:db8::1 9"]
    assert cells.worked(connect_everywhere, weaken=network.join, **order) == reached
    assert cells.worked(connect_everywhere, **order) == []


def ping_everywhere(addresses: list[str]) -> Any:
    """Send what a ping sends, by a datagram socket, which needs no power, and by a raw one."""
    import errno
    import socket

    def pings(address: str, kind: int) -> bool:
        six = ":" in address
        family, protocol = (socket.AF_INET6, 58) if six else (socket.AF_INET, 1)
        # An echo request with its checksum; the kernel writes version 6's, and that of a datagram socket.
        asked = bytes([128, 0, 0, 0, 0, 0, 0, 1]) if six else bytes([8, 0, 0xF7, 0xFE, 0, 0, 0, 1])
        try:
            with socket.socket(family, kind, protocol) as s:
                s.settimeout(0.3)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                s.sendto(asked, (address, 0))
                return bool(s.recv(100))
        except TimeoutError:
            return True  # it left, and nobody answered
        except OSError as error:
            refused = (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EINVAL, errno.EPERM, errno.EACCES)
            return error.errno not in (*refused, errno.EPROTONOSUPPORT)

    ways = {f"{word} {address}": (address, kind) for address in addresses for word, kind in (("ping", 2), ("raw", 3))}
    return {"tried": list(ways), "done": [name for name, way in ways.items() if pings(*way)]}


@EVERY
def test_no_ping_leaves(cells: Cells, purpose: Purpose) -> None:
    everywhere = [*OUTSIDE, *GROUPS, *addresses()]
    assert cells.worked(ping_everywhere, purpose, addresses=everywhere) == []


@pytest.mark.parametrize(
    ("ways", "weaken"),
    [(["ping"], host(**UNFILTERED)), (["ping", "raw"], root(CapAdd=["NET_RAW"], **UNFILTERED))],
    ids=["without the list", "with the power to"],
)
def test_pings_are_answered_in_a_weak_container(cells: Cells, network: Joined, ways: list[str], weaken: Weaken) -> None:
    def weak(body: Body) -> None:
        network.join(body)
        weaken(body)

    there = [*OUTSIDE, *(address for address in OWN if not address.startswith("fe80:"))]
    said = cells.worked(ping_everywhere, weaken=weak, addresses=there)
    assert said == [f"{way} {address}" for address in there for way in ways]


def test_with_a_network_the_lists_own_refusal_still_keeps_pings_back(cells: Cells, network: Joined) -> None:
    assert cells.worked(ping_everywhere, weaken=network.join, addresses=[*OUTSIDE]) == []


def test_whoever_does_not_know_the_word_is_not_counted() -> None:
    with listening() as listeners:
        with socket.create_connection(("127.0.0.1", listeners.tcp.getsockname()[1])) as stranger:
            stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with socket.create_connection(("127.0.0.1", listeners.tcp.getsockname()[1])) as known:
            known.sendall(listeners.name.encode())
            wait_for(lambda: listeners.came, 5)
        assert listeners.came == ["tcp"]


@EVERY
def test_no_name_is_resolved_and_the_hosts_resolver_is_not_told(cells: Cells, purpose: Purpose) -> None:
    assert cells.worked(resolve_names, purpose, names=["lab.example"]) == []


def test_a_name_is_resolved_in_a_weak_container(cells: Cells) -> None:
    weak = host(ExtraHosts=["lab.example:127.0.0.9"], Dns=["127.0.0.53"])
    said = cells.worked(resolve_names, weaken=weak, names=["lab.example"])
    assert said == ["lab.example resolved", "a resolver that is not the container's own"]


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
    assert cells.worked(find_open_doors, purpose) == []


def test_the_search_finds_a_socket_in_a_weak_container(cells: Cells, tmp_path: Path) -> None:
    with engine_socket(tmp_path / "e"):
        assert cells.worked(find_open_doors, weaken=add_socket(tmp_path / "e")) == ["/run/engine/docker.sock"]
