"""The mark of a text that is translated later, where the language is not known yet."""

from __future__ import annotations


def N_(message: str) -> str:  # noqa: N802  # gettext's own name for it
    """Mark a text for translation."""
    return message
