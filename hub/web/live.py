"""Live answers: what somebody follows is sent again each time that it changes, as server-sent events.

Invariants:

* each look asks the rules that a page asks: to whoever may see it no longer, nothing more is sent; and whose login it
  is, which the hub's word tells for a few seconds, as for a page;
* between two looks no thread is held, and there are only so many streams: of one person, and of all;
* a stream ends with what it follows, and after a while in any case: whoever goes on comes in by the door again;
* whoever takes nothing of what is sent loses the connection with the place.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tornado.iostream import StreamClosedError

from hub.domain.errors import LabError, UnavailableError

if TYPE_CHECKING:
    from hub.web.handlers import SignedIn

EVENTS = "text/event-stream; charset=utf-8"
MOST, MOST_EACH = 64, 3
"""Streams at a time. A browser has six connections to one address, and needs some for everything else."""
EVERY, SILENCE, LONGEST = 1.0, 15.0, 600.0
"""Seconds between two looks, after which something is said though nothing changed, and after which a stream ends in any
case."""
LINE_END = re.compile(r"\r\n|\r|\n")
PATIENCE = 20.0
"""Seconds that whoever follows may take to receive a piece."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look saw, and whether it is the last."""

    text: str
    is_over: bool


class Streams:
    """The streams that are open."""

    def __init__(self, most: int = MOST, most_each: int = MOST_EACH) -> None:
        self._most, self._most_each = most, most_each
        self._open: Counter[str] = Counter()

    @contextmanager
    def place(self, actor: str) -> Iterator[None]:
        """Hold one of a person's places, if there is one."""
        if self._open[actor] >= self._most_each or self._open.total() >= self._most:
            raise UnavailableError(
                "You follow as much live as the portal sends at a time; ask again every second instead.",
                reason="too-many-streams",
            )
        self._open[actor] += 1
        try:
            yield
        finally:
            self._open[actor] -= 1
            self._open += Counter()  # forgets who has none


async def follow(handler: SignedIn, look: Callable[[], Seen]) -> None:
    """Send what a look sees, and again each time that it sees something else, until it is over."""
    with handler.parts.streams.place(handler.actor):
        seen = await handler.use(look)
        handler.set_header("Content-Type", EVENTS)
        handler.set_header("X-Accel-Buffering", "no")  # a proxy in front passes each piece on at once
        try:
            await _send(handler, event_of(seen.text))
            if not seen.is_over:
                await _go_on(handler, look, seen)
        except TimeoutError:
            handler.hang_up()
        except StreamClosedError:  # whoever followed is gone
            return


async def _go_on(handler: SignedIn, look: Callable[[], Seen], last: Seen) -> None:
    """Look again and again. A refusal ends the stream: who asks again is told why."""
    now = asyncio.get_running_loop().time
    until, silent_until = now() + LONGEST, now() + SILENCE
    with suppress(LabError):
        while not last.is_over and now() < until and not await handler.has_left(EVERY):
            await handler.check_login()
            seen = await handler.use(look)
            if seen != last:
                await _send(handler, event_of(seen.text))
            elif now() >= silent_until:
                await _send(handler, ":\n\n")
            else:
                continue
            last, silent_until = seen, now() + SILENCE


async def _send(handler: SignedIn, text: str) -> None:
    handler.write(text)
    async with asyncio.timeout(PATIENCE):
        await handler.flush()


def event_of(text: str) -> str:
    """Return a text as one event; each of its lines, as the standard has lines, is a line of the event's data."""
    return "".join(f"data: {line}\n" for line in LINE_END.split(text)) + "\n"
