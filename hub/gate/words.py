"""Words of a text without accents, case and marks, so that a name or number meets itself however it is written."""

from __future__ import annotations

import re
import unicodedata

MOST_PARTS = 8
_PART = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """A text in lower case, without accents and without anything that is no letter or digit."""
    if text.isascii():
        return text.lower() if text.isalnum() else "".join(filter(str.isalnum, text.lower()))
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in folded if c.isalnum())


def phrases(text: str) -> set[str]:
    """Every run of up to eight words of a line, without what stands between them."""
    found: set[str] = set()
    for line in text.splitlines():
        if line.isascii() and line.isalnum():
            found.add(line.lower())
            continue
        words = [plain(part) for part in _PART.findall(unicodedata.normalize("NFC", line))]
        for length in range(1, min(MOST_PARTS, len(words)) + 1):
            found.update("".join(words[at : at + length]) for at in range(len(words) - length + 1))
    return found
