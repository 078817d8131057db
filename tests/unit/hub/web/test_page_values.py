"""What is typed into forms becomes values, or stays text that the use case refuses."""

from __future__ import annotations

import pytest

from hub.domain.errors import InvalidError, RefusedError
from hub.domain.notebooks import Parameter, ParameterType
from hub.web.pages.types import Fields, permitted, refusal
from hub.web.pages.values import number_of, typed, value_of, values_of, zero_of, zeros_text


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "12", 12),
        ("integer", "1.5", "1.5"),
        ("integer", "9" * 5000, "9" * 5000),
        ("number", "1,5", 1.5),
        ("number", "x", "x"),
        ("boolean", "true", True),
        ("boolean", "yes", "yes"),
        ("choice", "1", "1"),
    ],
)
def test_a_value_is_read_by_its_type(kind: str, text: str, value: object) -> None:
    read = value_of(kind, text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("value", [1, 1.0, 0.05, 1e20, True, False, "a", 123456789.25])
def test_a_default_comes_back_as_it_was(value: bool | float | str) -> None:  # a parameter's value
    kind = {bool: "boolean", int: "integer", float: "number", str: "choice"}[type(value)]
    assert value_of(kind, typed(value)) == value


def test_a_bound_may_be_left_out() -> None:
    assert (number_of(""), number_of("2"), number_of("x"), typed(None)) == (None, 2.0, "x", "")


def test_an_empty_field_takes_the_default() -> None:
    schema = (Parameter("a", ParameterType.INTEGER, 1), Parameter("b", ParameterType.CHOICE, "x", choices=("x",)))
    assert values_of(schema, {"a": "", "b": "x"}) == {"b": "x"}


def test_fields_give_words_and_leave_names_of_files_alone() -> None:
    fields = Fields({"a": [" x "], "l": ["one, two\nthree,,"], "p": [" a.csv", "b.csv "]})
    assert fields.one("a") == "x"
    assert fields.one("none", "d") == "d"
    assert fields.listed("l") == ["one", "two", "three"]
    assert fields.exact("p") == [" a.csv", "b.csv "]
    assert fields.many("p") == ["a.csv", "b.csv"]


def test_the_first_rule_that_says_no_is_the_one_that_is_shown() -> None:
    def no() -> None:
        raise RefusedError("First.", reason="a")

    def also_no() -> None:
        raise InvalidError("Second.", reason="b")

    found = refusal(lambda: None, no, also_no)
    assert found is not None
    assert found.reason == "a"
    assert refusal(lambda: None) is None


def test_only_what_a_rule_lets_through_is_offered() -> None:
    def small(number: int) -> None:
        if number > 1:
            raise RefusedError("Too large.", reason="x")

    assert permitted([1, 2, 0], small) == [1, 0]


def test_structural_zeros_come_back_as_they_were_typed() -> None:
    zeros = ({"sex": "male", "maternity": "yes"}, {"age": "child", "wage": ""})
    assert tuple(zero_of(line) for line in zeros_text(zeros).splitlines()) == zeros
    assert zero_of(" a=b ;; c ") == {"a": "b", "c": ""}
