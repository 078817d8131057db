"""Words of a text without accents, case and marks, so that a name meets itself however it is written."""

from __future__ import annotations

import re
import unicodedata

MOST_WORDS = 6
_WORD = re.compile(r"[^\W_]+(?:['’+.-][^\W_]+)*")
_MARKS = re.compile(r"['’.-]")


def plain_word(word: str) -> str:
    """A word in lower case, without accents and without marks within it."""
    folded = unicodedata.normalize("NFKD", word).casefold()
    return _MARKS.sub("", "".join(c for c in folded if not unicodedata.combining(c)))


def plain_words(text: str) -> str:
    """The words of a value, with one space between them."""
    return " ".join(plain_word(word) for word in _WORD.findall(text))


def phrases(text: str) -> set[str]:
    """Every run of up to six words of a text, line by line."""
    found: set[str] = set()
    for line in text.splitlines():
        words = [plain_word(word) for word in _WORD.findall(line)]
        for length in range(1, min(MOST_WORDS, len(words)) + 1):
            found.update(" ".join(words[at : at + length]) for at in range(len(words) - length + 1))
    return found
