"""Digests of inputs: what was made from the same bytes need not be made again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

SHORT = 16
"""Hex digits of a digest that stand in an image's tag."""


def digest_of(inputs: Mapping[str, str]) -> str:
    """SHA-256 of named inputs; independent of their order."""
    return hashlib.sha256(json.dumps(dict(inputs), sort_keys=True).encode()).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_digests(root: Path, *places: str) -> dict[str, str]:
    """Digests of the files below ``root`` that the places name; a folder stands for its files but Python's caches.

    Raises ``FileNotFoundError`` for a place that is not there.
    """
    root = root.resolve()
    found: dict[str, str] = {}
    for place in places:
        path = (root / place).resolve(strict=True)
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        for file in files:
            if "__pycache__" not in file.parts:
                found[file.relative_to(root).as_posix()] = file_digest(file)
    return dict(sorted(found.items()))
