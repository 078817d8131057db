"""Attempts to reach anything by network."""

from __future__ import annotations

from typing import Any


def find_network_devices() -> Any:
    """Find a network device beside the loopback, or a route."""
    import pathlib
    import socket

    done = [name for _, name in socket.if_nameindex() if name != "lo"]
    done += [f"route {line.split()[0]}" for line in pathlib.Path("/proc/net/route").read_text().splitlines()[1:]]
    six = pathlib.Path("/proc/net/if_inet6")
    lines = six.read_text().splitlines() if six.exists() else []
    done += [f"IPv6 {line.split()[5]}" for line in lines if line.split()[5] != "lo"]
    return {"tried": ["network devices", "IPv4 routes", "IPv6 addresses"], "done": done}


def connect_everywhere(tcp: list[Any], udp: list[Any], abstract: str) -> Any:
    """Connect and send to addresses of the host, of its neighbours, of clouds, and to an abstract socket.

    ``abstract`` is the socket's name and the word that is said to whoever answers.
    """
    import errno
    import ipaddress
    import socket

    # Anything else, a time-out among it, means that something was sent; EINVAL is an address without device.
    nothing = (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EINVAL)
    devices = [index for index, name in socket.if_nameindex() if name != "lo"]
    word = abstract.encode()

    def target(address: str, port: int) -> tuple[socket.AddressFamily, Any]:
        if ":" not in address:
            return socket.AF_INET, (address, port)
        near = address.startswith(("fe80:", "ff02:"))  # such an address has a device
        return socket.AF_INET6, (address, port, 0, devices[0] if near and devices else 0)

    def refusal_is_another_ones(address: str) -> bool:
        """The container's own loopback refuses where nobody listens; whoever else refuses was reached."""
        found = ipaddress.ip_address(address)
        found = getattr(found, "ipv4_mapped", None) or found
        return not (found.is_loopback or found.is_unspecified)

    def reached(error: int | None, address: str) -> bool:
        return refusal_is_another_ones(address) if error == errno.ECONNREFUSED else error not in nothing

    def connects(address: str, port: int) -> bool:
        family, place = target(address, port)
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.settimeout(0.5)
            if (error := s.connect_ex(place)) == 0:
                s.sendall(word)
            return reached(error, address)

    def sends(address: str, port: int) -> bool:
        family, place = target(address, port)
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.settimeout(0.5)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            try:
                s.sendto(word, place)
                s.connect(place)
                s.send(word)
                return bool(s.recv(10))
            except TimeoutError:
                return True
            except OSError as error:
                return reached(error.errno, address)

    done = [f"tcp {address} {port}" for address, port in tcp if connects(address, port)]
    done += [f"udp {address} {port}" for address, port in udp if sends(address, port)]
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        if s.connect_ex("\0" + abstract) == 0:
            s.sendall(word)
            done.append("abstract socket")
    names = [f"{kind} {a} {port}" for kind, pairs in (("tcp", tcp), ("udp", udp)) for a, port in pairs]
    return {"tried": [*names, "abstract socket"], "done": done}


def resolve_names(names: list[str]) -> Any:
    """Resolve names, and look which resolver is named."""
    import pathlib
    import socket

    done = []
    for name in names:
        try:
            done += [f"{name} resolved" for _ in socket.getaddrinfo(name, 80)[:1]]
        except OSError:
            continue
    lines = pathlib.Path("/etc/resolv.conf").read_text().splitlines()
    named = [line.split()[1] for line in lines if line.startswith("nameserver")]
    done += ["a resolver that is not the container's own"] if named != ["127.0.0.1"] else []
    asked = [f"{name} resolved" for name in names]
    return {"tried": [*asked, "a resolver that is not the container's own"], "done": done}


def open_sockets() -> Any:
    """Open sockets of kinds that a notebook does not need."""
    import socket

    stream, datagram, raw, packets = 1, 2, 3, 5
    kinds = {
        "raw IPv4": (socket.AF_INET, raw, 255),
        "raw ICMP": (socket.AF_INET, raw, 1),
        "raw IPv6": (socket.AF_INET6, raw, 58),
        "packet": (17, raw, 0x0300),
        "virtual machine": (40, stream, 0),
        "kernel cryptography": (38, packets, 0),
        "key management": (15, raw, 2),
        "Bluetooth": (31, raw, 1),
        "CAN bus": (29, raw, 1),
        "near field": (39, raw, 1),
        "express data path": (44, raw, 0),
        "reliable datagram": (21, packets, 0),
        "cluster": (30, packets, 0),
        "netlink of the audit": (16, raw, 9),
        "netlink of transforms": (16, raw, 6),
        "netlink of filters": (16, raw, 12),
        "netlink of device events": (16, raw, 15),
        "generic netlink": (16, raw, 16),
        "datagram of AppleTalk": (5, datagram, 0),
    }
    done = []
    for name, (family, kind, protocol) in kinds.items():
        try:
            socket.socket(family, kind, protocol).close()
            done.append(name)
        except OSError:
            continue
    return {"tried": list(kinds), "done": done}


def find_open_doors() -> Any:
    """Find a socket in the file system that somebody answers at: the engine's, another program's."""
    import os
    import socket
    import stat

    tried, done = ["every file outside of /proc"], []
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
                done.append(path)
            except OSError:
                continue
    return {"tried": tried, "done": done}
