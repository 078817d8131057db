"""Votes as they are kept: who said what of which bytes under which policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Decision(StrEnum):
    """What a steward says of a file."""

    APPROVE = "approve"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class Vote:
    """A steward's vote on one canonical file under one policy."""

    steward: str
    path: str
    canonical: str
    policy: str
    decision: Decision
    reason: str
    at: datetime
