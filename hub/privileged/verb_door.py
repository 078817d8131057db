"""The socket on which verbs are asked: looks who asks, reads exactly one verb, does it, answers, and hangs up."""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from pydantic import ValidationError

from hub.adapters.power.channel import MOST_ASKED, receive, said, send
from hub.adapters.power.verbs import VERBS, Answer, OpenFile
from hub.domain.errors import InvalidError, LabError, UnavailableError
from hub.privileged.peers import Askers, check_peer, peer_of
from hub.privileged.permissions import check_may_ask
from hub.privileged.verbs import Verbs

AT_ONCE = 16
PATIENCE = 10.0
"""Seconds in which whoever connected has said what they want."""
REFUSED_PATIENCE = 1.0
log = logging.getLogger("datalab.verbs")


def _hear_out(connection: socket.socket) -> None:
    """Read what a refused caller still says, within bounds: hanging up on it would take the answer back."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(REFUSED_PATIENCE)
    left = MOST_ASKED
    while left > 0 and (heard := connection.recv(2**16)):
        left -= len(heard)


def _say_fault(done: Future[None]) -> None:
    if done.exception() is not None:
        log.error("A verb failed in a way that nobody foresaw; its caller was told nothing.", exc_info=done.exception())


class VerbDoor:
    """Serves verbs in threads, since some of them take their time."""

    def __init__(self, verbs: Verbs, allowed: Askers) -> None:
        self._verbs = verbs
        self._allowed = allowed
        self._threads = ThreadPoolExecutor(AT_ONCE, "verb")

    async def serve(self, listener: socket.socket) -> None:
        """Accept until the task is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(listener)
            self._threads.submit(self.answer, connection).add_done_callback(_say_fault)

    def answer(self, connection: socket.socket) -> None:
        """Answer one caller; one that is gone meanwhile is nobody's trouble."""
        with connection, suppress(OSError, EOFError):
            connection.settimeout(PATIENCE)
            try:
                self._answered(connection)
            except LabError as error:
                log.warning("%s (%s)", error, error.reason)
                send(connection, said(error))
                _hear_out(connection)

    def _answered(self, connection: socket.socket) -> None:
        asker = check_peer(peer_of(connection), self._allowed)
        text, _ = receive(connection, MOST_ASKED)
        try:
            asked = VERBS.validate_json(text)
        except ValidationError:
            raise InvalidError("This is none of the verbs, or names what has no such name.", reason="verb") from None
        check_may_ask(asker, asked)
        try:
            if isinstance(asked, OpenFile):
                with self._verbs.opened(asked) as file:
                    send(connection, Answer(), file)
            else:
                send(connection, Answer(value=self._verbs.do(asked)))
        except (OSError, subprocess.SubprocessError) as error:
            # Whoever asked learns what was asked for and why it failed, but no path.
            log.exception("%s failed", asked.verb)
            raise UnavailableError(
                "The machine could not do “{verb}” ({why}); nothing was lost. Tell the administrator.",
                reason="verb-failed",
                verb=asked.verb,
                why=getattr(error, "strerror", None) or type(error).__name__,
            ) from error
