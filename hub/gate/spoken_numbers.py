"""Numbers that a text says: in digits of any alphabet, in raised, Roman or Chinese ones, or in words.

Words are the cardinal numbers of English and of French but for “one”, which is mostly no number. A square or a cube
behind a letter is a unit's or a statistic's (m², R²).
"""

from __future__ import annotations

import re

_WORDS = """
zero zéro two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million
millions billion billions dozen dozens deux trois quatre cinq sept huit neuf dix onze douze treize quatorze quinze
seize vingt vingts trente quarante cinquante soixante septante huitante octante nonante cent cents mille milliard
milliards dizaine dizaines douzaine douzaines quinzaine quinzaines vingtaine vingtaines trentaine trentaines
quarantaine cinquantaine soixantaine centaine centaines millier milliers
"""
_LETTER = r"[^\W\d_]"
_NUMBER_WORDS = re.compile(
    rf"(?<!{_LETTER})(?:{'|'.join(sorted(_WORDS.split(), key=len, reverse=True))})+(?!{_LETTER})", re.IGNORECASE
)
_POWER = re.compile(rf"(?<={_LETTER})[²³](?![\w²³¹])")


def spoken_numbers(text: str) -> int:
    """How many digits, and words of numbers, stand in a text."""
    said = _POWER.sub("", text)
    return sum(character.isnumeric() for character in said) + sum(1 for _ in _NUMBER_WORDS.finditer(said))
