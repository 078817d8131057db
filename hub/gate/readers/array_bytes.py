"""What a model's arrays say as bytes: text, packed bytes or a file that stand there as whole numbers of any size.

Whole numbers leave as they are, so that eight bytes of a text are a number as good as any other. They are read in both
orders of bytes, with and without the zeros that fill them up, and as codes of letters, one for each number; each array
by itself, and all of one type behind each other.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import groupby

import numpy as np

from hub.gate.array_views import spelled
from hub.gate.arrays import Numbers, numbers_of
from hub.gate.fragments import ArrayPart, ArraysFragment
from hub.gate.readers.encodings import LONG, is_telling
from hub.gate.readers.readable import stretches

_NEARLY = 0.9


def array_bytes(fragment: ArraysFragment) -> Iterator[tuple[str, bytes]]:
    """Yield the place of arrays, and the bytes that they say; numbers that say nothing are left alone."""
    seen: set[bytes] = set()
    for place, content in _contents(fragment):
        if len(content) >= LONG and content not in seen and (is_telling(content) or stretches(content)):
            seen.add(content)
            yield place, content


def _contents(fragment: ArraysFragment) -> Iterator[tuple[str, bytes]]:
    whole: list[ArrayPart] = []
    for number, array in enumerate(fragment.arrays, start=1):
        yield f", array {number}", _letters(numbers_of(array))
        if not array.type.is_fraction:
            yield from ((f", array {number}", content) for content in _read([array]))
            whole.append(array)
    for _, group in groupby(sorted(whole, key=lambda a: (a.type, a.name)), key=lambda a: a.type):
        same = list(group)
        if len(same) > 1:
            yield from ((", arrays", content) for content in _read(same))


def _letters(numbers: Numbers) -> bytes:
    """The text that numbers spell, if hardly any of them is no letter of it."""
    lines = spelled(numbers)
    is_text = sum(map(len, lines)) >= _NEARLY * np.count_nonzero(numbers >= ord(" "))
    return "\n".join(lines).encode() if is_text else b""


def _read(arrays: list[ArrayPart]) -> Iterator[bytes]:
    """The bytes of arrays of one type, and of each number from its other end."""
    content = b"".join(base64.b64decode(array.data) for array in arrays)
    other = np.frombuffer(content, dtype=f"u{arrays[0].type.size}").byteswap().tobytes()
    yield from (content, other, content.replace(b"\0", b""), other.replace(b"\0", b""))
