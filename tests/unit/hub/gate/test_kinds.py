"""Facts about kinds: the content decides, the name has to agree, and what is refused is told what to send."""

from __future__ import annotations

import bz2
import io
import lzma
import pickle
import zipfile
from typing import Any

import pytest

from hub.gate.canonical import canonical_name
from hub.gate.fragments import FileFragments, RefusalFragment
from hub.gate.kinds import ENDINGS, MEDIA_TYPES, Kind, decide_kind, media_type
from hub.gate.readers.files import read_file
from hub.gate.refusals import SENTENCES, ReadRefusedError, RefusalReason


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.csv", "a,b\n1,2\n")
    return out.getvalue()


FOREIGN: dict[str, tuple[bytes, RefusalReason]] = {
    "page": (b"<!DOCTYPE html><html><body>x</body></html>", RefusalReason.HTML),
    "page after spaces": (b"\xef\xbb\xbf \n<html>x</html>", RefusalReason.HTML),
    "script": (b"<p><script>1</script>", RefusalReason.HTML),
    "svg": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', RefusalReason.SVG),
    "pdf": (b"%PDF-1.7\n", RefusalReason.PDF),
    "pickle": (pickle.dumps({"a": 1}), RefusalReason.PICKLE),
    "zip": (archive(), RefusalReason.ARCHIVE),
    "gzip": (b"\x1f\x8b\x08\x00rest", RefusalReason.ARCHIVE),
    "tar": (b"x" * 257 + b"ustar\x00", RefusalReason.ARCHIVE),
    "elf": (b"\x7fELF\x02\x01", RefusalReason.PROGRAM),
    "windows": (b"MZ\x90\x00\x03", RefusalReason.PROGRAM),
    "script with interpreter": (b"#!/bin/sh\necho 1\n", RefusalReason.PROGRAM),
    "gif": (b"GIF89a", RefusalReason.PICTURE),
    "numpy": (b"\x93NUMPY\x01", RefusalReason.BINARY),
    "old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1", RefusalReason.SPREADSHEET),
    "postscript": (b"%!PS-Adobe-3.0\n", RefusalReason.PDF),
    "zip of nothing": (b"PK\x05\x06" + bytes(18), RefusalReason.ARCHIVE),
    "bzip2": (bz2.compress(b"a,b\n"), RefusalReason.ARCHIVE),
    "xz": (lzma.compress(b"a,b\n"), RefusalReason.ARCHIVE),
    "7z": (b"7z\xbc\xaf\x27\x1c", RefusalReason.ARCHIVE),
    "rar": (b"Rar!\x1a\x07", RefusalReason.ARCHIVE),
    "zstandard": (b"\x28\xb5\x2f\xfd\x04", RefusalReason.ARCHIVE),
    "lz4": (b"\x04\x22\x4d\x18\x64", RefusalReason.ARCHIVE),
    "compress": (b"\x1f\x9d\x90", RefusalReason.ARCHIVE),
    "lzip": (b"LZIP\x01\x14\xff", RefusalReason.ARCHIVE),
    "cabinet": (b"MSCF\x00\x00", RefusalReason.ARCHIVE),
    "ar": (b"!<arch>\n", RefusalReason.ARCHIVE),
    "java": (b"\xca\xfe\xba\xbe\x00", RefusalReason.PROGRAM),
    "bitmap": (b"BM\x8a\x00\x00", RefusalReason.PICTURE),
    "tiff, little end first": (b"II*\x00\x08\x00", RefusalReason.PICTURE),
    "tiff, big end first": (b"MM\x00*\x00\x00", RefusalReason.PICTURE),
    "webp": (b"RIFF\x24\x00\x00\x00WEBP", RefusalReason.PICTURE),
    "hdf": (b"\x89HDF\r\n\x1a\n", RefusalReason.BINARY),
    "sqlite": (b"SQLite format 3\x00", RefusalReason.BINARY),
    "page by its type": (b"<!doctype html>\n<p>x", RefusalReason.HTML),
    "page by its body": (b"<p>x</p>\n<body>x", RefusalReason.HTML),
    "page by its root": (b"<HTML lang='fr'>", RefusalReason.HTML),
    "svg alone": (b"<svg/>", RefusalReason.SVG),
    **{f"pickle {n}": (pickle.dumps([n], protocol=n), RefusalReason.PICKLE) for n in (2, 3, 4, 5)},
}


BINARY = (Kind.PNG, Kind.JPEG, Kind.PARQUET, Kind.XLSX, Kind.SAFETENSORS)


@pytest.mark.parametrize("name", ["out.csv", "out.txt", "out.png", "out.parquet", "out.ipynb", "out.bin", "out"])
@pytest.mark.parametrize("case", FOREIGN)
def test_a_foreign_kind_is_refused_under_every_name(case: str, name: str) -> None:
    content, reason = FOREIGN[case]
    with pytest.raises(ReadRefusedError) as refused:
        decide_kind(name, content)
    assert refused.value.reason is reason


@pytest.mark.parametrize(("ending", "kind"), [(e, k) for e, k in ENDINGS.items() if k not in BINARY])
def test_text_is_what_its_name_says(ending: str, kind: Kind) -> None:
    assert decide_kind(f"out{ending.upper()}", b"a,b\n1,2\n") is kind


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.json", "a.ipynb", "a.parquet", "a.zip"])
def test_a_picture_under_another_name_is_refused(make: Any, name: str) -> None:
    with pytest.raises(ReadRefusedError):
        decide_kind(name, make.png())


@pytest.mark.parametrize("name", [f"a{ending}" for ending, kind in ENDINGS.items() if kind in BINARY])
def test_text_named_as_something_binary_is_a_mismatch(name: str) -> None:
    with pytest.raises(ReadRefusedError) as refused:
        decide_kind(name, b"a,b\n1,2\n")
    assert refused.value.reason is RefusalReason.KIND_MISMATCH


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        *((f"a.{ending}", RefusalReason.SPREADSHEET) for ending in ("xls", "XLSM", "xlsb", "ods")),
        *((f"a.{ending}", RefusalReason.PICKLE) for ending in ("pkl", "pickle", "joblib", "pt")),
        *(
            (f"a.{ending}", RefusalReason.ARCHIVE)
            for ending in (
                "zip",
                "gz",
                "csv.gz",
                "tar",
                "npz",
                "7z",
                "rar",
                "tgz",
                "csv.bz2",
                "xz",
                "zst",
                "lz4",
                "whl",
                "jar",
            )
        ),
        *((f"a.{ending}", RefusalReason.PROGRAM) for ending in ("py", "sh", "exe")),
        ("a.gif", RefusalReason.PICTURE),
        *((f"a.{ending}", RefusalReason.HTML) for ending in ("html", "htm")),
        ("a.svg", RefusalReason.SVG),
        ("a.pdf", RefusalReason.PDF),
        ("a.weird", RefusalReason.UNKNOWN_KIND),
        ("README", RefusalReason.NO_NAME_ENDING),
    ],
)
def test_a_name_that_the_gate_does_not_take_is_told_why(name: str, reason: RefusalReason) -> None:
    with pytest.raises(ReadRefusedError) as refused:
        decide_kind(name, b"plain words\n")
    assert refused.value.reason is reason


def test_the_kinds_that_are_read_are_these() -> None:
    assert {ending: str(kind) for ending, kind in ENDINGS.items()} == {
        **dict.fromkeys((".csv", ".tsv"), "csv"),
        **dict.fromkeys((".txt", ".md", ".log"), "text"),
        **dict.fromkeys((".jpg", ".jpeg"), "jpeg"),
        **{f".{kind}": kind for kind in ("json", "parquet", "png", "safetensors", "xlsx")},
        ".ipynb": "notebook",
    }


@pytest.mark.parametrize(
    "text",
    [b"BM", b"BZh is how it begins", b"RIFF raff", b"LZIP and MSCF", b"MSCF, too", b"a < b, and <html> is a word"],
)
def test_words_that_begin_like_something_else_are_no_reason_to_refuse(text: bytes) -> None:
    assert decide_kind("a.txt", text) is Kind.TEXT


@pytest.mark.parametrize("content", [b"<html>\xff</html>", b"\x80", b"\x80\x06."])
def test_bytes_that_no_text_has_are_refused_as_such(content: bytes) -> None:
    (fragment,) = read_file(1, "a.txt", content).fragments
    assert isinstance(fragment, RefusalFragment)
    assert fragment.reason is RefusalReason.NOT_UTF8


def test_a_mark_far_below_the_head_of_a_text_is_a_part_of_it() -> None:
    """A report about pages may show one; what is shown there, checks of texts judge."""
    assert decide_kind("a.md", b"<p>" + b"x" * 1021 + b"<html>") is Kind.TEXT
    with pytest.raises(ReadRefusedError):
        decide_kind("a.md", b"<p>" + b"x" * 1015 + b"<html>")
    with pytest.raises(ReadRefusedError):
        decide_kind("a.md", b"\xef\xbb\xbf" + b" \t\r\n" * 700 + b"<p>" + b"x" * 1015 + b"<html>")


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ReadRefusedError) as refused:
        decide_kind("a.csv", b"")
    assert refused.value.reason is RefusalReason.EMPTY


def test_text_that_begins_like_a_program_stays_text() -> None:
    assert decide_kind("a.txt", b"MZ is a prefix; BM too\n") is Kind.TEXT


@pytest.mark.parametrize("reason", RefusalReason)
def test_every_refusal_says_what_to_do(reason: RefusalReason) -> None:
    assert SENTENCES[reason].count(".") >= 2


def test_a_refusal_of_the_reader_blocks_with_its_sentence(gate: Any, make: Any) -> None:
    judged = gate.judge("model.pkl", pickle.dumps([1]))
    assert judged.verdict == "block"
    assert judged.canonical is None
    assert SENTENCES[RefusalReason.PICKLE] in make.sentences(judged)


def test_a_refused_file_is_a_fragment_like_any_other() -> None:
    read = read_file(3, "x.pdf", b"%PDF-")
    assert read.kind is Kind.UNKNOWN
    assert read.fragments == (RefusalFragment(reason=RefusalReason.PDF),)


def test_whatever_leaves_has_a_media_type_of_its_own_and_nothing_else_has() -> None:
    names = [
        canonical_name(FileFragments(index=1, path=f"x{e}", kind=kind, size=1, fragments=()))
        for e, kind in sorted(ENDINGS.items())
    ]
    assert {f".{name.rpartition('.')[2]}" for name in names} == set(MEDIA_TYPES)
    assert media_type("folder.png/A.CSV") == "text/csv"
    assert media_type("x") == media_type("x.unheard") == "application/octet-stream"
