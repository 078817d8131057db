"""Facts about numbers with something within, above or before them: they stand alone, and other texts stay."""

from __future__ import annotations

import pytest

from hub.gate.plain_numbers import plain_numbers


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("17_699.95 12", "17699.95 12"),
        ("-1_234_567", "-1234567"),
        ("1\u03012\u0301.5\u0301", "12.5"),
        ("1\ufe0f\u20e32\ufe0f\u20e3", "12"),
        ("1 1:17699.95 3:12", "1 17699.95 12"),
        ("1:0.5 8:2", "0.5 2"),
        ("1:0.5 2:1e-3\n1:0.25 2:2", "0.5 1e-3\n0.25 2"),
    ],
)
def test_numbers_stand_alone(text: str, plain: str) -> None:
    assert plain_numbers(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        "n_2019 10_20 p10_100",
        "2019_2020",
        "1_2345",
        "12:30 13:45 11:00",
        "3:1",
        "a:1.5 b:2",
        "e\u0301te\u0301",
        "5 : 3",
    ],
)
def test_other_texts_stay(text: str) -> None:
    assert plain_numbers(text) == text
