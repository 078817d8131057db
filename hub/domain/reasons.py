"""Reasons that people write for other people: how short one may be, and what is said where there is none."""

from __future__ import annotations

from hub.domain.errors import InvalidError

SHORTEST = 5
"""Characters, without the space around them."""


def is_given(reason: str) -> bool:
    """Say whether there is a reason that somebody could read."""
    return len(reason.strip()) >= SHORTEST


def check_reason(reason: str) -> str:
    """Return the reason without the space around it; InvalidError where there is none."""
    if not is_given(reason):
        raise InvalidError("Say why; the people concerned read it.", reason="reason-missing")
    return reason.strip()
