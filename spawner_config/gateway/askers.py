"""Who asks: the hub says to whom a token belongs and what it opens; what it said is believed for some seconds."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
from pydantic import BaseModel, ValidationError

from hub.domain.errors import UnavailableError

MOST_REMEMBERED = 4096
QUESTIONS = 16
STRANGERS_QUESTIONS = 4
"""Questions at a time about tokens that nobody vouches for: whoever makes some up waits behind others who do."""
LONGEST_ANSWER = 256 * 1024

_AUTHORIZATION = re.compile(r"(?:token|bearer) +([A-Za-z0-9._~+/=-]{1,500})", re.IGNORECASE)


class _Model(BaseModel):
    """What the gateway reads of the hub's answer."""

    kind: str
    name: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Asker:
    """A person, and which servers their token opens."""

    name: str
    scopes: frozenset[str]

    def may_open(self, person: str, project: str) -> bool:
        """A workspace is its person's alone, and only a token that opens servers opens it."""
        opens = {"access:servers", f"access:servers!user={person}", f"access:servers!server={person}/{project}"}
        return self.name == person and bool(opens & self.scopes)


@dataclass(slots=True)
class _Known:
    asker: Asker
    until: float


class Askers:
    """Asks the hub, once for a token at a time, and remembers for a while."""

    def __init__(self, session: aiohttp.ClientSession, hub: str, seconds: float, believed: float) -> None:
        self._session = session
        self._url = f"{hub}/hub/api/user"
        self._seconds = seconds
        self._believed = believed  # a token that was withdrawn works no longer than that
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._asking: dict[bytes, asyncio.Future[Asker | None]] = {}
        self._turn = asyncio.Semaphore(QUESTIONS)
        self._strangers_turn = asyncio.Semaphore(STRANGERS_QUESTIONS)
        self._forgotten = asyncio.Event()  # a new one for each time that somebody is forgotten

    async def of(self, token: str, *, sealed: bool = False) -> Asker | None:
        """Return whose token it is, or None; UnavailableError where the hub is away and the token is not known.

        One that the gateway sealed, or that was somebody's before, does not wait behind those of strangers.
        """
        key = hashlib.sha256(token.encode()).digest()
        known = self._known.get(key)
        if known is not None and known.until > time.monotonic():
            return known.asker
        if key not in self._asking:
            turn = self._turn if sealed or known is not None else self._strangers_turn
            self._asking[key] = asyncio.ensure_future(self._ask(key, token, turn))
        return await asyncio.shield(self._asking[key])

    async def _ask(self, key: bytes, token: str, turn: asyncio.Semaphore) -> Asker | None:
        asked_in = self._forgotten
        try:
            asker = await self._hub_says(token, turn)
        finally:
            self._asking.pop(key, None)
        self._known.pop(key, None)
        if asker is not None and not asked_in.is_set():  # else the answer may be older than what was forgotten
            self._known[key] = _Known(asker, time.monotonic() + self._believed)
            while len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)
        return asker

    async def _hub_says(self, token: str, turn: asyncio.Semaphore) -> Asker | None:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        try:
            async with (
                turn,
                asyncio.timeout(self._seconds),
                self._session.get(self._url, headers=headers, allow_redirects=False) as received,
            ):
                body = await received.content.read(LONGEST_ANSWER)
        except (TimeoutError, aiohttp.ClientError, OSError):
            raise hub_down() from None
        if received.status >= 500:
            raise hub_down()
        if received.status != 200:
            return None
        try:
            found = _Model.model_validate_json(body)
        except ValidationError:
            raise hub_down() from None
        return Asker(found.name, found.scopes) if found.kind == "user" else None

    def forget(self, person: str) -> None:
        """Ask the hub again for whatever this person shows next."""
        for key in [key for key, known in self._known.items() if known.asker.name == person]:
            del self._known[key]
        self._forgotten.set()
        self._forgotten = asyncio.Event()

    async def rest(self, seconds: float) -> None:
        """Wait so long, or until somebody is forgotten: whoever looks again now and then looks at once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._forgotten.wait()


def token_of(authorization: str) -> str:
    """Return the token in an Authorization header; empty when there is none."""
    found = _AUTHORIZATION.fullmatch(authorization.strip())
    return found[1] if found else ""


def hub_down() -> UnavailableError:
    """The hub does not answer, so nobody new is let in."""
    return UnavailableError("The hub does not answer; try again.", reason="hub-down")
