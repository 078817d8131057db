"""Text as it leaves: NFC, plain line ends, and no character that the eye does not see.

Invariant: cleaning what is clean changes nothing, since no step makes a character that an earlier one takes out.
"""

from __future__ import annotations

import re
import unicodedata

_PLAIN = re.compile(r"[ -~\n\t]*+")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0")
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean(text: str) -> str:
    """Return a text without escapes, control, direction and invisible characters; every space is a plain one."""
    if text.isascii() and text.isprintable():
        return text
    lines = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    if _PLAIN.fullmatch(lines):
        return lines
    lines = lines.replace("\u2029", "\n").replace("\x85", "\n")
    return unicodedata.normalize("NFC", lines.translate({ord(c): _seen(c) for c in set(lines)}))


def clean_cell(text: str) -> str:
    """Return a cell's text without spaces around it."""
    return clean(text).strip()


def clean_block(text: str) -> str:
    """Return a text without spaces at the end of its lines and without empty lines at its end."""
    return "\n".join(line.rstrip() for line in clean(text).split("\n")).rstrip("\n")


def hides(text: str) -> bool:
    """Whether cleaning takes out something that a reader would not have seen, beyond spaces and line ends."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    return any(_seen(character) == "" for character in set(plain))


def _seen(character: str) -> str:
    if character in "\n\t":
        return character
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    hidden = category in _UNSEEN_CATEGORIES or character in _UNSEEN or _is_variation(character)
    return "" if hidden else character


def _is_variation(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
