"""Letters and digits that pose as plain ones: of other alphabets, or styled by Unicode (wide, mathematical, circled).

Source of the pairs: Unicode Technical Standard 39, confusables.txt, as far as a letter of the Cyrillic or the Greek
alphabet is drawn as a Latin one.
"""

from __future__ import annotations

import re
import unicodedata

_POSING = dict(
    zip(
        "АВСЕНІЈКМОРЅТХУаеорсухіјѕԁһѵԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧονρυ",
        "ABCEHIJKMOPSTXYaeopcyxijsdhvqwABEZHIKMNOPTYXovpu",
        strict=True,
    )
)
_STYLED = ("MATHEMATICAL", "FULLWIDTH", "CIRCLED", "PARENTHESIZED", "SQUARED", "NEGATIVE", "REGIONAL", "DOUBLE-STRUCK")
_WORD = re.compile(r"[^\W\d_]+")
_FEWEST = 3
"""Letters from which a word of posing letters alone is one; Greek letters stand in formulas one by one."""


def plain_letters(text: str) -> str:
    """Return a text with other digits, styled letters, and letters that pose as Latin ones written as plain ones.

    A word of another alphabet is such a word, and stays; one of nothing but letters that pose is none, unless other
    words of its alphabet stand beside it.
    """
    if text.isascii():
        return text
    others = {character: _plain(character) for character in set(text) if not character.isascii()}
    changed = {ord(c): plain for c, plain in others.items() if plain != c}
    is_styled = any(chr(code) not in _POSING for code in changed)
    return text.translate(changed) if is_styled or (changed and _poses(text)) else text


def _plain(character: str) -> str:
    if character in _POSING:
        return _POSING[character]
    digit = unicodedata.decimal(character, -1)
    if digit >= 0:
        return str(int(digit))
    styled = unicodedata.name(character, "").startswith(_STYLED)
    plain = unicodedata.normalize("NFKC", character) if styled else character
    return plain if plain.isascii() and plain.isprintable() else character


def _poses(text: str) -> bool:
    """Whether letters pose: beside Latin ones in a word, or as a whole word among Latin ones."""
    words = {word for word in _WORD.findall(text) if not word.isascii()}
    posing = [word for word in words if any(c in _POSING for c in word)]
    if any(c.isascii() or _is_latin(c) for word in posing for c in word):
        return True
    foreign = [word for word in words if not all(map(_is_latin, word)) and len(word) >= _FEWEST]
    return bool(foreign) and all(c in _POSING for word in foreign for c in word)


def _is_latin(character: str) -> bool:
    return unicodedata.name(character, "").startswith("LATIN")
