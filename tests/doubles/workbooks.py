"""Workbooks put together by hand: the least that a spreadsheet program opens, and whatever a test adds to it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
Cell = str | int | float | None
Parts = dict[str, str | bytes]
TABLE: Sequence[Sequence[Cell]] = (("region", "n"), ("Est", 120), ("Sud", 240))


def cell_name(row: int, column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def cell_xml(row: int, column: int, value: Cell, style: int = 0) -> str:
    place = f'r="{cell_name(row, column)}"' + (f' s="{style}"' if style else "")
    if value is None:
        return f"<c {place}/>"
    if isinstance(value, bool):
        return f'<c {place} t="b"><v>{value:d}</v></c>'
    if isinstance(value, str):
        return f'<c {place} t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c {place}><v>{value}</v></c>"


def data_xml(rows: Sequence[Sequence[Cell]]) -> str:
    made = [
        f'<row r="{number}">' + "".join(cell_xml(number, at, value) for at, value in enumerate(row, 1)) + "</row>"
        for number, row in enumerate(rows, 1)
    ]
    return "<sheetData>" + "".join(made) + "</sheetData>"


def sheet_xml(inner: str) -> str:
    return f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}">{inner}</worksheet>'


def relations_xml(*related: tuple[str, str, str]) -> str:
    made = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{kind}" Target={quoteattr(target)}/>' for key, kind, target in related
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{made}</Relationships>'


def book_xml(sheets: Sequence[str], more: str = "", states: Mapping[str, str] | None = None, before: str = "") -> str:
    made = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"'
        + (f' state="{states[name]}"' if states and name in states else "")
        + "/>"
        for n, name in enumerate(sheets, 1)
    )
    return f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{before}<sheets>{made}</sheets>{more}</workbook>'


def styles_xml(*formats: str) -> str:
    codes = "".join(f'<numFmt numFmtId="{164 + n}" formatCode={quoteattr(code)}/>' for n, code in enumerate(formats))
    cells = "".join(f'<xf numFmtId="{164 + n}"/>' for n in range(len(formats)))
    return (
        f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts>{codes}</numFmts>'
        f'<cellXfs><xf numFmtId="0"/>{cells}<xf numFmtId="14"/></cellXfs></styleSheet>'
    )


def workbook_parts(sheets: Mapping[str, Sequence[Sequence[Cell]]] | None = None) -> Parts:
    """The parts of a workbook by name, to be changed at will."""
    filled = {"Sheet1": TABLE} if sheets is None else sheets
    parts: Parts = {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/></Types>',
        "_rels/.rels": relations_xml(
            ("rId1", "officeDocument", "xl/workbook.xml"), ("rId2", "extended-properties", "docProps/app.xml")
        ),
        "docProps/app.xml": f"{HEAD}<Properties><Manager>secret person</Manager></Properties>",
        "xl/workbook.xml": book_xml(list(filled)),
        "xl/styles.xml": styles_xml(),
    }
    related = [("rIdS", "styles", "styles.xml")]
    for number, rows in enumerate(filled.values(), 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = sheet_xml(data_xml(rows))
        related.append((f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml"))
    parts["xl/_rels/workbook.xml.rels"] = relations_xml(*related)
    return parts


def zipped(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in parts.items():
            file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, method)
    return out.getvalue()


def workbook(sheets: Mapping[str, Sequence[Sequence[Cell]]] | None = None, **changes: str | bytes | None) -> bytes:
    """A workbook; ``changes`` replace parts by name, or take them out."""
    parts = workbook_parts(sheets) | {name: content for name, content in changes.items() if content is not None}
    return zipped({name: content for name, content in parts.items() if changes.get(name, "") is not None})


def with_sheet(inner: str, styles: str | None = None, **changes: str | bytes | None) -> bytes:
    """A workbook of one sheet, given by what stands inside its element."""
    more: dict[str, str | bytes | None] = {"xl/styles.xml": styles} if styles else {}
    return workbook(**{"xl/worksheets/sheet1.xml": sheet_xml(inner)}, **more, **changes)
