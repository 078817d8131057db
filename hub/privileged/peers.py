"""Who is at the other end of a socket: the kernel says it, the other end cannot."""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass

from hub.domain.errors import RefusedError

_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class Peer:
    """A process at the moment when it connected."""

    pid: int
    uid: int
    gid: int


def peer_of(connection: socket.socket) -> Peer:
    """Ask the kernel who connected."""
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return Peer(*_CREDENTIALS.unpack(told))


def allowed_uids() -> frozenset[int]:
    """The lab's own account, and root, who needs nobody's leave."""
    return frozenset({0, os.geteuid()})


def check_peer(peer: Peer, allowed: frozenset[int]) -> None:
    """Only the lab's own processes ask the privileged one for anything."""
    if peer.uid not in allowed:
        raise RefusedError("Only the lab's own processes may ask this.", reason="gate-peer")
