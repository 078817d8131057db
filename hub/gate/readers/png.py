"""Reads PNG: walks the chunks, keeps the five that make the picture, and gives bare pixels; the others are counted.

Invariants:

* every byte belongs to a chunk with a right checksum, the last of them is IEND, which is empty, and nothing follows;
* of the chunks that make the picture each stands there once, and the packed pixels in one run;
* the packed pixels are exactly as long as width, height and depth say;
* Pillow is given a picture that was put together here, from critical chunks alone.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import groupby

from hub.gate.fragments import ImageFragment, Slot
from hub.gate.readers.left_out import left_out
from hub.gate.readers.pictures import check_size, decode_picture
from hub.gate.refusals import ReadRefusedError, RefusalReason

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_CHUNKS = 20_000
"""Programs pack pictures into chunks of 8 KiB and more."""
_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_TOLD = ("tEXt", "zTXt", "iTXt", "eXIf", "tIME", "iCCP", "sRGB", "gAMA", "cHRM", "sBIT", "bKGD", "hIST", "pHYs", "sPLT")
"""Chunks of the PNG specification that may go; any other name could say anything itself, and is not told."""
_OTHER = "other"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@dataclass(frozen=True, slots=True)
class Header:
    """What IHDR says; ``bits`` is the number of bits of one pixel."""

    width: int
    height: int
    bits: int
    interlaced: bool


def read_png(content: bytes) -> tuple[ImageFragment, ...]:
    """Read a picture as one fragment of RGBA pixels."""
    return (decode_png(content),)


def decode_png(content: bytes, place: str = "", slot: Slot | None = None) -> ImageFragment:
    """Return the picture that stands there, with what was left out; whatever is not plainly a PNG is refused."""
    chunks = _chunks(content)
    header = _header(chunks[0])
    _check_pixels(header, b"".join(body for name, body in chunks if name == b"IDAT"))
    kept = [(name, body) for name, body in chunks if name in _KEPT]
    plain = SIGNATURE + b"".join(_chunk(name, body) for name, body in kept)
    pixels = decode_picture(plain, "PNG", RefusalReason.BROKEN_PNG)
    others = left_out((_named(name), body) for name, body in chunks if name not in _KEPT)
    return ImageFragment(
        place=place, slot=slot, width=header.width, height=header.height, pixels=pixels, left_out=others
    )


def _named(chunk: bytes) -> str:
    name = chunk.decode("latin-1")
    return name if name in _TOLD else _OTHER


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    if not content.startswith(SIGNATURE):
        raise ReadRefusedError(RefusalReason.BROKEN_PNG)
    chunks: list[tuple[bytes, bytes]] = []
    at = len(SIGNATURE)
    while not chunks or chunks[-1][0] != b"IEND":
        head = content[at : at + 8]
        length = int.from_bytes(head[:4], "big")
        body = content[at + 8 : at + 8 + length]
        checksum = content[at + 8 + length : at + 12 + length]
        if len(head) < 8 or len(body) < length or checksum != zlib.crc32(head[4:] + body).to_bytes(4, "big"):
            raise ReadRefusedError(RefusalReason.BROKEN_PNG)
        chunks.append((head[4:], body))
        if len(chunks) > MOST_CHUNKS:
            raise ReadRefusedError(RefusalReason.TOO_MANY_PARTS)
        at += 12 + length
    if at != len(content):
        raise ReadRefusedError(RefusalReason.TRAILING_DATA)
    names = [name for name, _ in chunks]
    if b"acTL" in names or b"fdAT" in names:
        raise ReadRefusedError(RefusalReason.ANIMATED)
    runs = [name for name, _ in groupby(names) if name in _KEPT]
    repeated = len(runs) != len(set(runs)) or any(names.count(n) > 1 for n in set(_KEPT) - {b"IDAT"})
    if repeated or any(name[0:1].isupper() and name not in _KEPT for name in names):
        raise ReadRefusedError(RefusalReason.BROKEN_PNG)
    if chunks[-1][1]:
        raise ReadRefusedError(RefusalReason.TRAILING_DATA)
    return chunks


def _header(first: tuple[bytes, bytes]) -> Header:
    name, body = first
    if name != b"IHDR" or len(body) != 13 or body[9] not in _CHANNELS or body[8] not in (1, 2, 4, 8, 16):
        raise ReadRefusedError(RefusalReason.BROKEN_PNG)
    if body[10] or body[11] or body[12] > 1:
        raise ReadRefusedError(RefusalReason.BROKEN_PNG)
    width, height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
    check_size(width, height, RefusalReason.BROKEN_PNG)
    return Header(width, height, body[8] * _CHANNELS[body[9]], body[12] == 1)


def _check_pixels(header: Header, packed: bytes) -> None:
    """Unpack no further than the picture needs, and find that nothing is left over."""
    expected = _unpacked_size(header)
    unpack = zlib.decompressobj()
    try:
        size = len(unpack.decompress(packed, expected + 1))
    except zlib.error:
        raise ReadRefusedError(RefusalReason.BROKEN_PNG) from None
    if size > expected or unpack.unused_data or unpack.unconsumed_tail:
        raise ReadRefusedError(RefusalReason.TRAILING_DATA)
    if size < expected or not unpack.eof:
        raise ReadRefusedError(RefusalReason.BROKEN_PNG)


def _unpacked_size(header: Header) -> int:
    """Bytes of all scan lines, each with its filter byte (PNG specification, 7.2 and 8)."""
    if not header.interlaced:
        return header.height * (1 + (header.width * header.bits + 7) // 8)
    total = 0
    for left, top, across, down in _ADAM7:
        width, height = -(-(header.width - left) // across), -(-(header.height - top) // down)
        if width > 0 and height > 0:
            total += height * (1 + (width * header.bits + 7) // 8)
    return total


def _chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")
