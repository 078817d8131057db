"""A file beside an earlier one."""

from __future__ import annotations

import time

from hub.web.comparisons import MOST_LINES, Changed, ChangedRow, compared
from hub.web.previews import NoPreview, TablePreview, TextPreview

HEADER = ("year", "n")


def table(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER, more: bool = False) -> TablePreview:
    return TablePreview(header, rows, more)


def test_changed_cells_added_rows_and_removed_rows_are_told_apart() -> None:
    before = table(("1990", "20"), ("1991", "30"), ("1992", "40"), ("1993", "50"))
    after = table(("1990", "20"), ("1991", "25"), ("1993", "50"), ("1994", "60"))
    found = compared(before, after)
    assert found is not None
    assert (found.header, found.same, found.cut) == (HEADER, 3, False)
    assert found.rows == (
        ChangedRow(Changed.CHANGED, 2, (("1991", "1991"), ("30", "25"))),
        ChangedRow(Changed.REMOVED, 3, (("1992", ""), ("40", ""))),
        ChangedRow(Changed.ADDED, 4, (("", "1994"), ("", "60"))),
    )


def test_another_header_is_a_change_and_a_new_column_has_nothing_before() -> None:
    found = compared(table(("1", "2")), table(("1", "2", "3"), header=("year", "n", "m")))
    assert found is not None
    assert found.rows[0] == ChangedRow(Changed.CHANGED, 0, (("year", "year"), ("n", "n"), ("", "m")))
    assert found.rows[1].cells[2] == ("", "3")


def test_texts_are_compared_by_line_and_the_same_is_the_same() -> None:
    found = compared(TextPreview("a\nb\nc", False), TextPreview("a\nx\nc", True))
    assert found is not None
    assert (found.rows, found.header, found.same) == ((ChangedRow(Changed.CHANGED, 1, (("b", "x"),)),), (), 2)
    assert found.cut
    same = compared(table(("1", "2")), table(("1", "2")))
    assert same is not None
    assert (same.rows, same.same) == ((), 2)


def test_what_is_no_pair_is_not_compared() -> None:
    assert compared(table(), TextPreview("a", False)) is None
    assert compared(NoPreview("picture"), NoPreview("picture")) is None


def test_the_work_is_bounded() -> None:
    rows = [(str(n % 2), "0") for n in range(5000)]
    begun = time.process_time()
    found = compared(table(*rows), table(*reversed(rows), header=("other", "n")))
    assert time.process_time() - begun < 5
    assert found is not None
    assert found.cut
    assert len(found.rows) <= 2 * MOST_LINES
