"""The claim: a workspace's program waits until it is told whose it is, on a socket, once.

Invariants:

* before the claim nothing of the person is read and no token is here: home and configuration are named by the claim;
* the socket is there only when the program is ready to serve, and gone before the claim is read: nobody claims twice;
* a claim that is too long, slow or of another form ends the program, and with it the container.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

CLAIM_SOCKET = "claim.sock"
TAKEN = b"taken"
"""The one answer."""
LONGEST = 512 * 1024
READ_SECONDS = 5.0
AT_ONCE = 5.0
"""Whoever makes a workspace on the spot claims it sooner than that, also where ten are made at the same time."""
LONGEST_WAIT = 2 * 3600.0
"""After so long nobody comes any more: whoever made the container, and whoever would have removed it, are gone."""


def claimed(folder: Path, meanwhile: Callable[[], None] = lambda: None) -> dict[str, str]:
    """Wait for the claim, and return the environment that it brings; SystemExit when none comes, or a wrong one.

    Where it does not come at once, this was made in advance, and there is time for what is done ``meanwhile``.
    """
    place = folder / CLAIM_SOCKET
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        _bind(listener, place)
        claim = _accepted(listener, AT_ONCE)
        if claim is None:
            meanwhile()
            claim = _accepted(listener, LONGEST_WAIT)
        if claim is None:
            sys.exit(0)
    with claim:
        place.unlink()
        claim.settimeout(READ_SECONDS)
        environment = _environment(_read(claim))
        claim.sendall(TAKEN)
    return environment


def _accepted(listener: socket.socket, seconds: float) -> socket.socket | None:
    listener.settimeout(seconds)
    try:
        return listener.accept()[0]
    except TimeoutError:
        return None


def _bind(listener: socket.socket, place: Path) -> None:
    """Listen before the socket has its name, so that nobody finds it who is not heard."""
    draft = place.with_suffix(".new")
    listener.bind(str(draft))
    draft.chmod(0o666)
    listener.listen(1)
    draft.rename(place)


def _read(claim: socket.socket) -> bytes:
    """Read until the other side has said all."""
    said = b""
    try:
        while piece := claim.recv(LONGEST + 1 - len(said)):
            said += piece
            if len(said) > LONGEST:
                sys.exit("The claim is too long.")
    except OSError:
        sys.exit("The claim was not said to its end.")
    return said


def _environment(said: bytes) -> dict[str, str]:
    try:
        told = json.loads(said)
    except (ValueError, RecursionError):
        sys.exit("The claim cannot be read.")
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        sys.exit("The claim is of another form.")
    return told


def take_over(folder: Path, meanwhile: Callable[[], None]) -> None:
    """Wait for the claim, and be from then on what it says."""
    os.environ.update(claimed(folder, meanwhile))
