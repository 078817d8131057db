from __future__ import annotations

import pytest

from hub.cli.values import typed
from hub.domain.errors import InvalidError

SCHEMA = [
    {"name": "minimum", "type": "integer"},
    {"name": "share", "type": "number"},
    {"name": "all", "type": "boolean"},
    {"name": "by", "type": "choice"},
]


def test_words_become_values_of_the_types_that_the_schema_names() -> None:
    words = ["minimum=-3", "share=0.5", "all=True", "by=a=b"]
    assert typed(words, SCHEMA) == {"minimum": -3, "share": 0.5, "all": True, "by": "a=b"}


def test_a_number_that_looks_like_a_word_stays_one_where_a_choice_is_wanted() -> None:
    assert typed(["by=7"], SCHEMA) == {"by": "7"}


@pytest.mark.parametrize("word", ["minimum=1.5", "minimum=x", "share=nan", "share=inf", "all=maybe", "minimum="])
def test_a_value_of_another_type_is_refused_without_being_repeated(word: str) -> None:
    with pytest.raises(InvalidError) as caught:
        typed([word], SCHEMA)
    assert caught.value.reason == "parameter-value"
    assert str(caught.value).startswith(f"The parameter {word.partition('=')[0]} must be ")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["year"], "parameter-form"),
        (["=3"], "parameter-form"),
        (["year=3"], "parameter-unknown"),
        (["minimum=1", "minimum=2"], "parameter-twice"),
    ],
)
def test_what_names_no_parameter_is_refused(words: list[str], reason: str) -> None:
    with pytest.raises(InvalidError) as caught:
        typed(words, SCHEMA)
    assert caught.value.reason == reason
