"""Holds a Parquet file's bytes against its footer: each belongs to a page of a column, to an index, or to the footer.

Invariants:

* the pages of a column follow each other and fill its chunk; what the footer names does not overlap;
* a byte between two of them, or before the first, refuses the file; so does a footer that ends before its end;
* nothing is unpacked here: what pages hold is read elsewhere, and statistics, indexes and metadata go no further.

The layout is that of the Parquet format 2.12 (parquet.thrift).
"""

from __future__ import annotations

from itertools import pairwise

from hub.gate.readers.thrift import BrokenError, Reader, Struct, Value
from hub.gate.refusals import ReadRefusedError, RefusalReason

MAGIC = b"PAR1"
MOST_CHUNKS = 100_000
_ROW_GROUPS, _COLUMNS, _METADATA, _ELSEWHERE = 4, 1, 3, 1
_PACKED, _DATA_PAGE, _DICTIONARY_PAGE = 7, 9, 11
_BLOOM_FILTER = (14, 15)
_INDEXES = ((4, 5), (6, 7))
_PAGE_SIZE = 3

Span = tuple[int, int]


def check_layout(content: bytes) -> None:
    """Every byte of the file belongs to one thing that the footer names, or the file is refused."""
    if len(content) < 12 or not (content.startswith(MAGIC) and content.endswith(MAGIC)):
        raise ReadRefusedError(RefusalReason.BROKEN_PARQUET)
    end = len(content) - 8
    start = end - int.from_bytes(content[end : end + 4], "little")
    if start < len(MAGIC):
        raise ReadRefusedError(RefusalReason.BROKEN_PARQUET)
    try:
        footer = Reader(content, start, end)
        spans = _spans(footer.struct(), content, start)
        is_whole = footer.at == end
    except BrokenError:
        raise ReadRefusedError(RefusalReason.BROKEN_PARQUET) from None
    ordered = sorted([(len(MAGIC), len(MAGIC)), *spans, (start, start)])
    if not is_whole or any(one[1] != other[0] for one, other in pairwise(ordered)):
        raise ReadRefusedError(RefusalReason.LOOSE_BYTES)


def _spans(footer: Struct, content: bytes, end: int) -> list[Span]:
    """Return where the columns' chunks lie, and their indexes and filters."""
    spans: list[Span] = []
    for group in _list(footer.get(_ROW_GROUPS, [])):
        for chunk in _list(_struct(group).get(_COLUMNS)):
            told = _struct(chunk)
            if _ELSEWHERE in told:
                raise BrokenError
            metadata = _struct(told.get(_METADATA))
            spans.append(_chunk(metadata, content, end))
            for place, fields in ((metadata, _BLOOM_FILTER), *((told, index) for index in _INDEXES)):
                if fields[0] in place:
                    at, length = _whole(place.get(fields[0])), _whole(place.get(fields[1]))
                    spans.append((at, at + length))
        if len(spans) > MOST_CHUNKS:
            raise ReadRefusedError(RefusalReason.TOO_MANY_PARTS)
    return [span for span in spans if span[0] != span[1]]


def _chunk(metadata: Struct, content: bytes, end: int) -> Span:
    """Return where a chunk lies: its pages fill it, and its metadata may stand behind it once more."""
    packed = _whole(metadata.get(_PACKED))
    if packed == 0:
        return 0, 0
    starts = [metadata.get(_DICTIONARY_PAGE), metadata.get(_DATA_PAGE)]
    start = at = min((_whole(place) for place in starts if place), default=0)
    last = at + packed
    if start < len(MAGIC) or last > end:
        raise BrokenError
    while at < last:
        reader = Reader(content, at, last)
        head = reader.struct()
        at = reader.at + _whole(head.get(_PAGE_SIZE))
    if at != last:
        raise ReadRefusedError(RefusalReason.LOOSE_BYTES)
    return start, _behind_repeated(metadata, content, last, end)


def _behind_repeated(metadata: Struct, content: bytes, at: int, end: int) -> int:
    """Return where a copy of the metadata ends, as some programs write one; what is no exact copy is none."""
    reader = Reader(content, at, end)
    try:
        return reader.at if reader.struct() == metadata else at
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
