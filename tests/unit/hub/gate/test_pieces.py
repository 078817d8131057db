"""Facts about small parts that are put together: what is read of them, and whether that is all."""

from __future__ import annotations

import pytest

from hub.gate.fragments import Fragment, TableFragment, TextFragment, ValueFragment
from hub.gate.pieces import LONGEST, MOST_ROWS, _is_small, _tables, is_cut, joined, numbers_of

MOST = 200_000


def texts(*lengths: int) -> list[Fragment]:
    return [TextFragment(text=chr(97 + at) * length) for at, length in enumerate(lengths)]


def stacks(parts: list[Fragment]) -> list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]:
    return [(whole.columns, whole.data) for whole in joined(parts) if isinstance(whole, TableFragment)]


@pytest.mark.parametrize(
    ("lengths", "is_more"),
    [((), False), ((MOST - 1,), False), ((MOST,), True), ((100_000, 99_998), False), ((100_000, 99_999), True)],
)
def test_texts_are_all_read_up_to_so_many_characters_with_their_line_ends(
    lengths: tuple[int, ...], is_more: bool
) -> None:
    assert is_cut(texts(*lengths)) is is_more


def test_the_same_text_counts_once_and_tables_not_at_all() -> None:
    same: list[Fragment] = [TextFragment(text="a" * 150_000)] * 3
    table = TableFragment(columns=("x",), data=(("b" * MOST,),))
    assert not is_cut([*same, table])
    assert is_cut([*same, ValueFragment(value={"x": "b" * 50_000})])


def test_of_longer_texts_the_first_are_read() -> None:
    (whole,) = joined(texts(MOST, 10))
    assert isinstance(whole, TextFragment)
    assert whole.text == "a" * MOST
    numbers: list[Fragment] = [TextFragment(text="12 3.5 " + "a" * MOST), TextFragment(text="34")]
    whole_numbers, fractions = numbers_of(numbers)
    assert (whole_numbers.data, fractions.data) == ((("12",),), (("3.5",),))


def test_documents_are_one_list_and_a_single_one_is_not_said_again() -> None:
    parts: list[Fragment] = [ValueFragment(value={"a": 1}), ValueFragment(value=[2])]
    assert list(joined(parts)) == [ValueFragment(value=[{"a": 1}, [2]])]
    assert list(joined(parts[:1])) == []


@pytest.mark.parametrize(("rows", "is_small"), [(0, True), (1, True), (MOST_ROWS, True), (MOST_ROWS + 1, False)])
def test_a_table_is_small_up_to_so_many_rows(rows: int, is_small: bool) -> None:
    assert _is_small(TableFragment(columns=("x",), data=(("1",) * rows,))) is is_small


def test_names_that_differ_are_rows_of_what_is_put_together() -> None:
    parts: list[Fragment] = [
        TableFragment(columns=("a", "b"), data=((), ())),
        TableFragment(columns=("c", "d"), data=(("1",), ("2",))),
    ]
    assert stacks(parts) == [
        (("", ""), (("1",), ("2",))),
        (("", ""), (("a", "c", "1"), ("b", "d", "2"))),
    ]


def test_names_of_several_rows_are_rows_of_what_is_put_together() -> None:
    table = TableFragment(columns=("a x", "b y"), header=(("a", "b"), ("x", "y")), data=(("1",), ("2",)))
    assert stacks([table, table]) == [
        (("a x", "b y"), (("1", "1"), ("2", "2"))),
        (("a x", "b y"), (("a", "x", "1") * 2, ("b", "y", "2") * 2)),
    ]


def test_names_that_are_the_same_stay_names() -> None:
    same = TableFragment(columns=("a", "b"), data=(("1",), ("2",)))
    other = same.model_copy(update={"columns": (" A", "b")})
    assert stacks([same, other]) == [(("a", "b"), (("1", "1"), ("2", "2")))]


@pytest.mark.parametrize(("length", "is_small"), [(0, False), (1, True), (4_000, True), (4_001, False)])
def test_a_text_is_a_piece_up_to_four_thousand_letters(length: int, is_small: bool) -> None:
    assert LONGEST == 4_000
    assert _is_small(TextFragment(text="w" * length)) is is_small


def test_a_table_is_a_piece_as_it_is() -> None:
    table = TableFragment(columns=("a x",), header=(("a",), ("x",)), data=(("1",),))
    assert _tables(table) == [table]
