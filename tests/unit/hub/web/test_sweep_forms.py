"""What is typed into the form of a sweep, as values."""

from __future__ import annotations

import pytest

from hub.domain.notebooks import Parameter, ParameterType
from hub.web.pages.sweep_forms import grid_of, words_of

SHARE = Parameter("share", ParameterType.NUMBER, 0.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("1", ["1"]),
        ("1,2, 3", ["1", "2", "3"]),
        ("1\n2,3", ["1", "2", "3"]),
        ("0,5; 1,5", ["0,5", "1,5"]),
        ("0,5;", ["0,5"]),
        ("0,5;\n1,5\n2", ["0,5", "1,5", "2"]),
        (" ; ,", [","]),
    ],
)
def test_values_stand_between_commas_or_between_semicolons_where_there_is_one(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_an_amount_with_a_decimal_comma_is_read_as_one() -> None:
    assert grid_of((SHARE,), {"share": "0,5; 1,25"}) == ({"share": (0.5, 1.25)}, {})
    assert grid_of((SHARE,), {"share": "0,5;"}) == ({}, {"share": 0.5})
    assert grid_of((SHARE,), {"share": "0.5, 1.25"}) == ({"share": (0.5, 1.25)}, {})
