"""Messages over a unix socket: a length, the text, and at most one open file that goes along with it."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from hub.adapters.power.places import VERBS_SOCKET, Door
from hub.adapters.power.verbs import Answer
from hub.domain.errors import (
    ConflictError,
    InvalidError,
    LabError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)

LENGTH = struct.Struct("!I")
MOST_ASKED, MOST_ANSWERED = 4 * 2**20, 32 * 2**20
CONNECT_SECONDS, PAUSE = 8.0, 0.1
"""How long a killed privileged process may take to come back before its absence is said."""
BUSY = "verb-busy"
"""The reason of a refusal that is worth another try: the account has too many connections."""
LONGEST_DEED = 3660.0
"""A large dataset's image takes its time."""
LOOK_SECONDS = 1
"""How long somebody waits who only looks: of what is not known then, a page says nothing."""
ERRORS: dict[str, Callable[..., LabError]] = {
    kind.__name__: kind for kind in (RefusedError, NotFoundError, InvalidError, ConflictError, UnavailableError)
}


def send(connection: socket.socket, message: BaseModel, file: int | None = None) -> None:
    """Send a message, and a file with it."""
    text = message.model_dump_json().encode()
    head = LENGTH.pack(len(text))
    if file is None:
        connection.sendall(head)
    else:
        socket.send_fds(connection, [head], [file])
    connection.sendall(text)


def receive(connection: socket.socket, most: int) -> tuple[bytes, list[int]]:
    """Receive a message and the files that came with it; EOFError where the other side is gone."""
    head, files, _, _ = socket.recv_fds(connection, LENGTH.size, 1)
    if not head:
        raise EOFError
    try:
        return _text(connection, head, most), list(files)
    except (OSError, EOFError, InvalidError):
        for file in files:
            os.close(file)
        raise


def _text(connection: socket.socket, head: bytes, most: int) -> bytes:
    """Receive what the head, as far as it has come, announces."""
    while len(head) < LENGTH.size:
        head += _more(connection, LENGTH.size - len(head))
    length = LENGTH.unpack(head)[0]
    if length > most:
        raise InvalidError("A message to or from the privileged process is too long.", reason="verb-length")
    text = b""
    while len(text) < length:
        text += _more(connection, length - len(text))
    return text


def _more(connection: socket.socket, most: int) -> bytes:
    received = connection.recv(min(most, 2**20))
    if not received:
        raise EOFError
    return received


def said(error: LabError) -> Answer:
    """Put an error of the lab into words that the other side makes the same error from."""
    kind = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in ERRORS)
    values = {name: str(value) for name, value in error.values.items()}
    return Answer(error=kind, message=error.template, reason=error.reason, values=values)


def ask(
    state: Path, verb: BaseModel, within: float = CONNECT_SECONDS, longest: float = LONGEST_DEED
) -> tuple[Any, int | None]:
    """Ask the privileged process for a deed; returns its value, and the file that it handed over.

    Every verb may be repeated, so one that a kill interrupted is asked for again. UnavailableError when nobody answers
    ``within`` these seconds, or the deed takes longer than the ``longest``.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            text, files = _exchange(state, verb, longest)
        except (OSError, EOFError) as error:
            if time.monotonic() > deadline:
                raise UnavailableError(
                    "The lab's privileged process does not answer; nothing was lost. It is started again by itself: "
                    "try again in a few seconds, then tell the administrator.",
                    reason="no-privileged",
                ) from error
        else:
            try:
                return _understood(text, files)
            except UnavailableError as error:
                if error.reason != BUSY or time.monotonic() > deadline:
                    raise
        time.sleep(PAUSE)


def look(state: Path, verb: BaseModel) -> tuple[Any, int | None]:
    """Ask for what somebody looks at, and wait for nothing: so many follow what is under way, on so few threads."""
    return ask(state, verb, LOOK_SECONDS, LOOK_SECONDS)


def _exchange(state: Path, verb: BaseModel, longest: float) -> tuple[bytes, list[int]]:
    door = Door(state)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(longest)
            connection.connect(door.address(VERBS_SOCKET))
            send(connection, verb)
            return receive(connection, MOST_ANSWERED)
    finally:
        door.close()


def _understood(text: bytes, files: list[int]) -> tuple[Any, int | None]:
    try:
        answer = Answer.model_validate_json(text)
    except ValidationError:
        raise UnavailableError("The privileged process's answer cannot be read.", reason="verb-answer") from None
    if answer.error:
        for file in files:
            os.close(file)
        raise ERRORS.get(answer.error, UnavailableError)(answer.message, reason=answer.reason, **answer.values)
    return answer.value, files[0] if files else None
