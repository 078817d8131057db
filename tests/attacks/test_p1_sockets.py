"""Promise 1, attacked by every socket that the kernel knows.

Each attack is also run in a container that was weakened on purpose, where it must succeed: so the attack is tested.
"""

from __future__ import annotations

import uuid
from typing import Any

from attacks.cells import EVERY, UNFILTERED, Cells, host, root
from spawner_config.isolation import Purpose

FAMILIES, KINDS, PROTOCOLS = 64, 12, 264
UNIX, INET, NETLINK, INET6, PACKET, ALG, VSOCK = 1, 2, 16, 10, 17, 38, 40
STREAM, DATAGRAM, RAW = 1, 2, 3
TCP, UDP = 6, 17


def open_sockets(families: int, kinds: int, protocols: int) -> Any:
    """Families with kinds, and of the internet's and of the kernel's own sockets also protocols, that can be had."""
    import socket

    def opens(*words: int) -> bool:
        try:
            socket.socket(*words).close()
        except OSError:
            return False
        return True

    plain = [(f, k) for f in range(families) for k in range(kinds) if opens(f, k)]
    named = [(f, k, p) for f in (2, 10, 16) for k in (1, 2, 3, 5) for p in range(1, protocols) if opens(f, k, p)]
    return {"plain": plain, "named": named}


ORDER = {"families": FAMILIES, "kinds": KINDS, "protocols": PROTOCOLS}
WANTED = [[UNIX, STREAM], [UNIX, DATAGRAM], [INET, STREAM], [INET, DATAGRAM], [INET6, STREAM], [INET6, DATAGRAM],
          [NETLINK, DATAGRAM], [NETLINK, RAW]]  # fmt: skip
OF_PROTOCOLS = [[INET, STREAM, TCP], [INET, DATAGRAM, UDP], [INET6, STREAM, TCP], [INET6, DATAGRAM, UDP]]


@EVERY
def test_of_all_sockets_only_those_that_lead_nowhere_are_to_be_had(cells: Cells, purpose: Purpose) -> None:
    said = cells.run(open_sockets, purpose, **ORDER).said
    assert sorted(said["plain"]) == sorted(WANTED)
    assert sorted(said["named"]) == sorted(OF_PROTOCOLS)


def test_other_sockets_are_to_be_had_in_a_container_without_the_list(cells: Cells) -> None:
    said = cells.run(open_sockets, weaken=host(**UNFILTERED), **ORDER).said
    more = [s for s in said["plain"] if s not in WANTED]
    assert [UNIX, 5] in more
    assert {family for family, *_ in said["named"]} >= {INET, NETLINK}
    assert [s for s in said["named"] if s[0] == NETLINK]


def test_raw_sockets_are_to_be_had_in_a_container_with_the_power_to(cells: Cells) -> None:
    said = cells.run(open_sockets, weaken=root(CapAdd=["NET_RAW"], **UNFILTERED), **ORDER).said
    assert [PACKET, RAW] in said["plain"]
    assert {(INET, RAW), (INET6, RAW)} <= {(family, kind) for family, kind, _ in said["named"]}


def listen_by_name(name: str) -> Any:
    import socket

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0" + name)
        listener.listen()
        listener.settimeout(20)
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            return False
        connection.close()
        return True


def call_by_name(name: str, seconds: float) -> Any:
    import socket
    import time

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as caller:
            if caller.connect_ex("\0" + name) == 0:
                return True
        time.sleep(0.05)
    return False


def test_a_neighbours_abstract_socket_is_not_reached(cells: Cells) -> None:
    name = uuid.uuid4().hex
    listening = cells.begin(listen_by_name, name=name)
    assert cells.run(call_by_name, name=name, seconds=2).said is False
    cells.engine.kill(listening)


def test_a_neighbours_abstract_socket_is_reached_where_both_share_the_hosts_network(cells: Cells) -> None:
    name, weak = uuid.uuid4().hex, host(NetworkMode="host")
    listening = cells.begin(listen_by_name, weaken=weak, name=name)
    assert cells.run(call_by_name, weaken=weak, name=name, seconds=20).said is True
    assert cells.outcome(listening).said is True
