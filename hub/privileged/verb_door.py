"""The socket on which verbs are asked: looks who asks, reads exactly one verb, does it, answers, and hangs up.

* Whoever says nothing, or says it slowly, holds no thread: it is heard beside all others, for ``PATIENCE`` seconds.
* One account has at most ``MOST_EACH`` connections, silent and waiting ones among them; more are refused at once.
* One account has at most ``TURNS_EACH`` of the ``AT_ONCE`` threads, so the others find one whatever it asks for.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from pydantic import ValidationError

from hub.accounts import Account
from hub.adapters.power.channel import BUSY, LENGTH, MOST_ASKED, said, send
from hub.adapters.power.verbs import VERBS, Answer, OpenFile
from hub.domain.errors import InvalidError, LabError, UnavailableError
from hub.privileged.metrics import DoorName, Measured
from hub.privileged.peers import Askers, Peer, check_peer, peer_of
from hub.privileged.permissions import check_may_ask
from hub.privileged.verbs import Verbs
from spawner_config.accepting import next_connection

AT_ONCE, TURNS_EACH, MOST_EACH = 32, 12, 64
PATIENCE = 10.0
"""Seconds in which whoever connected has said what they want."""
REFUSED_PATIENCE = 1.0
log = logging.getLogger("datalab.verbs")


async def _exactly(connection: socket.socket, length: int) -> bytes:
    loop, text = asyncio.get_running_loop(), bytearray()
    while len(text) < length:
        received = await loop.sock_recv(connection, min(length - len(text), 2**20))
        if not received:
            raise EOFError
        text += received
    return bytes(text)


async def _message(connection: socket.socket) -> bytes:
    """Read one message; open files that come along are not taken."""
    length = LENGTH.unpack(await _exactly(connection, LENGTH.size))[0]
    if length > MOST_ASKED:
        raise InvalidError("A message to or from the privileged process is too long.", reason="verb-length")
    return await _exactly(connection, length)


async def _hear_out(connection: socket.socket) -> None:
    """Read what a refused caller still says, within bounds: hanging up on it would take the answer back."""
    connection.shutdown(socket.SHUT_WR)
    left = MOST_ASKED
    while left > 0 and (heard := await asyncio.get_running_loop().sock_recv(connection, 2**16)):
        left -= len(heard)


def _say_fault(done: asyncio.Task[None]) -> None:
    if not done.cancelled() and done.exception() is not None:
        log.error("A verb failed in a way that nobody foresaw; its caller was told nothing.", exc_info=done.exception())


def too_much() -> UnavailableError:
    """Say that an account has too many connections; whoever asked tries again by itself."""
    return UnavailableError(
        "Too much is asked of the lab's privileged process at the same time; nothing was lost. "
        "Try again in a few seconds.",
        reason=BUSY,
    )


class VerbDoor:
    """Hears every caller in one thread, and does verbs in others, since some of them take their time."""

    def __init__(
        self,
        verbs: Verbs,
        allowed: Askers,
        turns_each: int = TURNS_EACH,
        most_each: int = MOST_EACH,
        measured: Measured | None = None,
    ) -> None:
        self._verbs = verbs
        self._measured = measured or Measured()
        self._allowed = allowed
        self._most_each = most_each
        self._threads = ThreadPoolExecutor(AT_ONCE, "verb")
        self._turns: defaultdict[int, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(turns_each))
        self._here = Counter[int]()

    async def serve(self, listener: socket.socket) -> None:
        """Accept until the task is cancelled."""
        callers = set[asyncio.Task[None]]()
        while True:
            connection = await next_connection(listener)
            caller = asyncio.create_task(self._attend(connection))
            callers.add(caller)
            caller.add_done_callback(callers.discard)
            caller.add_done_callback(_say_fault)

    async def _attend(self, connection: socket.socket) -> None:
        """Answer one caller; one that is gone meanwhile, or silent, is nobody's trouble."""
        with connection, suppress(OSError, EOFError):
            peer = peer_of(connection)
            if self._here[peer.uid] >= self._most_each:
                self._refuse(connection, too_much())
                return
            with self._place(peer.uid):
                try:
                    await self._serve_one(connection, peer)
                except LabError as error:
                    self._refuse(connection, error)
                    await asyncio.wait_for(_hear_out(connection), REFUSED_PATIENCE)

    def _refuse(self, connection: socket.socket, error: LabError) -> None:
        log.warning("%s (%s)", error, error.reason)
        self._measured.refused(DoorName.VERBS, error.reason)
        send(connection, said(error))

    @contextmanager
    def _place(self, uid: int) -> Iterator[None]:
        """Count a connection of an account while it lasts."""
        self._here[uid] += 1
        try:
            yield
        finally:
            self._here[uid] -= 1

    async def _serve_one(self, connection: socket.socket, peer: Peer) -> None:
        """Hear one caller, wait for its account's turn, and let a thread do the verb and answer."""
        asker = check_peer(peer, self._allowed)
        text = await asyncio.wait_for(_message(connection), PATIENCE)
        async with self._turns[peer.uid]:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, connection, asker, text)

    def _answer(self, connection: socket.socket, asker: frozenset[Account], text: bytes) -> None:
        with connection.dup() as own:  # so it goes on when the task that waits for it is cancelled
            own.settimeout(PATIENCE)
            self._answered(own, asker, text)

    def _answered(self, connection: socket.socket, asker: frozenset[Account], text: bytes) -> None:
        try:
            asked = VERBS.validate_json(text)
        except ValidationError:
            raise InvalidError("This is none of the verbs, or names what has no such name.", reason="verb") from None
        check_may_ask(asker, asked)
        began = time.monotonic()
        try:
            if isinstance(asked, OpenFile):
                with self._verbs.opened(asked) as file:
                    self._measured.verb(asked.verb, time.monotonic() - began)
                    send(connection, Answer(), file)
            else:
                value = self._verbs.do(asked)
                self._measured.verb(asked.verb, time.monotonic() - began)
                send(connection, Answer(value=value))
        except (OSError, subprocess.SubprocessError) as error:
            # Whoever asked learns what was asked for and why it failed, but no path.
            log.exception("%s failed", asked.verb)
            raise UnavailableError(
                "The machine could not do “{verb}” ({why}); nothing was lost. Tell the administrator.",
                reason="verb-failed",
                verb=asked.verb,
                why=getattr(error, "strerror", None) or type(error).__name__,
            ) from error
