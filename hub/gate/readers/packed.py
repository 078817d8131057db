"""Unpacks packed bytes that stood encoded in a file: gzip, zlib, bzip2, xz and zip by the standard library, and zstd.

Invariants:

* no more bytes come out than the budget has left, whatever the input promises; more is a refusal of the file;
* what can be unpacked only in part is unpacked in part, since a reader at the other end could do the same;
* what is known to be packed in a way that is not unpacked here (7z, rar, lz4, encrypted zip) is a refusal, too.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

from hub.gate.readers import zstandard
from hub.gate.refusals import ReadRefusedError, RefusalReason

MOST_BYTES = 16 * 2**20
MOST_ENTRIES = 50
_MEMORY = 128 * 2**20
_PIECE = 2**16
_SMALL_PIECE = 16
_LEAST_PART = 16
"""A stream that breaks off before so many bytes was none."""

_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    ValueError,
    EOFError,
    struct.error,
)

Packed = tuple[str, bytes]


@dataclass(slots=True)
class Budget:
    """How many bytes, and how many parts, may still be made of one file."""

    left: int = MOST_BYTES
    parts: int = 200

    def spend(self, size: int, parts: int = 1) -> None:
        """Take so many bytes and parts away; where there are none left the file is refused."""
        self.left -= size
        self.parts -= parts
        if self.left < 0 or self.parts < 0:
            raise ReadRefusedError(RefusalReason.TOO_MUCH_ENCODED)


_KNOWN: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"]\x00\x00", "lzma"),
    (b"PK\x03\x04", "zip"),
    (zstandard.MARK, "zstd"),
    *((mark, "zstd") for mark in zstandard.SKIPPED),
    *((bytes((0x78, flag)), "zlib") for flag in (0x01, 0x5E, 0x9C, 0xDA)),
)
SHORT_MARKS = tuple(mark for mark, name in _KNOWN if name in ("zlib", "lzma"))
"""Marks that other bytes begin with now and then."""
CLOSED: tuple[bytes, ...] = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x04\x22\x4d\x18")
"""How 7z, rar and lz4 begin, which are not opened here."""


def unpacked(content: bytes, budget: Budget) -> list[Packed]:
    """Return what is packed in these bytes, with the format's name; nothing where they are not packed."""
    if content.startswith(CLOSED):
        raise ReadRefusedError(RefusalReason.TOO_MUCH_ENCODED)
    if content.startswith(zstandard.MARK) and not zstandard.can_unpack(content):
        raise ReadRefusedError(RefusalReason.TOO_MUCH_ENCODED)
    name = next((name for start, name in _KNOWN if content.startswith(start)), "")
    if name == "zip":
        return list(_entries(content, budget))
    if name:
        out, rest, whole = _stream(_OPENERS[name], content, budget)
        if name == "zstd" and not whole:
            # Its blocks are large: of one that breaks off nothing comes out here.
            raise ReadRefusedError(RefusalReason.BROKEN_ARCHIVE)
        return _with_rest(name, out, rest, whole)
    return []


def _with_rest(name: str, out: bytes, rest: bytes, whole: bool) -> list[Packed]:
    """What a stream gave, and what stood behind it; a short one that is not whole gave nothing."""
    if not whole and len(out) < _LEAST_PART:
        return []
    return [(name, out), *([(f"{name}!rest", rest)] if rest else [])]


class _Zlib:
    """zlib's way to unpack, in the shape of the two others."""

    def __init__(self, bits: int) -> None:
        self._opened = zlib.decompressobj(bits)

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""
        return self._opened.eof

    @property
    def unused_data(self) -> bytes:
        """What stands behind the stream."""
        return self._opened.unused_data

    def decompress(self, content: bytes, most: int) -> bytes:
        """Give no more than so many bytes of what was put in."""
        return self._opened.decompress(content or self._opened.unconsumed_tail, most)


Opened = _Zlib | bz2.BZ2Decompressor | lzma.LZMADecompressor | zstandard.Zstandard
_OPENERS: dict[str, Callable[[], Opened]] = {
    "gzip": lambda: _Zlib(31),
    "zlib": lambda: _Zlib(15),
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY),
    "zstd": zstandard.Zstandard,
    "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MEMORY),
}


def _stream(opener: Callable[[], Opened], content: bytes, budget: Budget) -> tuple[bytes, bytes, bool]:
    """Unpack a stream, and others of its kind behind it; return the bytes, what is left over, and whether it ended."""
    made: list[bytes] = []
    rest, whole = content, False
    while rest:
        opened = opener()
        pieces, ended = _one(opened, rest, budget, _PIECE)
        if not ended and sum(map(len, pieces)) < _PIECE:
            # A stream that breaks off within its first piece, by a wrong checksum say, is read nearly to that point.
            opened = opener()
            pieces, ended = _one(opened, rest, budget, _SMALL_PIECE)
        if not pieces and not ended:
            break
        made += pieces
        whole, rest = ended, opened.unused_data if ended else b""
    return b"".join(made), rest, whole


def _one(opened: Opened, content: bytes, budget: Budget, size: int) -> tuple[list[bytes], bool]:
    """Unpack piece by piece, until it ends, breaks off, or gives more than is left."""
    made: list[bytes] = []
    given = content
    while not opened.eof:
        try:
            piece = opened.decompress(given, size)
        except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError):
            return made, False
        given = b""
        if not piece:
            return made, opened.eof
        made.append(piece)
        budget.spend(len(piece), parts=0)
    return made, True


def inflated(content: bytes, budget: Budget) -> bytes:
    """Return what bytes without any mark give as a raw deflate stream that ends where they do; else nothing."""
    made, ended = _one(opened := _Zlib(-15), content, budget, _PIECE)
    return b"".join(made) if ended and not opened.unused_data else b""


def _entries(content: bytes, budget: Budget) -> Iterator[Packed]:
    """The files of an archive, and their names; a broken one is a refusal, and so is one packed in another way."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            infos = archive.infolist()
            if len(infos) > MOST_ENTRIES:
                raise ReadRefusedError(RefusalReason.TOO_MUCH_ENCODED)
            yield "zip!names", "\n".join([*(info.filename for info in infos), archive.comment.hex()]).encode()
            for number, info in enumerate(infos):
                with archive.open(info) as file:
                    body = file.read(budget.left + 1)
                budget.spend(len(body), parts=0)
                yield f"zip[{number}]", body
    except (RuntimeError, NotImplementedError):
        raise ReadRefusedError(RefusalReason.TOO_MUCH_ENCODED) from None
    except _UNREADABLE:
        # What another program may still take out of a broken archive, nobody here has seen.
        raise ReadRefusedError(RefusalReason.BROKEN_ARCHIVE) from None
