"""Networks that a test makes itself: a container's, and behind a pair of devices one with addresses of the world."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from hub.doctor.listeners import OUTSIDE, PORTS
from waiting import wait_for

OWN = ("10.0.0.2", "172.17.0.2", "192.168.0.2", "169.254.0.2", "198.51.100.2", "2001:db8::2", "fe80::2")
"""Addresses of the container's end of the pair: as a host's own are to a container that shares its network."""
THEIRS = (*OUTSIDE, "fe80::1")
Made = TypeVar("Made")


def within(pid: int, act: Callable[[], Made]) -> Made:
    """Do something in the network of a process, in a thread that ends with it; sockets stay where they were made."""

    def enter() -> Made:
        network = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(network, 0x40000000) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        finally:
            os.close(network)
        return act()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(enter).result()


def network_of(pid: int) -> str:
    return str(Path(f"/proc/{pid}/ns/net").readlink())


@contextmanager
def another_network() -> Iterator[int]:
    """A network of its own; yields the process that holds it."""
    with subprocess.Popen(["unshare", "--net", "sleep", "600"]) as holder:
        try:
            wait_for(lambda: network_of(holder.pid) != network_of(os.getpid()), 5)
            yield holder.pid
        finally:
            holder.kill()


def ip(pid: int, *words: str) -> None:
    subprocess.run(["nsenter", "--target", str(pid), "--net", "ip", *words], check=True)


def bring_up(pid: int, device: str, addresses: tuple[str, ...]) -> None:
    """Give a device its addresses, and let its network speak IPv6."""
    for which in ("all", device):
        switch = Path(f"/proc/sys/net/ipv6/conf/{which}/disable_ipv6")
        within(pid, lambda switch=switch: switch.write_text("0"))  # type: ignore[misc]
    ip(pid, "link", "set", "lo", "up")
    for address in addresses:
        six = ["nodad"] if ":" in address else ["broadcast", "+"]
        ip(pid, "address", "add", f"{address}/{64 if ':' in address else 16}", *six, "dev", device)
    ip(pid, "link", "set", device, "up")
    for everybody in ("224.0.0.0/4", "255.255.255.255/32"):
        ip(pid, "route", "replace", everybody, "dev", device)


@contextmanager
def joined(container: int) -> Iterator[int]:
    """Join the network of a container to another one, whose listeners have every address of ``THEIRS``."""
    with another_network() as world, ExitStack() as listeners:
        device = ["link", "add", "name", "world", "type", "veth", "peer", "name", "eth0", "netns", str(container)]
        ip(world, *device)
        bring_up(world, "world", THEIRS)
        bring_up(container, "eth0", OWN)
        for port in PORTS:
            listeners.enter_context(within(world, lambda port=port: _listener(socket.SOCK_STREAM, port)))  # type: ignore[misc]
        listeners.enter_context(within(world, lambda: _listener(socket.SOCK_DGRAM, 53)))
        yield world


def _listener(kind: socket.SocketKind, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6, kind)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    made.bind(("::", port))
    if kind is socket.SOCK_STREAM:
        made.listen(64)
    return made
