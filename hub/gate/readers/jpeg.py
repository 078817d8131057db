"""Reads JPEG: walks the segments, keeps those that make the picture, and gives bare pixels.

Invariants:

* every byte belongs to a segment or to a scan's packed pixels; the last two bytes end the picture, and nothing follows;
* Pillow is given a picture that was put together here, without Exif, colour profiles, comments and thumbnails;
* what may hide among the packed pixels stays behind, since nothing but pixels goes on.

The segments are those of ITU-T T.81, annex B.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from hub.gate.fragments import ImageFragment
from hub.gate.readers.left_out import left_out
from hub.gate.readers.pictures import check_size, decode_picture
from hub.gate.refusals import ReadRefusedError, RefusalReason

MOST_SCANS = 40
MOST_SEGMENTS = 5_000
_START, _END = b"\xff\xd8", b"\xff\xd9"
_FRAMES = (0xC0, 0xC1, 0xC2)
_SCAN = 0xDA
_KEPT = {*_FRAMES, _SCAN, 0xC4, 0xDB, 0xDD}
"""Frames that are baseline, extended or progressive, scans, and the tables that they need."""
_FIRST_ADDED, _COMMENT = 0xE0, 0xFE
_LEFT = {*range(_FIRST_ADDED, 0xF0), _COMMENT}
"""What programs add, and comments."""
_KNOWN = _KEPT | _LEFT
_PLAIN_JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
_COLOURS = b"\xff\xee\x00\x0eAdobe"
_SCAN_END = re.compile(rb"\xff(?![\x00\xd0-\xd7])")

Segment = tuple[int, bytes]


def read_jpeg(content: bytes) -> tuple[ImageFragment, ...]:
    """Read a picture as one fragment of RGBA pixels."""
    return (decode_jpeg(content),)


def decode_jpeg(content: bytes) -> ImageFragment:
    """Return the picture, with what was left out; whatever is not plainly a JPEG is refused."""
    segments = list(islice(_segments(content), MOST_SEGMENTS + 1))
    if len(segments) > MOST_SEGMENTS:
        raise ReadRefusedError(RefusalReason.TOO_MANY_PARTS)
    frames = [body for marker, body in segments if marker in _FRAMES]
    scans = [marker for marker, _ in segments if marker == _SCAN]
    if len(frames) != 1 or not 1 <= len(scans) <= MOST_SCANS:
        raise ReadRefusedError(RefusalReason.BROKEN_JPEG)
    width, height = _size(frames[0])
    plain = _START + b"".join(_kept(marker, body) for marker, body in segments) + _END
    pixels = decode_picture(plain, "JPEG", RefusalReason.BROKEN_JPEG)
    others = left_out((_name(marker), body[4:]) for marker, body in segments if marker in _LEFT)
    return ImageFragment(width=width, height=height, pixels=pixels, left_out=others)


def _name(marker: int) -> str:
    """Name a segment as the standard does: application data, by their number, or a comment."""
    return "COM" if marker == _COMMENT else f"APP{marker - _FIRST_ADDED}"


def _segments(content: bytes) -> Iterator[Segment]:
    """Give marker and bytes of each segment; those of a scan go on to the next marker."""
    if not content.startswith(_START):
        raise ReadRefusedError(RefusalReason.BROKEN_JPEG)
    at = len(_START)
    while content[at : at + 2] != _END:
        head = content[at : at + 4]
        if len(head) < 4 or head[0] != 0xFF or head[1] not in _KNOWN:
            raise ReadRefusedError(RefusalReason.BROKEN_JPEG)
        end = at + 2 + int.from_bytes(head[2:], "big")
        if end < at + 4 or end > len(content):
            raise ReadRefusedError(RefusalReason.BROKEN_JPEG)
        if head[1] == _SCAN:
            following = _SCAN_END.search(content, end)
            if following is None:
                raise ReadRefusedError(RefusalReason.BROKEN_JPEG)
            end = following.start()
        yield head[1], content[at:end]
        at = end
    if at + len(_END) != len(content):
        raise ReadRefusedError(RefusalReason.TRAILING_DATA)


def _size(frame: bytes) -> tuple[int, int]:
    """Return width and height of a frame of 8 bits, grey or in three colours."""
    if len(frame) < 10 or frame[4] != 8 or frame[9] not in (1, 3) or len(frame) != 10 + 3 * frame[9]:
        raise ReadRefusedError(RefusalReason.BROKEN_JPEG)
    height, width = int.from_bytes(frame[5:7], "big"), int.from_bytes(frame[7:9], "big")
    check_size(width, height, RefusalReason.BROKEN_JPEG)
    return width, height


def _kept(marker: int, body: bytes) -> bytes:
    """Return a segment as the picture needs it; two of those that programs add say how colours are written."""
    if marker in _KEPT:
        return body
    if body.startswith(b"\xff\xe0") and body[4:9] == b"JFIF\x00":
        return _PLAIN_JFIF
    return body if body.startswith(_COLOURS) and len(body) == 16 else b""
