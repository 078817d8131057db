"""Reads structures of Thrift's compact protocol, in which Parquet writes its footer and the heads of its pages.

Nothing is known of fields beforehand: a structure becomes a dictionary from field number to value, in which texts are
bytes and lists are lists. Depth and number of values are bounded, lengths by the bytes that there are.
"""

from __future__ import annotations

import struct

DEEPEST = 16
MOST_VALUES = 1_000_000

Struct = dict[int, "Value"]
Value = bool | int | float | bytes | list["Value"] | Struct


class BrokenError(Exception):
    """The bytes are no structure."""


class TooManyError(Exception):
    """There are more values than anybody writes."""


class Reader:
    """Reads structures from bytes; ``at`` is where it stands. All that it reads counts together."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = self.end = self.values = 0

    def struct_at(self, at: int, end: int) -> Struct:
        """Read the structure that begins there, and no byte beyond the end."""
        self.at, self.end = at, end
        return self._struct(0)

    def _struct(self, depth: int) -> Struct:
        """Read a structure; a field that stands there twice is broken."""
        if depth > DEEPEST:
            raise BrokenError
        found: Struct = {}
        number = 0
        while True:
            head = self._byte()
            if head == 0:
                return found
            step = head >> 4
            number = number + step if step else self._zigzag()
            if number in found:
                raise BrokenError
            kind = head & 15
            found[number] = kind == 1 if kind in (1, 2) else self._value(kind, depth)

    def _value(self, kind: int, depth: int) -> Value:
        self.values += 1
        if self.values > MOST_VALUES:
            raise TooManyError
        match kind:
            case 1 | 2:
                return self._byte() == 1
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._zigzag()
            case 7:
                return float(struct.unpack("<d", self._take(8))[0])
            case 8:
                return self._take(self._varint())
            case 9 | 10:
                return self._list(depth)
            case 12:
                return self._struct(depth + 1)
            case _:
                raise BrokenError

    def _list(self, depth: int) -> list[Value]:
        head = self._byte()
        size, kind = head >> 4, head & 15
        if size == 15:
            size = self._varint()
        if size > self.end - self.at or depth > DEEPEST:
            raise BrokenError
        return [self._value(kind, depth + 1) for _ in range(size)]

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, length: int) -> bytes:
        if length > self.end - self.at:
            raise BrokenError
        taken = self.content[self.at : self.at + length]
        self.at += length
        return taken

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if not byte & 128:
                return value
            shift += 7
            if shift > 63:
                raise BrokenError

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
