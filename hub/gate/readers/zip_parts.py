"""Takes a zip apart byte by byte: what a lenient reader would skip is refused.

Invariants:

* the entries follow each other from the first byte, the directory follows them, and its end is the last byte;
* what an entry says of itself and what the directory says of it are the same, and no name stands there twice;
* nothing is unpacked further than the directory says, nor further than the limits allow.

The layout is that of the .ZIP File Format Specification (APPNOTE 6.3), 4.3.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass

from hub.gate.refusals import ReadRefusedError, RefusalReason

MOST_PARTS = 500
MOST_UNPACKED = 128 * 2**20
MOST_RATIO = 120
"""Sheets of one repeated number pack to about a fiftieth; the format itself allows a thousandth."""
_SMALL = 2**20
_ENTRY = struct.Struct("<4s5H3L2H")
_LISTED = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_SIZES = struct.Struct("<3L")
_MARK = b"PK\x07\x08"
_ENCRYPTED = 0x2041
_DESCRIBED_AFTER = 0x0008
_KNOWN_FLAGS = 0x080E
"""How well it was packed, sizes that follow the data, and names in UTF-8."""
_NAME = re.compile(r"[A-Za-z0-9_\[\]-][A-Za-z0-9_.\[\]-]*(?:/[A-Za-z0-9_\[\]-][A-Za-z0-9_.\[\]-]*)*|_rels/\.rels")
_GROWTH = 0xA028
"""Zeros that Excel leaves so that it can write the entry anew at the same place."""
_TIMES = 0x5455


@dataclass(frozen=True, slots=True)
class _Listed:
    """An entry as the directory lists it."""

    name: bytes
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    start: int


def read_parts(content: bytes) -> dict[str, bytes]:
    """Return the unpacked entries by name."""
    start, size, count = _end(content)
    listed = _directory(content, start, size, count)
    unpacked = sum(entry.size for entry in listed)
    if unpacked > MOST_UNPACKED or unpacked > max(_SMALL, MOST_RATIO * len(content)):
        raise ReadRefusedError(RefusalReason.UNPACKS_TOO_FAR)
    parts: dict[str, bytes] = {}
    at = 0
    for entry in listed:
        if entry.start != at:
            raise ReadRefusedError(RefusalReason.LOOSE_BYTES)
        name = _name(entry.name)
        parts[name], at = _entry(content, entry)
    if at != start:
        raise ReadRefusedError(RefusalReason.LOOSE_BYTES)
    if len({name.casefold() for name in parts}) != len(listed):
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    return parts


def _end(content: bytes) -> tuple[int, int, int]:
    """Return the directory's start, size and number of entries; the end of it is the end of the file."""
    tail = content[-_END.size :]
    if len(tail) < _END.size or not tail.startswith(b"PK\x05\x06"):
        raise ReadRefusedError(RefusalReason.LOOSE_BYTES if b"PK\x05\x06" in content else RefusalReason.BROKEN_XLSX)
    _, disk, first_disk, here, count, size, start, comment = _END.unpack(tail)
    if comment or start + size + _END.size != len(content):
        raise ReadRefusedError(RefusalReason.LOOSE_BYTES)
    if disk or first_disk or here != count or not 1 <= count <= MOST_PARTS:
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    return start, size, count


def _directory(content: bytes, at: int, size: int, count: int) -> list[_Listed]:
    """Return the directory's entries in the order in which they lie in the file."""
    end = at + size
    found: list[_Listed] = []
    for _ in range(count):
        if at + _LISTED.size > end:
            raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
        fields = _LISTED.unpack_from(content, at)
        mark, _, _, flags, method, _, _, checksum, packed, unpacked, named, extra, comment, disk, _, _, start = fields
        if mark != b"PK\x01\x02" or disk:
            raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
        name = content[at + _LISTED.size : at + _LISTED.size + named]
        at += _LISTED.size + named
        _check_extra(content[at : at + extra])
        at += extra
        if comment:
            raise ReadRefusedError(RefusalReason.LOOSE_BYTES)
        found.append(_Listed(name, flags, method, checksum, packed, unpacked, start))
    if at != end:
        raise ReadRefusedError(RefusalReason.LOOSE_BYTES)
    return sorted(found, key=lambda entry: entry.start)


def _name(name: bytes) -> str:
    text = name.decode("ascii", errors="replace")
    if not _NAME.fullmatch(text):
        raise ReadRefusedError(RefusalReason.UNKNOWN_PART)
    return text


def _entry(content: bytes, listed: _Listed) -> tuple[bytes, int]:
    """Return what an entry unpacks to, and where it ends."""
    at = listed.start
    if at + _ENTRY.size > len(content):
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    mark, _, flags, method, _, _, checksum, packed, size, named, extra = _ENTRY.unpack_from(content, at)
    if flags & _ENCRYPTED:
        raise ReadRefusedError(RefusalReason.ENCRYPTED)
    if mark != b"PK\x03\x04" or (flags, method) != (listed.flags, listed.method) or flags & ~_KNOWN_FLAGS:
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    said, sizes = (checksum, packed, size), (listed.checksum, listed.packed, listed.size)
    follows = bool(flags & _DESCRIBED_AFTER)
    if said != sizes and not (follows and said == (0, 0, 0)):
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    at += _ENTRY.size
    if content[at : at + named] != listed.name:
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    at += named
    _check_extra(content[at : at + extra])
    at += extra
    body = content[at : at + listed.packed]
    at += listed.packed
    return _unpacked(body, listed), at + (_description(content, at, sizes) if follows else 0)


def _description(content: bytes, at: int, sizes: tuple[int, int, int]) -> int:
    """Return the length of the sizes that follow an entry's data."""
    expected = _SIZES.pack(*sizes)
    for described in (_MARK + expected, expected):
        if content[at : at + len(described)] == described:
            return len(described)
    raise ReadRefusedError(RefusalReason.BROKEN_XLSX)


def _check_extra(extra: bytes) -> None:
    """Beside its name an entry may have times, and room that is empty."""
    while extra:
        if len(extra) < 4:
            raise ReadRefusedError(RefusalReason.LOOSE_BYTES)
        kind, size = struct.unpack_from("<2H", extra)
        body, extra = extra[4 : 4 + size], extra[4 + size :]
        is_room = kind == _GROWTH and not body[4:].strip(b"\0")
        if len(body) != size or not (is_room or (kind == _TIMES and size <= 13)):
            raise ReadRefusedError(RefusalReason.LOOSE_BYTES)


def _unpacked(body: bytes, listed: _Listed) -> bytes:
    match listed.method:
        case 0:
            plain = body
        case 8:
            plain = _inflated(body, listed.size)
        case _:
            raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    if len(plain) != listed.size or zlib.crc32(plain) != listed.checksum:
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    return plain


def _inflated(body: bytes, size: int) -> bytes:
    """Unpack no further than one byte beyond what is said."""
    unpack = zlib.decompressobj(-15)
    try:
        plain = unpack.decompress(body, size + 1)
    except zlib.error:
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX) from None
    if len(plain) > size:
        raise ReadRefusedError(RefusalReason.UNPACKS_TOO_FAR)
    if not unpack.eof or unpack.unused_data or unpack.unconsumed_tail:
        raise ReadRefusedError(RefusalReason.LOOSE_BYTES)
    return plain
