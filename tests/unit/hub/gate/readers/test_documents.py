"""Facts about JSON: one document, one meaning, bounded."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate.readers import documents
from hub.gate.readers.documents import parse_json, read_json
from hub.gate.refusals import ReadRefusedError, RefusalReason

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc é", max_size=4), inner, max_size=4),
    max_leaves=15,
)


def refusal(content: str | bytes) -> RefusalReason:
    with pytest.raises(ReadRefusedError) as refused:
        read_json(content.encode() if isinstance(content, str) else content)
    return refused.value.reason


@given(values)
def test_a_document_is_read_as_it_was(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", RefusalReason.BROKEN_JSON),
        ('{"a": 1} {"b": 2}', RefusalReason.BROKEN_JSON),
        ('{"a": 1}\x00', RefusalReason.CONTROL_CHARACTERS),
        ('{"a": 1, "a": 2}', RefusalReason.REPEATED_KEY),
        ('{"a": NaN}', RefusalReason.STRANGE_NUMBER),
        ('{"a": -Infinity}', RefusalReason.STRANGE_NUMBER),
        ('{"a": 1e999}', RefusalReason.STRANGE_NUMBER),
        ('{"a": ' + "9" * 5_000 + "}", RefusalReason.STRANGE_NUMBER),
        ('{"a": 0.' + "3" * 40 + "}", RefusalReason.STRANGE_NUMBER),
        ("[" * 100_000 + "]" * 100_000, RefusalReason.DEEP_JSON),
        ('{"a":' * 40 + "1" + "}" * 40, RefusalReason.DEEP_JSON),
        ('"\\ud800"', RefusalReason.BROKEN_JSON),
        ('{"\\udfff": 1}', RefusalReason.BROKEN_JSON),
        (b'{"a": "\xff"}', RefusalReason.NOT_UTF8),
        ('{"nbformat": 4, "cells": []}', RefusalReason.KIND_MISMATCH),
        ("{'a': 1}", RefusalReason.BROKEN_JSON),
    ],
)
def test_a_document_with_two_meanings_or_none_is_refused(content: str | bytes, reason: RefusalReason) -> None:
    assert refusal(content) is reason


def test_brackets_in_texts_are_no_depth() -> None:
    assert parse_json(json.dumps({"a": "[" * 1_000 + '\\"{' * 50}).encode()) == {"a": "[" * 1_000 + '\\"{' * 50}


def test_a_whole_escaped_pair_is_a_character() -> None:
    assert parse_json(b'"\\ud83d\\ude00"') == "\U0001f600"


def test_a_document_of_too_many_parts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_NODES", 10)
    assert refusal("[" + ",".join("1" * 1 for _ in range(30)) + "]") is RefusalReason.TOO_MANY_PARTS


@given(st.binary(max_size=100) | st.text('{}[]",:\\u0123 eE+-.tfn', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(ReadRefusedError):
        read_json(content)


@pytest.mark.parametrize("content", ["[]", "{}", "[{}]", "[[], {}, [{}]]"])
def test_a_document_without_a_value_is_refused(content: str) -> None:
    assert refusal(content) is RefusalReason.NO_VALUES


@pytest.mark.parametrize("content", ['{"a": []}', "[{}, 0]", "[null]", '""', "false"])
def test_a_name_or_a_value_is_something(content: str) -> None:
    assert read_json(content.encode())[0].value == json.loads(content)
