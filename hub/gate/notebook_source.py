"""The source of a notebook as it is compared: by type and text of each cell, as they would leave."""

from __future__ import annotations

import hashlib

from hub.gate.canonical_text import clean_block


def cell_digest(kind: str, source: str) -> str:
    """SHA-256 of a cell's type and of its source without what the eye does not see."""
    return hashlib.sha256(f"{kind}\n{clean_block(source)}".encode()).hexdigest()
