"""The requester's statement: what the author of a request says before it goes through the gate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """Who made which statement when: its very text, and the SHA-256 of that."""

    person: str
    at: datetime
    text: str
    digest: str
