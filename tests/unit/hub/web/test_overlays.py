"""Findings are marked where they stand, and nowhere else."""

from __future__ import annotations

import pytest

from hub.domain.exports import Finding, Fix, FixKind, Severity
from hub.web.overlays import MOST_MARKS, Mark, TextPart, marks_of, masked, overlaid

HEADER = ("year", "sex", "n")
B, R = Severity.BLOCK, Severity.REVIEW


def found(place: str, severity: Severity = B, fix: Fix | None = None) -> Finding:
    return Finding("minimum-frequency", severity, place, "A sentence.", fix=fix)


@pytest.mark.parametrize(
    ("place", "cells"),
    [
        ("a, b.csv, row 2, column n", {(2, 3)}),
        ("a.csv, rows 1, 2, columns year × n", {(1, 1), (1, 3), (2, 1), (2, 3)}),
        ("a.csv, row 1", {(1, 1), (1, 2), (1, 3)}),
        ("a.csv, row 1, the whole table", {(1, 1), (1, 2), (1, 3)}),
        ("a.csv, column 2", {(0, 2), (1, 2), (2, 2)}),
        ("a.csv, row 9, column n", set()),
        ("a.csv, column 7", set()),
        ("a.csv, column 0", set()),
        ("a.csv", set()),
        ("row 1.csv", set()),
        ("", set()),
    ],
)
def test_a_place_is_brought_to_its_cells(place: str, cells: set[tuple[int, int]]) -> None:
    assert set(marks_of([found(place)], HEADER, 2)) == cells


def test_a_column_that_is_named_like_a_number_is_found_by_its_name() -> None:
    assert set(marks_of([found("a.csv, row 1, column 1")], ("n", "1"), 1)) == {(1, 2)}


def test_the_fix_names_the_rows_that_the_place_leaves_out() -> None:
    fix = Fix(FixKind.SUPPRESS, "a.csv", rows=(1, 2, 3), columns=(3,))
    marks = marks_of([found("a.csv, rows 1 and 2 more, column n", fix=fix)], HEADER, 3)
    assert set(marks) == {(1, 3), (2, 3), (3, 3)}


def test_a_cell_has_all_its_findings_and_the_strictest_severity() -> None:
    marks = marks_of([found("a.csv, row 1, column n", R), found("a.csv"), found("a.csv, row 1, column n")], HEADER, 1)
    assert marks == {(1, 3): Mark((1, 3), B)}
    table = overlaid(HEADER, [("1990", "f", "3")], marks)
    assert [[(cell.text, cell.mark) for cell in row] for row in table] == [
        [("year", None), ("sex", None), ("n", None)],
        [("1990", None), ("f", None), ("3", Mark((1, 3), B))],
    ]


def test_marks_are_bounded() -> None:
    header = tuple(f"c{n}" for n in range(100))
    assert len(marks_of([found("a.csv, rows 1, column 1")] * 1000, header, 200)[1, 1].findings) == 100
    wide = marks_of([found(f"a.csv, column c{n}") for n in range(100)], header, 1000)
    assert len(wide) == MOST_MARKS


def test_a_line_with_a_finding_is_masked_and_the_others_are_not() -> None:
    text = "one\ntwo\nthree\nfour"
    parts = masked(text, [found("a.txt, line 3"), found("a.txt"), found("a.txt, line 3")])
    assert parts == (TextPart("one\ntwo", 1), TextPart("three", 3, (1, 3)), TextPart("four", 4))
    assert "\n".join(part.text for part in parts) == text
    assert masked(text, [found("a.txt"), found("a.txt, line 99")])[-1].findings == ()
    assert masked(text, []) == (TextPart(text, 1),)
