"""What listens on the host while containers are attacked, and writes down who comes: nobody may."""

from __future__ import annotations

import secrets
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

OUTSIDE = ("169.254.169.254", "172.17.0.1", "10.0.0.1", "192.168.0.1", "224.0.0.1", "255.255.255.255", "198.51.100.1")
OUTSIDE_6 = ("2001:db8::1", "ff02::1")
"""Metadata service of clouds, gateways, neighbours, groups, everybody, and addresses of documents."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Sockets of the host: one of each kind that a container could reach without a device."""

    tcp: socket.socket
    udp: socket.socket
    abstract: socket.socket
    name: str
    came: list[str] = field(default_factory=list)

    def arguments(self, own: tuple[str, ...]) -> dict[str, object]:
        """Return what a container tries to reach; ``own`` are the host's addresses."""
        tcp, udp = self.tcp.getsockname()[1], self.udp.getsockname()[1]
        near = ("127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1", *own)  # noqa: S104  # an address to reach
        away = [(a, port) for a in (*OUTSIDE, *OUTSIDE_6) for port in (53, 80, 2375)]
        return {
            "tcp": [[a, tcp] for a in near] + [list(pair) for pair in away],
            "udp": [[a, udp] for a in near] + [[a, 53] for a in (*OUTSIDE, *OUTSIDE_6)],
            "abstract": self.name,
        }

    def serve(self, stop: threading.Event) -> None:
        """Write down whoever comes, until it is over."""
        with selectors.DefaultSelector() as waiting:
            for listener, kind in ((self.tcp, "tcp"), (self.udp, "udp"), (self.abstract, "abstract socket")):
                waiting.register(listener, selectors.EVENT_READ, kind)
            while not stop.is_set():
                for key, _ in waiting.select(0.1):
                    self.came.append(str(key.data))
                    self._answer(str(key.data))

    def _answer(self, kind: str) -> None:
        if kind == "udp":
            _, sender = self.udp.recvfrom(16)
            self.udp.sendto(b"in", sender)
        else:
            (self.tcp if kind == "tcp" else self.abstract).accept()[0].close()


@contextmanager
def listening() -> Iterator[Listeners]:
    """Listen on the loopback address while it lasts."""
    name = f"datalab-doctor-{secrets.token_hex(6)}"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_UNIX) as abstract:
            abstract.bind(f"\0{name}")
            abstract.listen()
            found = Listeners(tcp, udp, abstract, name)
            stop = threading.Event()
            thread = threading.Thread(target=found.serve, args=(stop,), daemon=True)
            thread.start()
            try:
                yield found
            finally:
                stop.set()
                thread.join()


def own_addresses() -> tuple[str, ...]:
    """The host's own addresses, as its kernel would choose them; nothing is sent for it."""
    found = []
    for family, away in ((socket.AF_INET, "198.51.100.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            try:
                s.connect((away, 9))
                found.append(str(s.getsockname()[0]))
            except OSError:
                continue
    return tuple(found)
