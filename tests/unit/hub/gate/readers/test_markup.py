"""Facts about tables of pages: each cell once for each row and column that it spans, and bounded."""

from __future__ import annotations

import pytest

from hub.gate.readers import markup
from hub.gate.readers.markup import html_tables
from hub.gate.refusals import ReadRefusedError, RefusalReason


def test_a_cell_hangs_down_through_as_many_rows_as_it_spans() -> None:
    page = (
        "<table><tr><th>a<th>b</tr><tr><td rowspan=3>x<td>1</tr><tr><td>2</tr><tr><td>3</tr><tr><td>y<td>4</tr></table>"
    )
    assert html_tables(page) == [(("a", "b"), [["x", "1"], ["x", "2"], ["x", "3"], ["y", "4"]], ())]


def test_a_cell_spans_columns_and_rows_at_once() -> None:
    page = "<table><tr><th>a<th>b<th>c</tr><tr><td rowspan=2 colspan=2>x<td>1</tr><tr><td>2</tr></table>"
    assert html_tables(page) == [(("a", "b", "c"), [["x", "x", "1"], ["x", "x", "2"]], ())]


def test_a_line_break_separates_words() -> None:
    page = "<table><tr><th>a<br>b</tr><tr><td>1<br/>2</tr></table><br>"
    assert html_tables(page) == [(("a b",), [["1 2"]], ())]


@pytest.mark.parametrize("most", [5, 6])
def test_all_tables_of_a_page_are_bounded_together(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Rows are padded to the widest, so that few cells of many rows may be many."""
    page = "<table><tr><td>a<td>b<td>c</tr><tr><td>1</tr></table>"
    monkeypatch.setattr(markup, "MOST_CELLS", most)
    if most == 6:
        assert html_tables(page) == [(("a", "b", "c"), [["1", "", ""]], ())]
        return
    with pytest.raises(ReadRefusedError) as caught:
        html_tables(page)
    assert caught.value.reason is RefusalReason.TOO_MANY_CELLS


def test_several_rows_that_name_the_columns_are_kept_as_they_were() -> None:
    """What stands above an index names no column, and is judged all the same."""
    head = "<thead><tr><th>17699</th><th>2020</th></tr><tr><th>town</th></tr></thead>"
    (table,) = html_tables(f"<table>{head}<tr><td>a<td>1</table>")
    assert table.columns == ("town", "2020")
    assert table.header == (("17699", "2020"), ("town", ""))
    assert table.data == (("a",), ("1",))
