"""Facts about workbooks: cells become tables, and whatever else a workbook carries refuses it, each with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from doubles.workbooks import (
    HEAD,
    MAIN,
    TABLE,
    book_xml,
    cell_xml,
    data_xml,
    relations_xml,
    sheet_xml,
    styles_xml,
    with_sheet,
    workbook,
    workbook_parts,
    zipped,
)
from hub.gate.fragments import RefusalFragment
from hub.gate.readers import sheet as sheet_reader
from hub.gate.readers.cell_values import plain_text, shows_date
from hub.gate.readers.files import read_file
from hub.gate.readers.xlsx import read_xlsx
from hub.gate.refusals import ReadRefusedError, RefusalReason

PLAIN = data_xml(TABLE)
SHEET_RELATIONS = "xl/worksheets/_rels/sheet1.xml.rels"


def refusal(content: bytes, sheet: str | None = None) -> RefusalReason:
    with pytest.raises(ReadRefusedError) as refused:
        read_xlsx(content, sheet)
    return refused.value.reason


def with_parts(**more: str | bytes) -> bytes:
    return zipped(workbook_parts() | more)


def cells(*made: str) -> str:
    return f'<sheetData><row r="1">{"".join(made)}</row></sheetData>'


def test_each_sheet_becomes_a_table_with_its_place() -> None:
    ages, regions = read_xlsx(workbook({"Ages": (("age", "n"), ("0-9", 12.5)), "Régions 2020": TABLE}))
    assert (ages.place, ages.columns, ages.data) == ("!Ages", ("age", "n"), (("0-9",), ("12.5",)))
    assert (regions.place, regions.columns) == ("!Régions 2020", ("region", "n"))


def test_a_named_sheet_is_read_alone() -> None:
    (only,) = read_xlsx(workbook({"Ages": (("age", "n"), ("0-9", 12)), "Regions": TABLE}), "Regions")
    assert (only.place, only.columns) == ("", ("region", "n"))
    assert refusal(workbook(), "Other") is RefusalReason.NO_SHEET


def test_empty_sheets_are_passed_over_and_a_workbook_of_none_but_them_is_refused() -> None:
    (only,) = read_xlsx(workbook({"Sheet1": TABLE, "Sheet2": ()}))
    assert only.place == "!Sheet1"
    assert refusal(workbook({"Sheet1": ()})) is RefusalReason.EMPTY
    assert refusal(workbook({"Sheet1": TABLE, "Sheet2": ()}), "Sheet2") is RefusalReason.EMPTY


def test_a_table_that_stands_in_the_middle_of_a_sheet_is_the_same_table() -> None:
    moved: list[tuple[Any, ...]] = [(None,) * 3, (None,) * 3, *((None, None, *row) for row in TABLE)]
    (table,) = read_xlsx(workbook({"Sheet1": moved}))
    assert (table.columns, table.data) == (("region", "n"), (("Est", "Sud"), ("120", "240")))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A1" t="s"><v>0</v></c>', "shared text"),
        ('<c r="A1" t="s"><v>1</v></c>', "rich text"),
        ('<c r="A1" t="b"><v>1</v></c>', "true"),
        ('<c r="A1" t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c r="A1" t="d"><v>2020-01-02</v></c>', "2020-01-02"),
        ('<c r="A1" t="str"><v>a</v></c>', "a"),
        ('<c r="A1"><v>1.5E-3</v></c>', "1.5E-3"),
        ('<c r="A1" t="inlineStr"><is><r><t>a</t></r><r><rPr><b/></rPr><t>b</t></r></is></c>', "ab"),
        ('<c r="A1" t="inlineStr"><is><t>a_x000D_b &amp; c</t></is></c>', None),
        ('<c r="A1" t="inlineStr"><is><t>a_x000D_&#10;b</t></is></c>', "a\nb"),
    ],
)
def test_cells_are_read_by_their_types(cell: str, text: str | None) -> None:
    shared = (
        f'{HEAD}<sst xmlns="{MAIN}"><si><t>shared text</t></si>'
        "<si><r><t>rich </t></r><r><t>text</t></r><rPh sb='0' eb='1'><t>hidden</t></rPh></si>"
        "<si><t>nowhere seen</t></si></sst>"
    )
    relations = relations_xml(
        ("rId1", "worksheet", "worksheets/sheet1.xml"),
        ("rIdS", "styles", "/xl/styles.xml"),
        ("s", "sharedStrings", "sharedStrings.xml"),
    )
    parts = {"xl/sharedStrings.xml": shared, "xl/_rels/workbook.xml.rels": relations}
    content = with_sheet(cells(cell, '<c r="B1"><v>1</v></c>'), **parts)
    if text is None:
        assert refusal(content) is RefusalReason.CONTROL_CHARACTERS
        return
    (table,) = read_xlsx(content)
    assert table.columns == (text, "1")
    assert "nowhere" not in table.model_dump_json()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("43832", "2020-01-02"),
        ("43832.5", "2020-01-02 12:00:00"),
        ("61", "1900-03-01"),
        ("59", "1900-02-28"),
        ("1", "1900-01-01"),
        ("0.25", "06:00:00"),
        ("2958465", "9999-12-31"),
    ],
)
@pytest.mark.parametrize("code", ["yyyy-mm-dd", "[$-409]d-mmm-yy;@", 'd" de "mmmm', "h:mm"])
def test_days_are_written_as_days(number: str, text: str, code: str) -> None:
    content = with_sheet(cells(f'<c r="A1" s="1"><v>{number}</v></c>'), styles_xml(code))
    (table,) = read_xlsx(content)
    assert table.columns == (text,)


def test_a_workbook_without_formats_has_only_numbers() -> None:
    relations = relations_xml(("rId1", "worksheet", "worksheets/sheet1.xml"))
    content = with_sheet(
        cells('<c r="A1" s="1"><v>43832</v></c>'),
        **{"xl/styles.xml": None, "xl/_rels/workbook.xml.rels": relations},
    )
    assert read_xlsx(content)[0].columns == ("43832",)


def test_days_can_be_counted_from_1904() -> None:
    book = book_xml(["Sheet1"], before='<workbookPr date1904="1"/>')
    (table,) = read_xlsx(with_sheet(cells('<c r="A1" s="1"><v>1</v></c>'), **{"xl/workbook.xml": book}))
    assert table.columns == ("1904-01-02",)


@pytest.mark.parametrize("number", ["60", "60.5", "-1", "2958466", "1E300"])
def test_a_day_that_never_was_is_refused(number: str) -> None:
    assert refusal(with_sheet(cells(f'<c r="A1" s="1"><v>{number}</v></c>'))) is RefusalReason.STRANGE_DATE


@pytest.mark.parametrize(
    "code", ["General", "0.00", "0.00E+00", '#,##0 "days"', "[Red]0", r"0\d", "[h]:mm", "@", "0_d"]
)
def test_numbers_are_no_days(code: str) -> None:
    assert not shows_date(code)


def test_a_cell_that_spans_several_stands_in_each_of_them() -> None:
    rows = (("region", "year", "n"), ("Est", 2020, 12), (None, 2021, 13))
    (table,) = read_xlsx(with_sheet(data_xml(rows) + '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'))
    assert table.data[0] == ("Est", "Est")


HIDDEN = {
    "row": '<sheetData><row r="1" hidden="1"><c r="A1"><v>1</v></c></row></sheetData>',
    "row without height": '<sheetData><row r="1" ht="0"><c r="A1"><v>1</v></c></row></sheetData>',
    "column": f'<cols><col min="1" max="1" hidden="true"/></cols>{PLAIN}',
    "column without width": f'<cols><col min="1" max="1" width="0.0"/></cols>{PLAIN}',
    "all rows": f'<sheetFormatPr zeroHeight="1"/>{PLAIN}',
    "all rows without height": f'<sheetFormatPr defaultRowHeight="0"/>{PLAIN}',
    "all columns without width": f'<sheetFormatPr defaultColWidth="0.0"/>{PLAIN}',
    "by a word that is none": '<sheetData><row r="1" hidden="yes"><c r="A1"><v>1</v></c></row></sheetData>',
    "beneath merged cells": f'{PLAIN}<mergeCells><mergeCell ref="A1:B2"/></mergeCells>',
}


@pytest.mark.parametrize("case", HIDDEN)
def test_hidden_cells_refuse(case: str) -> None:
    assert refusal(with_sheet(HIDDEN[case])) is RefusalReason.HIDDEN_CELLS


@pytest.mark.parametrize("state", ["hidden", "veryHidden", "HIDDEN"])
def test_a_hidden_sheet_refuses(state: str) -> None:
    book = book_xml(["A", "B"], states={"B": state})
    assert refusal(workbook({"A": TABLE, "B": TABLE}, **{"xl/workbook.xml": book})) is RefusalReason.HIDDEN_SHEET


SHEETS = {
    "formula": (cells('<c r="A1"><f>1+1</f><v>2</v></c>'), RefusalReason.FORMULA),
    "validation": (f"{PLAIN}<dataValidations/>", RefusalReason.DATA_VALIDATION),
    "hyperlinks": (f"{PLAIN}<hyperlinks/>", RefusalReason.EXTERNAL_LINK),
    "drawing": (f'{PLAIN}<drawing r:id="x"/>', RefusalReason.DRAWINGS),
    "notes": (f'{PLAIN}<legacyDrawing r:id="x"/>', RefusalReason.COMMENTS),
    "objects": (f"{PLAIN}<oleObjects/>", RefusalReason.EMBEDDED),
    "extensions": (f"{PLAIN}<extLst/>", RefusalReason.UNKNOWN_PART),
    "scenarios": (f"{PLAIN}<scenarios/>", RefusalReason.UNKNOWN_PART),
    "foreign element": (f'{PLAIN}<x xmlns="urn:x"/>', RefusalReason.UNKNOWN_PART),
    "foreign cell": (cells('<x:c xmlns:x="urn:x" r="A1"/>'), RefusalReason.UNKNOWN_PART),
    "extension of a cell": (cells('<c r="A1"><v>1</v><extLst/></c>'), RefusalReason.UNKNOWN_PART),
    "text between cells": (cells("hidden words", '<c r="A1"><v>1</v></c>'), RefusalReason.BROKEN_XLSX),
    "cell twice": (cells('<c r="A1"><v>1</v></c><c r="A1"><v>2</v></c>'), RefusalReason.BROKEN_XLSX),
    "cell of another row": (cells('<c r="A2"><v>1</v></c>'), RefusalReason.BROKEN_XLSX),
    "value twice": (cells('<c r="A1"><v>1</v><v>2</v></c>'), RefusalReason.BROKEN_XLSX),
    "two kinds of value": (cells('<c r="A1"><is><t>x</t></is><v>2</v></c>'), RefusalReason.BROKEN_XLSX),
    "no number": (cells('<c r="A1"><v>0x10</v></c>'), RefusalReason.BROKEN_XLSX),
    "unknown type": (cells('<c r="A1" t="z"><v>1</v></c>'), RefusalReason.BROKEN_XLSX),
    "unknown error": (cells('<c r="A1" t="e"><v>secret</v></c>'), RefusalReason.BROKEN_XLSX),
    "string that is not there": (cells('<c r="A1" t="s"><v>0</v></c>'), RefusalReason.BROKEN_XLSX),
    "rows backwards": ('<sheetData><row r="2"/><row r="1"/></sheetData>', RefusalReason.BROKEN_XLSX),
    "row out of bounds": ('<sheetData><row r="1048577"/></sheetData>', RefusalReason.BROKEN_XLSX),
    "column out of bounds": (cells('<c r="XFE1"><v>1</v></c>'), RefusalReason.BROKEN_XLSX),
    "sparse giant": (
        cells('<c r="A1"><v>1</v></c>', '<c r="XFD1"><v>1</v></c>'),
        RefusalReason.TOO_MANY_CELLS,
    ),
    "giant merge": (f'{PLAIN}<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>', RefusalReason.TOO_MANY_CELLS),
    "merge backwards": (f'{PLAIN}<mergeCells><mergeCell ref="B2:A1"/></mergeCells>', RefusalReason.BROKEN_XLSX),
    "long cell": (cells(cell_xml(1, 1, "x" * 10_001)), RefusalReason.LONG_CELL),
}


@pytest.mark.parametrize("case", SHEETS)
def test_what_is_more_than_cells_refuses(case: str) -> None:
    inner, reason = SHEETS[case]
    assert refusal(with_sheet(inner)) is reason


PARTS = {
    "xl/vbaProject.bin": RefusalReason.MACROS,
    "xl/macrosheets/sheet1.xml": RefusalReason.MACROS,
    "customUI/customUI.xml": RefusalReason.MACROS,
    "xl/comments1.xml": RefusalReason.COMMENTS,
    "xl/threadedComments/threadedComment1.xml": RefusalReason.COMMENTS,
    "xl/persons/person.xml": RefusalReason.COMMENTS,
    "xl/pivotCache/pivotCacheRecords1.xml": RefusalReason.PIVOT_TABLE,
    "xl/slicers/slicer1.xml": RefusalReason.PIVOT_TABLE,
    "xl/externalLinks/externalLink1.xml": RefusalReason.EXTERNAL_LINK,
    "xl/connections.xml": RefusalReason.EXTERNAL_LINK,
    "xl/embeddings/oleObject1.bin": RefusalReason.EMBEDDED,
    "xl/drawings/drawing1.xml": RefusalReason.DRAWINGS,
    "xl/media/image1.png": RefusalReason.DRAWINGS,
    "xl/chartsheets/sheet1.xml": RefusalReason.DRAWINGS,
    "docProps/thumbnail.jpeg": RefusalReason.DRAWINGS,
    "docProps/custom.xml": RefusalReason.CUSTOM_PROPERTIES,
    "customXml/item1.xml": RefusalReason.CUSTOM_XML,
    "xl/calcChain.xml": RefusalReason.FORMULA,
    "xl/printerSettings/printerSettings1.bin": RefusalReason.UNKNOWN_PART,
    "secret.csv": RefusalReason.UNKNOWN_PART,
    "xl/worksheets/sheet2.xml": RefusalReason.UNKNOWN_PART,
    "xl/theme/theme1.xml": RefusalReason.UNKNOWN_PART,
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_not_known_or_not_reached_refuses(name: str) -> None:
    content = sheet_xml(PLAIN) if name.endswith(".xml") else b"bytes"
    assert refusal(with_parts(**{name: content})) is PARTS[name]


def book(more: str = "", before: str = "") -> dict[str, str]:
    return {"xl/workbook.xml": book_xml(["Sheet1"], more, before=before)}


def related(*more: tuple[str, str, str]) -> dict[str, str]:
    plain = (("rId1", "worksheet", "worksheets/sheet1.xml"), ("rIdS", "styles", "styles.xml"))
    return {"xl/_rels/workbook.xml.rels": relations_xml(*plain, *more)}


def named(text: str) -> dict[str, str]:
    return book(f'<definedNames><definedName name="x">{text}</definedName></definedNames>')


OUTSIDE = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="a" Type="x/hyperlink" Target="https://example.org/" TargetMode="External"/></Relationships>'
)
BOOKS: dict[str, tuple[dict[str, str], RefusalReason]] = {
    "external reference": (book("<externalReferences/>"), RefusalReason.EXTERNAL_LINK),
    "pivot caches": (book("<pivotCaches/>"), RefusalReason.PIVOT_TABLE),
    "unknown element": (book("<webPublishing/>"), RefusalReason.UNKNOWN_PART),
    "name of another file": (named("[1]Sheet1!$A$1"), RefusalReason.EXTERNAL_LINK),
    "name of a value": (named('"secret"'), RefusalReason.DEFINED_NAME),
    "name of a formula": (named("SUM(Sheet1!$A$1:$A$9)"), RefusalReason.DEFINED_NAME),
    "relation to another file": ({SHEET_RELATIONS: OUTSIDE}, RefusalReason.EXTERNAL_LINK),
    "relation of an unknown kind": (related(("x", "image", "styles.xml")), RefusalReason.UNKNOWN_PART),
    "relation to nothing": (related(("x", "theme", "theme/theme1.xml")), RefusalReason.BROKEN_XLSX),
    "relation out of the file": (related(("x", "theme", "../../../etc/passwd")), RefusalReason.BROKEN_XLSX),
    "relation twice": (related(("rId1", "styles", "styles.xml")), RefusalReason.BROKEN_XLSX),
    "sheet that is none": (related(("x", "worksheet", "styles.xml")), RefusalReason.BROKEN_XLSX),
    "other document": (
        {"_rels/.rels": relations_xml(("a", "officeDocument", "xl/styles.xml"))},
        RefusalReason.BROKEN_XLSX,
    ),
    "macros by type": (
        {"[Content_Types].xml": '<Types><Override ContentType="application/vnd.ms-excel.sheet.macroEnabled"/></Types>'},
        RefusalReason.MACROS,
    ),
    "sheet name that is a path": ({"xl/workbook.xml": book_xml(["../x"])}, RefusalReason.SHEET_NAME),
    "sheet name that is long": ({"xl/workbook.xml": book_xml(["x" * 32])}, RefusalReason.SHEET_NAME),
    "document type": (
        {"docProps/app.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'},
        RefusalReason.DOCUMENT_TYPE,
    ),
    "entity of a file": (
        {"xl/styles.xml": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'},
        RefusalReason.DOCUMENT_TYPE,
    ),
    "remark": ({"docProps/app.xml": "<a><!-- secret --></a>"}, RefusalReason.UNKNOWN_PART),
    "format without end": ({"xl/styles.xml": styles_xml("[" * 256)}, RefusalReason.BROKEN_XLSX),
    "instruction": ({"docProps/app.xml": "<?php secret?><a/>"}, RefusalReason.UNKNOWN_PART),
    "two documents": ({"docProps/app.xml": "<a/><b/>"}, RefusalReason.BROKEN_XLSX),
    "no xml": ({"docProps/app.xml": "words"}, RefusalReason.BROKEN_XLSX),
    "other encoding": ({"docProps/app.xml": '<?xml version="1.0" encoding="utf-7"?><a/>'}, RefusalReason.BROKEN_XLSX),
    "depth": ({"docProps/app.xml": "<a>" * 50 + "</a>" * 50}, RefusalReason.BROKEN_XLSX),
}


@pytest.mark.parametrize("case", BOOKS)
def test_a_workbook_that_is_more_than_its_sheets_is_refused(case: str) -> None:
    changes, reason = BOOKS[case]
    assert refusal(with_parts(**changes)) is reason


@pytest.mark.parametrize("text", ["Sheet1!$A$1:$B$3", "'A sheet'!$A:$B", "Sheet1!$1:$2", "#REF!", "A!$A$1,A!$B$2"])
def test_names_of_plain_ranges_pass(text: str) -> None:
    assert read_xlsx(with_parts(**named(text)))


def test_two_sheets_of_one_name_are_refused() -> None:
    content = workbook({"A": TABLE, "B": TABLE}, **{"xl/workbook.xml": book_xml(["A", "a"])})
    assert refusal(content) is RefusalReason.BROKEN_XLSX


def test_too_many_cells_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_reader, "MOST_CELLS", 5)
    assert refusal(workbook()) is RefusalReason.TOO_MANY_CELLS


@pytest.mark.parametrize("name", ["t.csv", "t.zip", "t.docx", "t", "t.parquet", "t.npz"])
def test_a_workbook_under_another_name_is_an_archive(name: str) -> None:
    (only,) = read_file(1, name, workbook()).fragments
    assert only == RefusalFragment(reason=RefusalReason.ARCHIVE)


@pytest.mark.parametrize("name", ["t.xlsm", "t.ods", "t.xlsb"])
def test_other_spreadsheets_are_told_how_to_be_saved(name: str) -> None:
    (only,) = read_file(1, name, workbook()).fragments
    assert only == RefusalFragment(reason=RefusalReason.SPREADSHEET)


@pytest.mark.parametrize(
    ("text", "plain"), [("_x0041_b", "Ab"), ("_x00e9_t_x00E9_", "\u00e9t\u00e9"), ("x0041", "x0041")]
)
def test_characters_that_are_written_by_number_are_those(text: str, plain: str) -> None:
    assert plain_text(text) == plain


def test_what_programs_write_beside_the_sheets_passes() -> None:
    parts = with_parts(**book("<calcPr/><extLst><ext><any/></ext></extLst>", before="<workbookPr/><bookViews/>"))
    assert [table.data for table in read_xlsx(parts)]
