"""A resolver of the host's that writes down what it is asked, by every protocol that turns names into addresses."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

ADDRESS = "127.0.9.53"
"""An address of the loopback that no resolver of a machine has."""
GROUPS = {5353: "224.0.0.251", 5355: "224.0.0.252"}
"""Multicast DNS, and its cousin of other systems."""
STREAMS = (53, 853, 443)
"""Plain, and where it is said to be wrapped in TLS or HTTPS."""
EVERYTHING = frozenset({"udp 53", *(f"tcp {port}" for port in STREAMS), *(f"udp {port}" for port in GROUPS)})


@dataclass(frozen=True, slots=True)
class Resolver:
    """What it was asked, by which way, and the bytes."""

    ways: set[str] = field(default_factory=set)
    asked: list[bytes] = field(default_factory=list)

    def serve(self, sockets: dict[str, socket.socket], stop: threading.Event) -> None:
        """Write down and answer, until it is over."""
        with selectors.DefaultSelector() as waiting:
            for way, listener in sockets.items():
                waiting.register(listener, selectors.EVENT_READ, way)
            while not stop.is_set():
                for key, _ in waiting.select(0.1):
                    self._take(str(key.data), sockets[str(key.data)])

    def _take(self, way: str, listener: socket.socket) -> None:
        self.ways.add(way)
        if way.startswith("tcp"):
            with listener.accept()[0] as came:
                came.settimeout(2)
                self.asked.append(came.recv(512))
        else:
            query, sender = listener.recvfrom(512)
            self.asked.append(query)
            listener.sendto(answer(query), sender)


def answer(query: bytes) -> bytes:
    """127.0.0.9, to whatever was asked first."""
    end = query.index(b"\0", 12) + 5
    is_address = query[end - 4 : end - 2] == b"\0\x01"
    record = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x09" if is_address else b""
    return query[:2] + b"\x81\x80\0\x01" + struct.pack("!HHH", bool(record), 0, 0) + query[12:end] + record


@contextmanager
def resolving() -> Iterator[Resolver]:
    """Listen at an address of the loopback, and to the groups there, while it lasts."""
    made, stop = Resolver(), threading.Event()
    with ExitStack() as stack:
        sockets = {f"tcp {port}": stack.enter_context(socket.create_server((ADDRESS, port))) for port in STREAMS}
        for port in (53, *GROUPS):
            sockets[f"udp {port}"] = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            _bind(sockets[f"udp {port}"], port)
        thread = threading.Thread(target=made.serve, args=(sockets, stop))
        thread.start()
        stack.callback(thread.join)
        stack.callback(stop.set)
        yield made


def _bind(listener: socket.socket, port: int) -> None:
    group = GROUPS.get(port)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((group or ADDRESS, port))
    if group:
        member = socket.inet_aton(group) + socket.inet_aton("127.0.0.1")
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
