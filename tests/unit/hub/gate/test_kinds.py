"""Facts about kinds: the content decides, the name has to agree, and what is refused is told what to send."""

from __future__ import annotations

import io
import pickle
import zipfile
from typing import Any

import pytest

from hub.gate.fragments import RefusalFragment
from hub.gate.kinds import ENDINGS, Kind, decide_kind
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
        ("a.xls", RefusalReason.SPREADSHEET),
        ("a.svg", RefusalReason.SVG),
        ("a.py", RefusalReason.PROGRAM),
        ("a.weird", RefusalReason.UNKNOWN_KIND),
        ("README", RefusalReason.NO_NAME_ENDING),
    ],
)
def test_a_name_that_the_gate_does_not_take_is_told_why(name: str, reason: RefusalReason) -> None:
    with pytest.raises(ReadRefusedError) as refused:
        decide_kind(name, b"plain words\n")
    assert refused.value.reason is reason


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
