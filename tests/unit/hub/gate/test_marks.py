"""Facts about marks in place of values."""

from __future__ import annotations

import polars as pl
import pytest

from hub.gate.marks import is_margin, is_missing, is_suppressed, says_margin, suppression_mark


def shown_of(cells: list[str], **others: list[str]) -> list[str]:
    """The cells of a column that show something."""
    frame = pl.DataFrame({"c0": cells, **others})
    return frame.filter(~is_suppressed(frame, "c0"))["c0"].to_list()


@pytest.mark.parametrize("mark", ["", " ", "c", "*", "**", "-", "…", "n/a", "NaN", "[redacted]", "<10", "≤ 5"])
def test_one_mark_shows_nothing(mark: str) -> None:
    assert shown_of(["12", mark, mark]) == ["12"]
    assert suppression_mark([mark, "12", mark]) == mark.strip()


@pytest.mark.parametrize("marks", [["c", "x"], ["<5", "<10"], ["*", "**"]])
def test_of_two_marks_each_says_something(marks: list[str]) -> None:
    assert shown_of(["12", *marks, ""]) == ["12", *marks]
    assert suppression_mark(marks) == ""


def test_marks_of_another_column_that_say_another_number_say_something() -> None:
    assert shown_of(["12", "<5"], c1=["<5", "7"]) == ["12"]
    assert shown_of(["12", "<5"], c1=["<10", "7"]) == ["12", "<5"]


@pytest.mark.parametrize("cell", ["<100", "12", "cc", "total"])
def test_a_figure_or_a_word_is_no_mark(cell: str) -> None:
    assert shown_of([cell]) == [cell]
    assert suppression_mark([cell]) == ""


@pytest.mark.parametrize(
    ("cell", "is_one"),
    [
        ("Grand total", True),
        ("subtotal", True),
        ("Total général", True),
        ("All regions", True),
        ("tous les secteurs", True),
        ("both sexes", True),
        ("∑", True),
        ("insgesamt", True),
        ("All others", False),
        ("all the rest", False),
        ("Tous les autres", False),
        ("all of 12", False),
        ("Allier", False),
        ("bothie", False),
    ],
)
def test_a_total_is_one_in_more_words(cell: str, *, is_one: bool) -> None:
    assert pl.DataFrame({"c": [cell]}).select(is_margin(pl.col("c"))).item() is is_one
    assert says_margin(cell) is is_one


@pytest.mark.parametrize(("cell", "is_one"), [("Total", True), (" ensemble ", True), ("", True), ("Totally", False)])
def test_a_margin_is_one_by_its_word(cell: str, *, is_one: bool) -> None:
    assert pl.DataFrame({"c": [cell]}).select(is_margin(pl.col("c"))).item() is is_one
    assert says_margin(cell) is is_one


@pytest.mark.parametrize(("cell", "is_one"), [("NaT", True), ("", True), ("None", True), ("x", False)])
def test_a_missing_value_is_written_in_few_ways(cell: str, *, is_one: bool) -> None:
    assert pl.DataFrame({"c": [cell]}).select(is_missing(pl.col("c"))).item() is is_one
