"""Facts about sheets as files: a workbook is judged and written sheet by sheet, each under its own path."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doubles.workbooks import TABLE, workbook
from hub.domain.exports import Severity
from hub.gate.canonical import canonical
from hub.gate.fragments import FileFragments, RefusalFragment, TableFragment, TextFragment
from hub.gate.kinds import Kind
from hub.gate.readers.files import read_file
from hub.gate.refusals import RefusalReason
from hub.gate.sheets import is_sheet_name, sheet_path, sheets_of, split_path
from hub.policy.load import load_profile

POLICY = load_profile("uk-sacro")
TWO = workbook({"Ages": (("age", "n"), ("0-9", 120)), "Régions": TABLE})


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("out.xlsx", ("out.xlsx", None)),
        ("a/out.XLSX!Ages", ("a/out.XLSX", "Ages")),
        ("out.csv!Ages", ("out.csv!Ages", None)),
        ("out.xlsx!", ("out.xlsx!", None)),
        ("out.xlsx!a/b", ("out.xlsx!a/b", None)),
        ("out.xlsx!" + "x" * 32, ("out.xlsx!" + "x" * 32, None)),
        (".xlsx!Ages", (".xlsx!Ages", None)),
    ],
)
def test_a_path_may_name_a_sheet(path: str, parts: tuple[str, str | None]) -> None:
    assert split_path(path) == parts


@given(st.text(max_size=40))
def test_a_name_that_a_sheet_may_have_is_found_again_in_its_path(name: str) -> None:
    if is_sheet_name(name):
        assert split_path(sheet_path("out.xlsx", name)) == ("out.xlsx", name)
        assert not set(name) & set('/\\:*?"<>|!\n\0')


@pytest.mark.parametrize(
    "name", ["", " a", "a ", "..", ".a", "a/b", "a\\b", "a:b", "-a", "x" * 32, "a\nb", "a\u202eb", "$a"]
)
def test_a_name_that_could_be_something_else_is_none_of_a_sheet(name: str) -> None:
    assert not is_sheet_name(name)


def test_a_workbook_of_two_sheets_is_two_files() -> None:
    one, other = sheets_of(read_file(1, "out.xlsx", TWO))
    assert (one.path, other.path) == ("out.xlsx!Ages", "out.xlsx!Régions")
    assert [canonical(part, POLICY).name for part in (one, other)] == ["out.xlsx.Ages.csv", "out.xlsx.Régions.csv"]
    assert canonical(one, POLICY).content == b"age,n\r\n0-9,120\r\n"
    assert read_file(1, "out.xlsx!Ages", TWO).fragments == one.fragments


def test_a_workbook_of_one_sheet_is_one_file() -> None:
    read = read_file(1, "out.xlsx", workbook())
    assert sheets_of(read) == (read,)
    made = canonical(read, POLICY)
    assert (made.name, made.content) == ("out.xlsx.csv", b"region,n\r\nEst,120\r\nSud,240\r\n")
    assert [(fix.check, fix.severity) for fix in made.fixes] == [("released-as-csv", Severity.FIXED)]


def test_a_path_that_would_be_too_long_is_refused() -> None:
    (only,) = sheets_of(read_file(1, "x" * 292 + ".xlsx", TWO))
    assert only.fragments == (RefusalFragment(reason=RefusalReason.SHEET_NAME),)


def test_sheets_that_a_reader_gives_one_name_are_refused() -> None:
    read = read_file(1, "out.xlsx", TWO)
    twice = read.model_copy(update={"fragments": read.fragments[:1] * 2})
    (only,) = sheets_of(FileFragments.model_validate(twice.model_dump()))
    assert only.fragments == (RefusalFragment(reason=RefusalReason.SHEET_NAME),)


def test_findings_name_the_sheet(gate: Any, make: Any) -> None:
    rows = (("region", "n"), ("Nord", 3), ("Sud", 400))
    judged = gate.judge("out.xlsx", workbook({"Ages": rows}))
    assert judged.verdict == "block"
    assert any(finding.place.startswith("out.xlsx!Ages") for finding in judged.findings)


def test_the_author_of_a_workbook_does_not_leave_with_it() -> None:
    content = workbook()
    assert b"secret person" in b"".join(part for part in unpacked(content))
    assert b"secret" not in canonical(read_file(1, "out.xlsx", content), POLICY).content


def unpacked(content: bytes) -> list[bytes]:
    from hub.gate.readers.zip_parts import read_parts

    return list(read_parts(content).values())


def test_what_stands_encoded_goes_with_its_sheet() -> None:
    tables = [TableFragment(place=place, columns=("a",), data=(("x",),)) for place in ("!One", "!Two")]
    inner = [TextFragment(place=place, text="x") for place in ("!One!base64", "!Two!hex", ", the file's name!hex")]
    file = FileFragments(index=1, path="o.xlsx", kind=Kind.XLSX, size=1, fragments=tuple(tables), decoded=tuple(inner))
    assert [[part.place for part in sheet.decoded] for sheet in sheets_of(file)] == [
        ["!base64", ", the file's name!hex"],
        ["!hex", ", the file's name!hex"],
    ]
