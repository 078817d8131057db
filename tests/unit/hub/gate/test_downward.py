"""Facts about records that are written downward: kinds that come back make rows, and other lines none."""

from __future__ import annotations

import pytest

from hub.gate.downward import downward

RECORD = ["nurse", "31245.18", "12"]


def rows(*lines: str) -> list[list[list[str]]]:
    return list(downward(list(lines)))


def test_kinds_that_come_back_are_records_wherever_they_begin() -> None:
    assert rows("Begun.", *RECORD * 4) == [[RECORD] * 4]


def test_empty_lines_and_spaces_say_nothing() -> None:
    spaced = [line for value in RECORD * 4 for line in (f"  {value} ", "")]
    assert rows(*spaced) == [[RECORD] * 4]


def test_what_is_left_of_a_record_at_the_end_is_no_row() -> None:
    assert rows(*RECORD * 4, "nurse", "31245.18")[0] == [RECORD] * 4


def test_fewer_than_four_records_are_none() -> None:
    assert rows(*RECORD * 3) == []


def test_words_are_no_records() -> None:
    assert rows(*["one", "other"] * 30) == []


@pytest.mark.parametrize("number", ["12", "1.5", "-3,25", "1e-3", "1.5e10"])
def test_numbers_of_one_kind_are_tried_at_each_small_width(number: str) -> None:
    widths = [len(found[0]) for found in rows(*[number] * 24)]
    assert sorted(set(widths)) == ([] if number == "1e-3" else [2, 3, 4, 5, 6])


def test_a_width_whose_half_is_known_is_not_tried_again() -> None:
    assert rows(*["a", "5"] * 20) == [[["a", "5"]] * 20, [["5", "a"]] * 19]


@pytest.mark.parametrize("above", [["12.5"], ["18", "12.5"], ["nurse", "18", "12.5"]])
def test_records_are_found_below_lines_of_the_kinds_that_end_one(above: list[str]) -> None:
    record = ["nurse", "12", "31245.18"]
    assert [record] * 5 in [found[-5:] for found in rows(*above, *record * 5)]


def test_numbers_of_one_kind_are_records_from_each_line_on() -> None:
    numbers = [f"{number}.5" for number in range(9)]
    assert [found[0] for found in rows(*numbers)] == [["0.5", "1.5"], ["1.5", "2.5"]]


def test_large_records_are_read_from_their_first_line_alone() -> None:
    record = [*"abcdef", "5"]
    assert rows(*record * 6) == [[record] * 6]
