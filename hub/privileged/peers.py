"""Who is at the other end of a socket: the kernel says it, the other end cannot."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from hub.accounts import Account
from hub.adapters.accounts.known import account_uids, are_separate
from hub.domain.errors import RefusedError

_CREDENTIALS = struct.Struct("3i")
Askers = Mapping[int, frozenset[Account]]
"""By the number of an account: which of the lab's processes it is."""


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


def askers() -> Askers:
    """Each account of the lab is its own process; where one account runs the lab, it is all of them, as root is."""
    everything = frozenset(Account)
    if not are_separate():
        return {0: everything, os.geteuid(): everything}
    return {uid: frozenset({account}) for uid, account in account_uids().items()} | {0: everything}


def check_peer(peer: Peer, allowed: Askers) -> frozenset[Account]:
    """Only the lab's own processes ask the privileged one for anything; returns which of them it is."""
    if peer.uid not in allowed:
        raise RefusedError("Only the lab's own processes may ask this.", reason="gate-peer")
    return allowed[peer.uid]
