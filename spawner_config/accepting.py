"""Accept connections for as long as somebody listens, also on a machine that is short of descriptors for a while.

Invariant: no one's connections end another's listening. What cannot be accepted now waits in the kernel.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
from collections.abc import Callable

PAUSE = 0.2
"""Seconds until the machine is asked again for what it did not have; the log has a line for each such time."""
log = logging.getLogger("datalab.accepting")


async def next_connection(listener: socket.socket) -> socket.socket:
    """Return the next connection; OSError only where nobody listens any more."""
    loop, short = asyncio.get_running_loop(), False
    while True:
        try:
            return (await loop.sock_accept(listener))[0]
        except OSError as error:
            if listener.fileno() < 0:
                raise
            if not short:
                log.warning("No connection can be accepted now (%s); trying again.", error.strerror)
            short = True
            await asyncio.sleep(PAUSE)


async def hand_over(connection: socket.socket, server: Callable[[], asyncio.Protocol]) -> None:
    """Let a server speak on a connection; one on which it cannot is closed, and costs no other anything."""
    try:
        await asyncio.get_running_loop().connect_accepted_socket(server, connection)
    except OSError as error:
        log.warning("A connection cannot be served (%s).", error.strerror)
        connection.close()


def allow_many_descriptors() -> None:
    """Take as many descriptors as the machine gives: each open tab is two of them, and so is a call to the engine."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
