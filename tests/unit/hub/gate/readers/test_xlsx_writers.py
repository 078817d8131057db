"""Facts about workbooks as researchers write them: by polars, and by pandas with either of its writers."""

from __future__ import annotations

import io
from datetime import date, datetime, time

import pandas as pd
import polars as pl
import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from hub.gate.readers.xlsx import read_xlsx
from hub.gate.refusals import ReadRefusedError, RefusalReason

ROWS: dict[str, list[object]] = {
    "region": ["Est", "Süd & Nord"],
    "n": [12, 13],
    "mean": [1.5, None],
    "day": [date(2020, 1, 2), None],
    "moment": [datetime(2020, 1, 2, 3, 4, 5), None],
    "yes": [True, False],
    "hour": [time(3, 4), None],
}
COLUMNS = tuple(ROWS)
DATA = (
    ("Est", "Süd & Nord"),
    ("12", "13"),
    ("1.5", ""),
    ("2020-01-02", ""),
    ("2020-01-02 03:04:05", ""),
    ("true", "false"),
    ("03:04:00", ""),
)


def by_pandas(engine: str) -> bytes:
    out = io.BytesIO()
    with pd.ExcelWriter(out, engine=engine) as writer:
        pl.DataFrame(ROWS).to_pandas().to_excel(writer, sheet_name="All", index=False)
        pl.DataFrame(ROWS).to_pandas().groupby(["region", "yes"]).n.agg(["sum", "count"]).to_excel(
            writer, sheet_name="By region"
        )
    return out.getvalue()


@pytest.mark.parametrize("engine", ["openpyxl", "xlsxwriter"])
def test_pandas_writes_what_the_gate_reads(engine: str) -> None:
    whole, grouped = read_xlsx(by_pandas(engine))
    assert (whole.place, whole.columns, whole.data) == ("!All", COLUMNS, DATA)
    assert (grouped.place, grouped.columns) == ("!By region", ("region", "yes", "sum", "count"))


def test_polars_writes_what_the_gate_reads() -> None:
    out = io.BytesIO()
    pl.DataFrame(ROWS).write_excel(out)
    (table,) = read_xlsx(out.getvalue())
    assert (table.columns, table.data) == (COLUMNS, DATA)


def test_an_index_of_several_levels_stands_in_every_row() -> None:
    out = io.BytesIO()
    pd.DataFrame({"a": ["x", "x"], "b": [1, 2], "n": [30, 40]}).set_index(["a", "b"]).to_excel(out)
    (table,) = read_xlsx(out.getvalue())
    assert table.data == (("x", "x"), ("1", "2"), ("30", "40"))


def changed(change: str) -> bytes:
    """A workbook of openpyxl with one more thing in it."""
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.append(["a", "b"])
    sheet.append([1, 2])
    match change:
        case "formula":
            sheet["A3"] = "=SUM(A2:A2)"
        case "comment":
            sheet["A1"].comment = Comment("secret", "somebody")
        case "hidden row":
            sheet.row_dimensions[2].hidden = True
        case "hidden column":
            sheet.column_dimensions["B"].hidden = True
        case "hidden sheet":
            book.create_sheet("more").sheet_state = "veryHidden"
        case "link":
            sheet["A1"].hyperlink = "https://example.org/"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("formula", RefusalReason.FORMULA),
        ("comment", RefusalReason.COMMENTS),
        ("hidden row", RefusalReason.HIDDEN_CELLS),
        ("hidden column", RefusalReason.HIDDEN_CELLS),
        ("hidden sheet", RefusalReason.HIDDEN_SHEET),
        ("link", RefusalReason.EXTERNAL_LINK),
    ],
)
def test_what_a_library_hides_is_found(change: str, reason: RefusalReason) -> None:
    assert read_xlsx(changed(""))
    with pytest.raises(ReadRefusedError) as refused:
        read_xlsx(changed(change))
    assert refused.value.reason is reason
