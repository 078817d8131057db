"""Facts about zips: every byte belongs to an entry or to the directory, and both say the same."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest

from doubles.workbooks import zipped
from hub.gate.readers import zip_parts
from hub.gate.readers.zip_parts import read_parts
from hub.gate.refusals import ReadRefusedError, RefusalReason

PARTS: dict[str, str | bytes] = {"a.xml": "<a/>" * 100, "b/c.xml": b"<c/>"}
PLAIN = zipped(PARTS)
DIRECTORY = PLAIN.index(b"PK\x01\x02")
END = PLAIN.index(b"PK\x05\x06")


def refusal(content: bytes) -> RefusalReason:
    with pytest.raises(ReadRefusedError) as refused:
        read_parts(content)
    return refused.value.reason


def with_bytes(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]


def with_gap(content: bytes, gap: bytes) -> bytes:
    """Put bytes between the entries and the directory, and let the end know of it."""
    moved = content[:DIRECTORY] + gap + content[DIRECTORY:]
    return with_bytes(moved, END + len(gap) + 16, struct.pack("<L", DIRECTORY + len(gap)))


def streamed() -> bytes:
    """A zip whose sizes follow the data, as programs write them that cannot go back."""

    class Pipe(io.BytesIO):
        def seek(self, *_: object) -> int:
            raise OSError("a pipe")

    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in PARTS.items():
            file.writestr(name, content)
    return out.getvalue()


def without_mark(content: bytes) -> bytes:
    """The same without the mark before the sizes that follow, which programs may leave out."""
    mark, names = b"PK\x07\x08", list(PARTS)
    start = content.index(b"PK\x01\x02")
    bare = bytearray(content.replace(mark, b""))
    at = start - len(mark) * content.count(mark)
    for number in range(len(names)):
        entry = bare.index(b"PK\x01\x02", at)
        (before,) = struct.unpack_from("<L", bare, entry + 42)
        struct.pack_into("<L", bare, entry + 42, before - len(mark) * number)
        at = entry + 4
    struct.pack_into("<L", bare, len(bare) - 6, start - len(mark) * content.count(mark))
    return bytes(bare)


def with_extra(extra: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        info = zipfile.ZipInfo("a.xml")
        info.extra = extra
        file.writestr(info, b"<a/>")
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        zipped(PARTS, zipfile.ZIP_STORED),
        streamed(),
        without_mark(streamed()),
        with_extra(struct.pack("<2H", 0xA028, 8) + b"\x20\xa2\x04\x00\0\0\0\0"),
        with_extra(struct.pack("<2HBL", 0x5455, 5, 1, 99)),
    ],
)
def test_what_spreadsheet_programs_write_is_read(content: bytes) -> None:
    assert read_parts(content)["a.xml"].startswith(b"<a/>")


def test_sizes_that_follow_the_data_are_those_of_the_directory() -> None:
    content = streamed()
    assert content.count(b"PK\x07\x08") == len(PARTS)
    at = content.index(b"PK\x07\x08")
    for other in (at, at + 4, at + 8, at + 12):
        assert refusal(with_bytes(content, other, bytes([content[other] ^ 1]))) is RefusalReason.BROKEN_XLSX


def test_parts_are_what_was_packed() -> None:
    assert read_parts(PLAIN) == {"a.xml": b"<a/>" * 100, "b/c.xml": b"<c/>"}


LIES: dict[str, tuple[bytes, RefusalReason]] = {
    "bytes before": (b"MZ" + PLAIN, RefusalReason.LOOSE_BYTES),
    "bytes after": (PLAIN + b"more", RefusalReason.LOOSE_BYTES),
    "comment": (with_bytes(PLAIN, END + 20, b"\4\0") + b"more", RefusalReason.LOOSE_BYTES),
    "bytes between": (with_gap(PLAIN, b"hidden"), RefusalReason.LOOSE_BYTES),
    "no end": (PLAIN[:-30], RefusalReason.BROKEN_XLSX),
    "entry that the directory does not list": (PLAIN[:DIRECTORY] + zipped({"c.xml": "x"}), RefusalReason.LOOSE_BYTES),
    "encrypted": (with_bytes(with_bytes(PLAIN, 6, b"\1\0"), DIRECTORY + 8, b"\1\0"), RefusalReason.ENCRYPTED),
    "other checksum": (with_bytes(PLAIN, DIRECTORY + 16, b"\0\0\0\0"), RefusalReason.BROKEN_XLSX),
    "other size": (with_bytes(PLAIN, DIRECTORY + 24, b"\1\0\0\0"), RefusalReason.BROKEN_XLSX),
    "other name": (with_bytes(PLAIN, 30, b"z"), RefusalReason.BROKEN_XLSX),
    "other method": (with_bytes(PLAIN, 8, b"\0\0"), RefusalReason.BROKEN_XLSX),
    "flags of one side": (with_bytes(PLAIN, 6, b"\2\0"), RefusalReason.BROKEN_XLSX),
    "other disk": (with_bytes(PLAIN, END + 4, b"\1\0"), RefusalReason.BROKEN_XLSX),
    "fewer entries": (with_bytes(PLAIN, END + 8, b"\1\0\1\0"), RefusalReason.LOOSE_BYTES),
    "more entries": (with_bytes(PLAIN, END + 8, b"\3\0\3\0"), RefusalReason.BROKEN_XLSX),
    "no entries": (b"PK\5\6" + bytes(18), RefusalReason.BROKEN_XLSX),
    "same entry twice": (
        with_bytes(PLAIN, PLAIN.index(b"PK\1\2", DIRECTORY + 1) + 42, b"\0\0\0\0"),
        RefusalReason.LOOSE_BYTES,
    ),
    "words in the extra field": (with_extra(struct.pack("<2H", 0x7777, 6) + b"secret"), RefusalReason.LOOSE_BYTES),
    "words in the room": (
        with_extra(struct.pack("<2H", 0xA028, 10) + b"\x20\xa2\0\0secret"),
        RefusalReason.LOOSE_BYTES,
    ),
    "half an extra field": (with_extra(b"ab"), RefusalReason.LOOSE_BYTES),
    "path out of the file": (zipped({"../a.xml": "x"}), RefusalReason.UNKNOWN_PART),
    "absolute path": (zipped({"/a.xml": "x"}), RefusalReason.UNKNOWN_PART),
    "folder": (zipped({"xl/": ""}), RefusalReason.UNKNOWN_PART),
    "two names that a file system takes for one": (zipped({"a.xml": "x", "A.xml": "y"}), RefusalReason.BROKEN_XLSX),
    "other packing": (zipped({"a.xml": "x" * 99}, zipfile.ZIP_BZIP2), RefusalReason.BROKEN_XLSX),
}


@pytest.mark.parametrize("case", LIES)
def test_a_zip_that_two_programs_could_read_differently_is_refused(case: str) -> None:
    content, reason = LIES[case]
    assert refusal(content) is reason


def test_a_zip_with_a_comment_of_an_entry_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        info = zipfile.ZipInfo("a.xml")
        info.comment = b"secret"
        file.writestr(info, b"x")
    assert refusal(out.getvalue()) is RefusalReason.LOOSE_BYTES


def packed_by_hand(packed: bytes, size: int, checksum: int) -> bytes:
    """A zip of one packed entry that says of it what it likes."""
    sizes = struct.pack("<3L", checksum, len(packed), size)
    entry = b"PK\3\4" + struct.pack("<5H", 20, 0, 8, 0, 33) + sizes + struct.pack("<2H", 5, 0) + b"a.xml" + packed
    listed = b"PK\1\2" + struct.pack("<6H", 20, 20, 0, 8, 0, 33) + sizes + struct.pack("<5H2L", 5, 0, 0, 0, 0, 0, 0)
    listed += b"a.xml"
    return entry + listed + b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 1, 1, len(listed), len(entry), 0)


def deflated(plain: bytes) -> bytes:
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    return pack.compress(plain) + pack.flush()


def test_an_entry_is_unpacked_no_further_than_it_says() -> None:
    bomb = deflated(b"\0" * 50_000_000)
    assert refusal(packed_by_hand(bomb, 10, 0)) is RefusalReason.UNPACKS_TOO_FAR
    assert refusal(packed_by_hand(bomb, 50_000_000, 0)) is RefusalReason.UNPACKS_TOO_FAR
    assert read_parts(packed_by_hand(deflated(b"<a/>"), 4, zlib.crc32(b"<a/>"))) == {"a.xml": b"<a/>"}


def test_bytes_behind_the_packed_data_are_refused() -> None:
    assert refusal(packed_by_hand(deflated(b"<a/>") + b"x", 4, zlib.crc32(b"<a/>"))) is RefusalReason.LOOSE_BYTES
    assert refusal(packed_by_hand(deflated(b"<a/>")[:-1], 4, zlib.crc32(b"<a/>"))) is RefusalReason.LOOSE_BYTES
    assert refusal(packed_by_hand(b"\xff\xff", 4, 0)) is RefusalReason.BROKEN_XLSX


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_parts, "MOST_PARTS", 1)
    assert refusal(PLAIN) is RefusalReason.BROKEN_XLSX


def test_all_entries_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_parts, "MOST_UNPACKED", 100)
    assert refusal(PLAIN) is RefusalReason.UNPACKS_TOO_FAR
