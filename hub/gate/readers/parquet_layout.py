"""Holds a Parquet file's bytes against its footer: each belongs to a page of a column, to an index, or to the footer.

Invariants:

* the pages of a column follow each other and fill its chunk; what the footer names does not overlap;
* a byte between two of them, or before the first, refuses the file; so does a footer that ends before its end;
* what the pages say that they unpack to is bounded, before anything is unpacked;
* nothing is unpacked here: what pages hold is read elsewhere, and statistics, indexes and metadata go no further.

The layout is that of the Parquet format 2.12 (parquet.thrift).
"""

from __future__ import annotations

from itertools import pairwise

from hub.gate.readers.thrift import BrokenError, Reader, Struct, TooManyError, Value
from hub.gate.refusals import ReadRefusedError, RefusalReason

MAGIC = b"PAR1"
MOST_UNPACKED = 256 * 2**20
_ROW_GROUPS, _COLUMNS, _METADATA, _ELSEWHERE = 4, 1, 3, 1
_PACKED, _DATA_PAGE, _DICTIONARY_PAGE = 7, 9, 11
_BLOOM_FILTER = (14, 15)
_INDEXES = ((4, 5), (6, 7))
_PAGE_UNPACKED, _PAGE_PACKED = 2, 3

Span = tuple[int, int]


def check_layout(content: bytes) -> None:
    """Every byte of the file belongs to one thing that the footer names, or the file is refused."""
    if len(content) < 12 or not (content.startswith(MAGIC) and content.endswith(MAGIC)):
        raise ReadRefusedError(RefusalReason.BROKEN_PARQUET)
    end = len(content) - 8
    start = end - int.from_bytes(content[end : end + 4], "little")
    if start < len(MAGIC):
        raise ReadRefusedError(RefusalReason.BROKEN_PARQUET)
    layout = _Layout(content, start)
    try:
        spans, is_whole = layout.spans(end)
    except BrokenError:
        raise ReadRefusedError(RefusalReason.BROKEN_PARQUET) from None
    except TooManyError:
        raise ReadRefusedError(RefusalReason.TOO_MANY_PARTS) from None
    ordered = sorted([(len(MAGIC), len(MAGIC)), *spans, (start, start)])
    if not is_whole or any(one[1] != other[0] for one, other in pairwise(ordered)):
        raise ReadRefusedError(RefusalReason.LOOSE_BYTES)


class _Layout:
    """Walks what the footer names; ``start`` is where the footer begins, and everything else ends."""

    def __init__(self, content: bytes, start: int) -> None:
        self.start = start
        self.reader = Reader(content)
        self.unpacked = 0

    def spans(self, end: int) -> tuple[list[Span], bool]:
        """Return where chunks, indexes and filters lie, and whether the footer reaches its end."""
        footer = self.reader.struct_at(self.start, end)
        is_whole = self.reader.at == end
        spans: list[Span] = []
        for group in _list(footer.get(_ROW_GROUPS, [])):
            for chunk in _list(_struct(group).get(_COLUMNS)):
                spans += self._chunk(_struct(chunk))
        return [span for span in spans if span[0] != span[1]], is_whole

    def _chunk(self, told: Struct) -> list[Span]:
        """Return where a column's chunk lies, and what belongs to it."""
        if _ELSEWHERE in told:
            raise BrokenError
        metadata = _struct(told.get(_METADATA))
        beside = ((metadata, _BLOOM_FILTER), *((told, index) for index in _INDEXES))
        found = [self._pages(metadata)]
        for place, (at, length) in beside:
            if at in place:
                begin = _whole(place.get(at))
                found.append((begin, begin + _whole(place.get(length))))
        return found

    def _pages(self, metadata: Struct) -> Span:
        """Return where a chunk lies: its pages fill it, and its metadata may stand behind it once more."""
        packed = _whole(metadata.get(_PACKED))
        if packed == 0:
            return 0, 0
        starts = [metadata.get(_DICTIONARY_PAGE), metadata.get(_DATA_PAGE)]
        begin = at = min((_whole(place) for place in starts if place), default=0)
        last = at + packed
        if begin < len(MAGIC) or last > self.start:
            raise BrokenError
        while at < last:
            head = self.reader.struct_at(at, last)
            self.unpacked += _whole(head.get(_PAGE_UNPACKED))
            at = self.reader.at + _whole(head.get(_PAGE_PACKED))
        if self.unpacked > MOST_UNPACKED:
            raise ReadRefusedError(RefusalReason.UNPACKS_TOO_FAR)
        if at != last:
            raise ReadRefusedError(RefusalReason.LOOSE_BYTES)
        return begin, self._behind_repeated(metadata, last)

    def _behind_repeated(self, metadata: Struct, at: int) -> int:
        """Return where a copy of the metadata ends, as some programs write one; what is no exact copy is none."""
        try:
            return self.reader.at if self.reader.struct_at(at, self.start) == metadata else at
        except BrokenError:
            return at


def _list(value: Value | None) -> list[Value]:
    if not isinstance(value, list):
        raise BrokenError
    return value


def _struct(value: Value | None) -> Struct:
    if not isinstance(value, dict):
        raise BrokenError
    return value


def _whole(value: Value | None) -> int:
    if not isinstance(value, int) or value < 0:
        raise BrokenError
    return value
