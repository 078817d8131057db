"""Whether bytes say something: text that can be read, in UTF-8 or UTF-16, or stretches of it among other bytes."""

from __future__ import annotations

import re

FEWEST = 4
"""Characters below which nothing is called a text."""
_SHORT = 24
_MOSTLY = 0.7
_SOME = 0.5
_LONGEST_PERIOD = 12
_LOOKED_AT = 4_000
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_STRETCH = re.compile(rb"[\t\n\r\x20-\x7e]{16,}")
_FEWEST_IN_STRETCHES = 20
_PLAIN = frozenset(" \n\t.,;:-_'\"")


def readable(content: bytes, fewest: int = FEWEST) -> str:
    """Return the text that bytes are as a whole, or nothing; a short one has to look like one."""
    if len(content) < fewest:
        return ""
    if _CONTROL.search(content):
        return _wide(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    return text if _is_like_text(text[:_LOOKED_AT]) else ""


def _is_like_text(text: str) -> bool:
    """Letters of one alphabet beside ASCII, and in a short text hardly anything but letters and digits.

    Bytes of any kind are now and then valid UTF-8, but then of many alphabets.
    """
    others = [c for c in text if not c.isascii()]
    if len(others) > (1 - _MOSTLY) * len(text) and len({ord(c) >> 8 for c in others if c.isalpha()}) > 1:
        return False
    if not all(c.isprintable() for c in others) or _repeats(text):
        return False
    plain = sum(c.isalnum() or c in _PLAIN for c in text)
    return plain >= (_MOSTLY if len(text) < _SHORT else _SOME) * len(text)


def _repeats(text: str) -> bool:
    """A few characters again and again come out where a word stands again and again, and say nothing."""
    return len(text) >= _SHORT and any(text[period:] == text[:-period] for period in range(1, _LONGEST_PERIOD + 1))


def _wide(content: bytes) -> str:
    """A text in UTF-16, of which every other byte is nought."""
    half = len(content) // 2
    if len(content) % 2 or half < FEWEST:
        return ""
    for code, high in (("utf-16-le", content[1::2]), ("utf-16-be", content[::2])):
        if high.count(0) >= _MOSTLY * half:
            text = content.decode(code, "replace").removeprefix("\ufeff")
            if not _CONTROL.search(text.encode("utf-8", "replace")):
                return text
    return ""


def stretches(content: bytes) -> str:
    """Return the readable stretches among other bytes, one on a line, or nothing where there are hardly any."""
    found = [stretch.decode("ascii") for stretch in _STRETCH.findall(content)]
    joined = "\n".join(stretch for stretch in found if _is_like_text(stretch[:_LOOKED_AT]))
    return joined if len(joined) >= _FEWEST_IN_STRETCHES else ""
