"""Reads safetensors: eight bytes of length, a JSON header, and the arrays' bytes, without a gap and without a rest.

The format is that small, so the gate reads it itself: the library accepts headers of 100 MB, types that no check can
compare, and NaN, and hands out memory of the file where the gate wants bounded fragments.
Source: the safetensors format, README of huggingface/safetensors.
"""

from __future__ import annotations

import base64
import json
import math

import numpy as np
from pydantic import Field, JsonValue, ValidationError

from hub.gate.array_types import ArrayType
from hub.gate.arrays import from_bytes
from hub.gate.fragments import MOST_ARRAYS, MOST_AXES, MOST_NUMBERS, ArrayPart, ArraysFragment, Part
from hub.gate.readers.documents import parse_json
from hub.gate.refusals import ReadRefusedError, RefusalReason

LONGEST_HEADER = 2**20
LENGTH = 8
METADATA = "__metadata__"
_LONGEST_METADATA = 10_000
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06")
_FILES = (b"PAR1", b"\x89PNG", b"\x1f\x8b\x08", b"\x80\x04\x95", b"\x7fELF", b"%PDF", b"7z\xbc\xaf", b"\xfd7zXZ")


class _Entry(Part):
    """What the header says of one array."""

    dtype: str
    shape: tuple[int, ...] = Field(max_length=MOST_AXES)
    data_offsets: tuple[int, int]


def read_safetensors(content: bytes) -> tuple[ArraysFragment, ...]:
    """Read a model's arrays; every byte of the file belongs to the header or to one array."""
    length = int.from_bytes(content[:LENGTH], "little")
    header, data = content[LENGTH : LENGTH + length], content[LENGTH + length :]
    if length > LONGEST_HEADER or len(header) != length or not header.startswith(b"{"):
        raise _broken()
    said = parse_json(header)
    if not isinstance(said, dict):
        raise _broken()
    metadata = _metadata(said.pop(METADATA, {}))
    entries = {name: _entry(value) for name, value in said.items()}
    if len(entries) > MOST_ARRAYS:
        raise ReadRefusedError(RefusalReason.TOO_MANY_PARTS)
    _check_filled(list(entries.values()), len(data))
    arrays = tuple(_array(name, entries[name], data) for name in sorted(entries))
    try:
        return (ArraysFragment(arrays=arrays, metadata=metadata),)
    except ValidationError:
        raise _broken() from None


def _broken() -> ReadRefusedError:
    return ReadRefusedError(RefusalReason.BROKEN_SAFETENSORS)


def _metadata(said: JsonValue) -> tuple[tuple[str, str], ...]:
    """Texts by name; they do not leave, and only say what their author declares."""
    pairs = said.items() if isinstance(said, dict) else None
    if pairs is None or not all(isinstance(value, str) for _, value in pairs):
        raise _broken()
    if sum(len(name) + len(str(value)) for name, value in pairs) > _LONGEST_METADATA:
        raise ReadRefusedError(RefusalReason.TOO_MANY_PARTS)
    return tuple((name, str(value)) for name, value in sorted(pairs))


def _entry(said: JsonValue) -> _Entry:
    try:
        entry = _Entry.model_validate_json(json.dumps(said))
    except ValidationError:
        raise _broken() from None
    if entry.dtype not in frozenset(ArrayType):
        raise ReadRefusedError(RefusalReason.ARRAY_TYPE)
    if any(length < 1 for length in entry.shape):
        raise _broken()
    if math.prod(entry.shape) > MOST_NUMBERS:
        raise ReadRefusedError(RefusalReason.TOO_LARGE)
    return entry


def _check_filled(entries: list[_Entry], size: int) -> None:
    """The arrays lie one behind the other, from the first byte to the last, each as long as its shape asks for."""
    at = 0
    for entry in sorted(entries, key=lambda e: e.data_offsets):
        begin, end = entry.data_offsets
        if begin != at or end - begin != math.prod(entry.shape) * ArrayType(entry.dtype).size:
            raise _broken()
        at = end
    if at != size or not entries:
        raise _broken()


def _array(name: str, entry: _Entry, data: bytes) -> ArrayPart:
    content = data[slice(*entry.data_offsets)]
    kind = ArrayType(entry.dtype)
    numbers = from_bytes(content, kind, entry.shape)
    if kind.is_fraction and not np.isfinite(numbers).all():
        raise ReadRefusedError(RefusalReason.STRANGE_NUMBER)
    if kind is ArrayType.BOOL and numbers.max() > 1:
        raise _broken()
    if not kind.is_fraction and (content.startswith(_FILES) or any(mark in content for mark in _ARCHIVES)):
        raise ReadRefusedError(RefusalReason.HIDDEN_FILE)
    try:
        return ArrayPart(name=name, type=kind, shape=entry.shape, data=base64.b64encode(content).decode())
    except ValidationError:
        raise _broken() from None
