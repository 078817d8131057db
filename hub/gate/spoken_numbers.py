"""Numbers that a text says: in digits of any alphabet, in raised or Chinese ones, in Unicode's Roman ones, or in words.

Words are the cardinal numbers of English and of French but for “one”, which is mostly no number, however their letters
are dressed (accents, raised letters). A square or a cube behind a letter is a unit's or a statistic's (m², R²).
"""

from __future__ import annotations

import re
import unicodedata

_WORDS = """
zero zeros two three four five six seven eight nine ten tens eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million
millions billion billions trillion trillions dozen dozens deux trois quatre cinq sept huit neuf dix onze douze treize
quatorze quinze seize vingt vingts trente quarante cinquante soixante septante huitante octante nonante cent cents mille
milliard milliards dizaine dizaines douzaine douzaines quinzaine quinzaines vingtaine vingtaines trentaine trentaines
quarantaine quarantaines cinquantaine cinquantaines soixantaine soixantaines centaine centaines millier milliers
"""
_LETTER = r"[^\W\d_]"
_ANY_WORD = "|".join(_WORDS.split())
_NUMBER_WORD = re.compile(rf"(?:{_ANY_WORD})(?={_ANY_WORD}|\Z)", re.IGNORECASE)
"""A word behind which nothing stands, or another one: “cent”, and not “cents”, in “centsoixante”."""
_NUMBER_WORDS = re.compile(rf"(?<!{_LETTER})(?:{_ANY_WORD})+(?!{_LETTER})", re.IGNORECASE)
_POWER = re.compile(rf"(?<={_LETTER})[²³](?![\w²³¹])")


def spoken_numbers(text: str) -> int:
    """How many digits, and words of numbers, stand in a text."""
    said = _POWER.sub("", text)
    plain = "".join(c for c in unicodedata.normalize("NFKD", said) if not unicodedata.combining(c))
    words = sum(len(_NUMBER_WORD.findall(found[0])) for found in _NUMBER_WORDS.finditer(plain))
    return sum(character.isnumeric() for character in said) + words
