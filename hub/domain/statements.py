"""The requester's statement: what the author of a request says before it goes through the gate.

Invariants:

* it is made for each submission, of a text that the lab asks for now, and never by itself;
* who made it, when, and its very text with the digest of that are kept with the request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.domain.errors import InvalidError


@dataclass(frozen=True, slots=True)
class Statement:
    """Who made which statement when: its very text, and the SHA-256 of that."""

    person: str
    at: datetime
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class StatementAsked:
    """The statement that the lab asks for, in one of its languages."""

    language: str
    text: str
    digest: str


def statements_asked(texts: Mapping[str, str]) -> tuple[StatementAsked, ...]:
    """Return the statement in each language, with the digest by which somebody makes it."""
    return tuple(
        StatementAsked(code, text, hashlib.sha256(text.encode()).hexdigest()) for code, text in sorted(texts.items())
    )


def made(person: str, now: datetime, digest: str, texts: Mapping[str, str]) -> Statement:
    """Return the statement that somebody makes by naming its digest; no request goes through the gate without."""
    asked = next((one for one in statements_asked(texts) if one.digest == digest), None)
    if asked is None:
        raise InvalidError(
            "Make the requester's statement before you send the request; nobody makes it for you. It says: {text}",
            reason="statement-missing",
            text=texts["en"],
        )
    return Statement(person, now, asked.text, asked.digest)
