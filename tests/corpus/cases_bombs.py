"""Small files that would become large ones, and archives of other kinds."""

from __future__ import annotations

import base64
import gzip
import struct
import zlib

from corpus import dress
from corpus.case import Offer, bad, good
from corpus.cases_files import means
from corpus.data import survey
from doubles.pictures import SIGNATURE, chunk


def png(*before: bytes, width: int = 8, height: int = 6, pixels: bytes | None = None) -> bytes:
    """A picture in shades of grey, chunk by chunk; ``before`` stand in front of its pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x80" * width) * height if pixels is None else pixels
    parts = (chunk(b"IHDR", head), *before, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return SIGNATURE + b"".join(parts)


@bad("reader")
def a_picture_of_a_thousand_million_points() -> Offer:
    """A picture of some bytes that says it has a thousand million points."""
    return {"figure.png": png(width=30_000, height=40_000, pixels=b"")}


@bad("reader")
def a_picture_that_unpacks_without_end() -> Offer:
    """A picture of eight by six points, with fifty megabytes of them."""
    return {"figure.png": png(pixels=b"\0" * 50_000_000)}


@bad("reader")
def a_document_of_many_levels() -> Offer:
    """A JSON document of a hundred thousand lists within each other."""
    return {"deep.json": "[" * 100_000 + "]" * 100_000}


@bad("reader")
def a_table_of_very_many_columns() -> Offer:
    """A table of a hundred thousand columns."""
    return {"wide.csv": "\n".join(",".join(f"{word}{n}" for n in range(100_000)) for word in "cv")}


@bad("reader")
def what_unpacks_without_end_in_a_text() -> Offer:
    """Fifty megabytes of nothing, packed and in base64, in a note."""
    return {"notes.txt": f"Result: {base64.b64encode(gzip.compress(bytes(50_000_000), mtime=0)).decode()}\n"}


@bad("reader")
def an_archive_of_seven() -> Offer:
    """An archive as 7-Zip makes them."""
    return {"tables.7z": b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(24)}


@bad("reader")
def an_archive_as_rar() -> Offer:
    """A RAR archive under the name of a table."""
    return {"tables.csv": b"Rar!\x1a\x07\x01\x00" + bytes(24)}


@bad("reader")
def a_name_of_an_archive() -> Offer:
    """A table under the name of an archive."""
    return {"tables.rar": means().write_csv()}


@good("reader")
def what_an_archive_would_hold() -> Offer:
    """The tables of an archive, one by one."""
    return {"means.csv": means(), "again.csv": means().sort("n")}


@bad("reader")
def a_table_under_the_name_of_a_picture() -> Offer:
    """A table whose name says that it is a picture."""
    return {"figure.png": means().write_csv()}


@bad("reader")
def a_picture_under_the_name_of_a_table() -> Offer:
    """A picture whose name says that it is a table."""
    return {"table.csv": dress.picture()}


@bad("row-leak")
def rows_that_are_packed_in_a_document() -> Offer:
    """Rows, packed and in base64, as a value of a JSON document."""
    packed = base64.b64encode(gzip.compress(survey().head(12).write_csv().encode(), mtime=0)).decode()
    return {"model.json": f'{{"model": "{packed}"}}'}
