"""Reads uuencoded lines: the first letter says how many bytes a line holds, and four letters hold three of them."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

_LINE = re.compile(r"[!-M][ -`]{2,61}")
_FEWEST = 16
"""Letters of all lines together, below which nothing is taken for a code."""


def uuencoded(text: str) -> Iterator[tuple[int, bytes]]:
    """Yield how many characters lines of the code took that follow each other, and what they hold."""
    content: list[bytes] = []
    written = 0
    for line in (*text.split("\n"), ""):
        held = _held(line)
        if held:
            content.append(held)
            written += len(line)
            continue
        if written >= _FEWEST:
            yield written, b"".join(content)
        content, written = [], 0


def _held(line: str) -> bytes:
    """The bytes of a line that is as long as its first letter says; spaces at its end may be gone."""
    if not _LINE.fullmatch(line):
        return b""
    size = ord(line[0]) - ord(" ")
    letters = 1 + -(-size // 3) * 4
    if not letters - 3 <= len(line) <= letters:
        return b""
    try:
        return binascii.a2b_uu(line.ljust(letters))
    except binascii.Error:
        return b""
