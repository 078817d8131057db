"""What the hub of today answers to, as its own tables of handlers say it."""

from __future__ import annotations

import re


def every_address(*names: str) -> set[str]:
    """Every address that the hub of today has a handler for, with these names in its places."""
    from jupyterhub import apihandlers, handlers

    made = set()
    for pattern, *_ in [*apihandlers.default_handlers, *handlers.default_handlers]:
        for name in names:
            filled = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)\??", name, pattern).replace("\\", "").rstrip("$?")
            made.add(f"/hub{filled}")
    return made
