"""Facts about CSV: strict, one meaning or none."""

from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate.canonical_table import write_csv
from hub.gate.fragments import TableFragment
from hub.gate.readers import tables
from hub.gate.readers.tables import read_csv
from hub.gate.refusals import ReadRefusedError, RefusalReason

cells = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff"), max_size=12)


def table(content: str | bytes) -> TableFragment:
    (only,) = read_csv(content.encode() if isinstance(content, str) else content)
    return only


def refusal(content: str | bytes) -> RefusalReason:
    with pytest.raises(ReadRefusedError) as refused:
        table(content)
    return refused.value.reason


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_and_line_ends_that_are_common_are_read(separator: str, end: str) -> None:
    read = table(end.join(separator.join(row) for row in (("a", "b"), ("1", "x y"), ("", "z"))) + end)
    assert read.columns == ("a", "b")
    assert read.data == (("1", ""), ("x y", "z"))


def test_a_mark_of_byte_order_is_no_part_of_the_header() -> None:
    assert table(b"\xef\xbb\xbfa,b\n1,2\n").columns == ("a", "b")


def test_quoted_cells_hold_separators_quotes_and_lines() -> None:
    read = table('a,b\n"x, ""y""\nz",2\n')
    assert read.data == (('x, "y"\nz',), ("2",))


def test_a_single_column_is_a_table() -> None:
    assert table("a\n1\n2\n").data == (("1", "2"),)


def test_a_header_alone_is_an_empty_table() -> None:
    assert table("a,b\n").height == 0


def test_decimal_commas_of_semicolon_tables_become_points() -> None:
    read = table("region;taux;note\nEst;1,5;1,5 ou 2\nSud;-2;x\n")
    assert read.data[1:] == (("1.5", "-2"), ("1,5 ou 2", "x"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a,b\n1\n", RefusalReason.RAGGED_TABLE),
        ("a,b\n1,2,3\n", RefusalReason.RAGGED_TABLE),
        ("a,b\n\n1,2\n", RefusalReason.RAGGED_TABLE),
        ('a,b\n"1,2\n', RefusalReason.BAD_QUOTES),
        ('a,b\n"1"x,2\n', RefusalReason.BAD_QUOTES),
        ('a,b\n1"2,3\n', RefusalReason.BAD_QUOTES),
        ("a,b;c\n1,2;3\n", RefusalReason.AMBIGUOUS_DELIMITER),
        ("a,b\r1,2\n", RefusalReason.CONTROL_CHARACTERS),
        ("a,b\n1,\x002\n", RefusalReason.CONTROL_CHARACTERS),
        (b"a,b\n1,\xff\n", RefusalReason.NOT_UTF8),
        (b"a,b\n1,\xc3\n", RefusalReason.NOT_UTF8),
        (b"\xff\xfea\x00,\x00b\x00", RefusalReason.NOT_UTF8),
        ("a\n" + "x" * 10_001 + "\n", RefusalReason.LONG_CELL),
        (",".join("c" * 1 for _ in range(2_001)) + "\n", RefusalReason.TOO_MANY_CELLS),
        ("\n\n", RefusalReason.EMPTY),
    ],
)
def test_a_table_with_two_meanings_or_none_is_refused(content: str | bytes, reason: RefusalReason) -> None:
    assert refusal(content) is reason


def test_a_table_of_too_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_CELLS", 10)
    assert refusal("a,b\n" + "1,2\n" * 5) is RefusalReason.TOO_MANY_CELLS


def test_a_refusal_names_the_row() -> None:
    with pytest.raises(ReadRefusedError) as refused:
        table("a,b\n1,2\n3,4\n5\n")
    assert refused.value.row == 3


@given(st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=6))
def test_what_the_csv_library_writes_is_read_as_it_was(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(rows)
    read = table(out.getvalue())
    assert [list(read.columns), *map(list, zip(*read.data, strict=True))] == rows


@given(st.integers(1, 4).flatmap(lambda w: st.lists(st.lists(cells, min_size=w, max_size=w), min_size=2, max_size=5)))
def test_what_the_gate_writes_is_read_as_it_was(rows: list[list[str]]) -> None:
    data = tuple(zip(*rows[1:], strict=True))
    written = TableFragment(columns=tuple(rows[0]), data=data)
    assert table(write_csv(written)) == written


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(ReadRefusedError):
        read_csv(content)


def test_empty_lines_at_the_end_are_no_rows_and_refusals_count_the_others() -> None:
    assert table('a,b\n"1",2\n\n\r\n\n').data == (("1",), ("2",))
    assert table('a\n"1"\n\n""\n').data == (("1", "", ""),)
    with pytest.raises(ReadRefusedError) as refused:
        table('a,b\n"1",2\n"3"x,4\n')
    assert refused.value.row == 2
