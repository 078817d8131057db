"""Numbers as programs write them, out of what stands around them: marks within, marks above, places before.

Python takes “17_699.95” for a number, a digit may have an accent or a key drawn around it, and the form of libsvm says
the place of each value before it (“1:17699.95 4:3”).
"""

from __future__ import annotations

import re

_GROUPED = re.compile(r"(?<![\w.])\d{1,3}(?:_\d{3})+(?!\w)")
_ABOVE = re.compile("(?<=[0-9])[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe0f\ufe20-\ufe2f]+")
_PLACED = re.compile(r"(?:(?<!\S)\d{1,6}:[+-]?[\d.][\d.eE+-]*[^\S\n]*){2,}")
_PLACE = re.compile(r"(?<!\S)(\d{1,6}):")


def plain_numbers(text: str) -> str:
    """Return a text in which such numbers stand alone."""
    plain = _ABOVE.sub("", text) if not text.isascii() else text
    plain = _GROUPED.sub(lambda number: number[0].replace("_", ""), plain) if "_" in plain else plain
    return _PLACED.sub(lambda run: _without_places(run[0]), plain) if ":" in plain else plain


def _without_places(run: str) -> str:
    """The values of one line, whose places rise; times and shares do not."""
    places = [int(place) for place in _PLACE.findall(run)]
    return _PLACE.sub("", run) if places == sorted(set(places)) else run
