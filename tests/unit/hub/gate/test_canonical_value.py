"""Facts about JSON documents as they leave."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from hub.gate.canonical_value import canonical_value, write_json
from hub.gate.refusals import ReadRefusedError, RefusalReason

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a\u200bb  \nc\n\n", "ab\nc"),
        ({"k \n": ["x "]}, {"k": ["x"]}),
        (1.23456, 1.23),
        (123456, 123456),
        ([True, None, 0.5], [True, None, 0.5]),
    ],
)
def test_texts_are_clean_and_decimals_few(value: JsonValue, expected: JsonValue) -> None:
    assert canonical_value(value, 3) == expected


@pytest.mark.parametrize("zero", [-0.0, 0.0])
def test_a_zero_has_no_sign(zero: float) -> None:
    made = canonical_value(zero, 3)
    assert isinstance(made, float)
    assert math.copysign(1, made) == 1


def test_two_keys_that_become_one_are_refused() -> None:
    with pytest.raises(ReadRefusedError) as caught:
        canonical_value({"deep": [{"a": 1, "a\u200b": 2}]}, 3)
    assert caught.value.reason == RefusalReason.REPEATED_KEY


@pytest.mark.parametrize("number", [1.7976e308, -1.7976e308])
def test_a_number_that_rounds_beyond_all_numbers_is_refused(number: float) -> None:
    assert canonical_value(number, 5) == number
    with pytest.raises(ReadRefusedError) as caught:
        canonical_value(number, 4)
    assert caught.value.reason == RefusalReason.STRANGE_NUMBER


@given(VALUES)
def test_what_is_canonical_stays_as_it_is(value: JsonValue) -> None:
    try:
        made = canonical_value(value, 4)
    except ReadRefusedError:
        return
    assert canonical_value(made, 4) == made
    assert json.loads(write_json(made)) == made


def test_a_document_is_written_in_one_way() -> None:
    assert write_json({"b": ["é"], "a": 1}) == '{\n "a": 1,\n "b": [\n  "é"\n ]\n}\n'.encode()
    with pytest.raises(ValueError, match="JSON"):
        write_json(math.inf)
