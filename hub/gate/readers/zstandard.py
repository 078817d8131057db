"""Where Zstandard's frames end, so that what stands in and behind them is seen; PyArrow's decoder unpacks them.

Python has no decoder of its own before 3.14. Where PyArrow is not installed, packed bytes of this kind are a refusal.
Source: RFC 8878, 3.1.1 (frames and blocks) and 3.1.2 (skippable frames).
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

MARK = b"\x28\xb5\x2f\xfd"
SKIPPED = tuple(bytes((low, 0x2A, 0x4D, 0x18)) for low in range(0x50, 0x60))
"""How frames begin that decoders skip; their content is read here."""
_DICTIONARY = (0, 1, 2, 4)
_CONTENT_SIZE = (0, 2, 4, 8)
_REPEATED = 1


def can_unpack(content: bytes) -> bool:
    """Whether the decoder is at hand, and no frame needs a dictionary that only its sender has."""
    return find_spec("pyarrow") is not None and not (len(content) > len(MARK) and content[len(MARK)] & 3)


class Zstandard:
    """The decoder of one frame, in the shape of the standard library's."""

    def __init__(self) -> None:
        self.eof = False
        self.unused_data = b""
        self._source: Any = None

    def decompress(self, content: bytes, most: int) -> bytes:
        """Give no more than so many bytes of what was put in; raises ValueError or OSError where it is broken."""
        if content.startswith(SKIPPED):
            end = 8 + int.from_bytes(content[4:8], "little")
            self.eof, self.unused_data = True, content[end:]
            return content[8:end]
        if content:
            if not content.startswith(MARK) or not can_unpack(content):
                raise ValueError
            end = frame_end(content)
            self.unused_data = content[end:]
            arrow = import_module("pyarrow")
            self._source = arrow.CompressedInputStream(arrow.BufferReader(content[:end]), "zstd")
        piece = bytes(self._source.read(most))
        self.eof = not piece
        return piece


def frame_end(content: bytes) -> int:
    """Return the place behind the frame that begins these bytes; their end where it breaks off."""
    told = content[4] if len(content) > 4 else 0
    is_single = bool(told & 0x20)
    size = _CONTENT_SIZE[told >> 6] or int(is_single)
    at = 5 + (not is_single) + _DICTIONARY[told & 3] + size
    while at + 3 <= len(content):
        head = int.from_bytes(content[at : at + 3], "little")
        at += 3 + (1 if head >> 1 & 3 == _REPEATED else head >> 3)
        if head & 1:
            return min(at + (4 if told & 4 else 0), len(content))
    return len(content)
