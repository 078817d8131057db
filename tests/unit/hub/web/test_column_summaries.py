"""Columns in short."""

from __future__ import annotations

import pytest

from hub.web.column_summaries import MOST_CELLS, ColumnType, summaries_of

W, N, T, X = ColumnType.WHOLE, ColumnType.NUMBERS, ColumnType.TIMES, ColumnType.TEXTS


@pytest.mark.parametrize(
    ("cells", "kind", "gaps", "smallest", "base"),
    [
        (("10", "0", "25", "c", "40"), W, 1, "10", "5"),
        (("-5", "100", "1005"), W, 0, "5", "5"),
        (("0.5", "1.25", "2"), N, 0, "0.5", "0.25"),
        (("1.50", "2.50", "7.00"), N, 0, "1.5", "0.5"),
        (("12", "7"), W, 0, "7", ""),
        (("0", "0.0"), N, 0, "", ""),
        (("7", "7", "7"), W, 0, "7", ""),
        (("2020-01-01", "2020-01-02T10:00"), T, 0, "", ""),
        (("a", "1"), X, 0, "", ""),
        (("1e5", "2"), X, 0, "", ""),
        (("", "n/a", "NULL"), ColumnType.NOTHING, 3, "", ""),
        (("٣", "4"), X, 0, "", ""),
    ],
)
def test_a_column_is_told_by_type_gaps_smallest_number_and_base(
    cells: tuple[str, ...], kind: ColumnType, gaps: int, smallest: str, base: str
) -> None:
    [summary] = summaries_of(["column"], [(cell,) for cell in cells])
    assert (summary.type, summary.gaps, summary.filled) == (kind, gaps, len(cells) - gaps)
    assert (summary.smallest, summary.base) == (smallest, base)


def test_rows_that_are_too_short_have_nothing_there_and_much_is_cut() -> None:
    first, second = summaries_of(["a", "b"], [("1",)] * MOST_CELLS)
    assert (first.filled, second.filled, second.gaps) == (MOST_CELLS // 2, 0, 0)
    assert summaries_of([], [()]) == ()
