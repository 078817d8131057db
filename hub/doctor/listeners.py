"""What listens on the host while containers are attacked, and writes down who comes: nobody may."""

from __future__ import annotations

import secrets
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

OUTSIDE = ("169.254.169.254", "172.17.0.1", "10.0.0.1", "192.168.0.1", "198.51.100.1", "2001:db8::1")
"""Metadata service of clouds, gateways, neighbours, and addresses of documents."""
GROUPS = ("224.0.0.1", "255.255.255.255", "ff02::1")
"""Groups and everybody, to whom datagrams go alone."""
NEAR = ("127.0.0.1", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1")  # noqa: S104  # addresses to reach
PORTS = (53, 80, 2375)
PATIENCE = 0.5


@dataclass(frozen=True, slots=True)
class Listeners:
    """Sockets of the host on all its addresses: one of each kind that a container could reach without a device.

    Who comes has to say the abstract socket's name, which is made anew each time: others may find an open port.
    """

    tcp: socket.socket
    udp: socket.socket
    abstract: socket.socket
    name: str
    came: list[str] = field(default_factory=list)

    def arguments(self, own: tuple[str, ...]) -> dict[str, object]:
        """Return what a container tries to reach; ``own`` are the host's addresses."""
        tcp, udp = self.tcp.getsockname()[1], self.udp.getsockname()[1]
        return {
            "tcp": [[a, tcp] for a in (*NEAR, *own)] + [[a, port] for a in OUTSIDE for port in PORTS],
            "udp": [[a, udp] for a in (*NEAR, *own)] + [[a, 53] for a in (*OUTSIDE, *GROUPS)],
            "abstract": self.name,
        }

    def serve(self, stop: threading.Event) -> None:
        """Write down whoever comes, until it is over."""
        with selectors.DefaultSelector() as waiting:
            for listener, kind in ((self.tcp, "tcp"), (self.udp, "udp"), (self.abstract, "abstract socket")):
                waiting.register(listener, selectors.EVENT_READ, kind)
            while not stop.is_set():
                for key, _ in waiting.select(0.1):
                    with suppress(OSError):
                        self._answer(str(key.data))

    def _answer(self, kind: str) -> None:
        if kind == "udp":
            said, sender = self.udp.recvfrom(100)
            if self._hears(kind, said):
                self.udp.sendto(b"in", sender)
            return
        with (self.tcp if kind == "tcp" else self.abstract).accept()[0] as caller:
            caller.settimeout(PATIENCE)
            self._hears(kind, caller.recv(100))

    def _hears(self, kind: str, said: bytes) -> bool:
        if said == self.name.encode():
            self.came.append(kind)
        return said == self.name.encode()


def everywhere(kind: socket.SocketKind) -> socket.socket:
    """Bind a socket to every address of the host, of both families where it has both."""
    both = socket.has_dualstack_ipv6()
    made = socket.socket(socket.AF_INET6 if both else socket.AF_INET, kind)
    if both:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    made.bind(("::" if both else "0.0.0.0", 0))  # noqa: S104  # what is probed is what listens
    if kind is socket.SOCK_STREAM:
        made.listen()
    return made


@contextmanager
def listening() -> Iterator[Listeners]:
    """Listen on every address of the host while it lasts."""
    name = f"datalab-doctor-{secrets.token_hex(6)}"
    with (
        everywhere(socket.SOCK_STREAM) as tcp,
        everywhere(socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
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
