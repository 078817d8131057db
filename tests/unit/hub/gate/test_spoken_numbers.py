"""Which numbers a text says."""

from __future__ import annotations

import time

import pytest

from hub.gate.spoken_numbers import _WORDS, spoken_numbers


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("Income rises with schooling.", 0),
        ("1.31", 3),
        ("six hundred people", 2),
        ("SIX_HUNDRED people", 2),
        ("twenty-one", 1),
        ("sixhundred", 2),
        ("sixpeople", 0),
        ("centsoixante", 2),
        ("deuxcentsoixantesix", 4),
        ("centssix", 2),
        ("s\u00edx h\u00fandred", 2),
        ("\u02e2\u2071\u02e3 \u02b0\u1d58\u207f\u1d48\u02b3\u1d49\u1d48", 2),
        ("trillions", 1),
        ("quatre-vingt-dix", 3),
        ("un millier", 1),
        ("zéro", 1),
        ("six\u00b2", 1),
        ("\u2076\u2070\u2070", 3),
        ("\u2082", 1),
        ("\u216e\u216d", 2),
        ("\u516d\u767e", 2),
        ("\u0666", 1),
        ("\u00bd", 1),
    ],
)
def test_numbers_are_counted_however_they_are_written(text: str, count: int) -> None:
    assert spoken_numbers(text) == count


def test_two_words_that_are_written_as_one_are_two() -> None:
    pairs = [(one, other) for one in _WORDS.split() for other in _WORDS.split()]
    assert [pair for pair in pairs if spoken_numbers("".join(pair)) != 2] == []


def test_a_long_run_of_words_is_counted_soon() -> None:
    began = time.monotonic()
    assert spoken_numbers("centsoixante" * 20_000) == 40_000
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "text", ["one of them", "l\u2019un et l\u2019autre", "often", "weight", "sixth", "centre", "R\u00b2", "m\u00b3."]
)
def test_what_is_no_number_is_not_counted(text: str) -> None:
    assert spoken_numbers(text) == 0


@pytest.mark.parametrize("text", ["R\u00b2\u00b3", "a\u00b24", "a\u00b2b", "\u00b2", "4\u00b2"])
def test_a_power_that_is_part_of_more_is_a_number(text: str) -> None:
    assert spoken_numbers(text) > 0
