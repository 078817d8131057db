"""Facts about what people read, and about sizes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from hub.domain.exports import Severity


def test_a_picture_is_always_looked_at(gate: Any, make: Any) -> None:
    judged = gate.judge("f.png", make.png())
    assert judged.verdict == "review"
    assert make.checks(judged, Severity.REVIEW) == {"picture"}


def test_a_picture_in_a_notebook_is_looked_at(gate: Any, make: Any) -> None:
    judged = gate.judge("n.ipynb", make.notebook(("p", [make.shown(png=base64.b64encode(make.png()).decode())])))
    assert "picture" in make.checks(judged, Severity.REVIEW)


def test_long_text_is_read_and_short_text_passes(gate: Any, make: Any) -> None:
    assert make.checks(gate.judge("t.txt", "word " * 101), Severity.REVIEW) == {"free-text"}
    assert gate.judge("t.txt", "A note about the method.\n").verdict == "none"


def test_text_that_says_something_by_its_pattern_is_read(gate: Any, make: Any) -> None:
    judged = gate.judge("t.txt", "yes no " * 12)
    assert make.checks(judged, Severity.REVIEW) == {"free-text"}
    assert "repeats words, letters or marks" in make.sentences(judged)


def test_text_with_numbers_is_read(gate: Any) -> None:
    assert gate.judge("t.txt", "mean 12.31, deviation 4.2\n").verdict == "review"
    assert gate.judge("t.txt", "n = 4").verdict == "review"


def test_numbers_in_markdown_and_outputs_are_read(gate: Any, make: Any) -> None:
    assert gate.judge("n.ipynb", make.notebook(("x", [make.shown(plain="4")]))).verdict == "review"
    markdown = {"cell_type": "markdown", "metadata": {}, "source": "We saw 4."}
    body = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [markdown]}
    assert gate.judge("n.ipynb", json.dumps(body)).verdict == "review"


def test_source_with_many_digits_is_read(gate: Any, make: Any) -> None:
    assert gate.judge("n.ipynb", make.notebook(("x = [" + "31, 5, " * 20 + "]", []))).verdict == "review"
    assert gate.judge("n.ipynb", make.notebook(("x = 2 + 3", []))).verdict == "none"


def test_numbers_of_a_document_are_read(gate: Any) -> None:
    assert gate.judge("t.json", '{"slope": 1.25}').verdict == "review"
    assert gate.judge("t.json", '{"model": "linear"}').verdict == "none"


def test_numbers_in_words_are_read_as_those_in_digits(gate: Any, make: Any) -> None:
    assert gate.judge("t.txt", "There are six hundred people.\n").verdict == "review"
    assert gate.judge("t.json", '{"note": "six hundred people"}').verdict == "review"
    assert gate.judge("t.json", '{"note": "people:\\nsix\\nhundred"}').verdict == "review"
    assert gate.judge("t.json", '{"note": "\\u00e9t\\u00e9"}').verdict == "none"
    assert gate.judge("n.ipynb", make.notebook(("x  # the two groups", []))).verdict == "none"
    assert gate.judge("n.ipynb", make.notebook(("x  #" + " six" * 21, []))).verdict == "review"


def test_a_small_count_in_a_document_blocks(gate: Any, make: Any) -> None:
    assert "minimum-frequency" in make.checks(gate.judge("t.json", json.dumps({"a": [{"model": {"n": 4}}]})))
    assert "minimum-frequency" not in make.checks(gate.judge("t.json", json.dumps({"a": [{"model": {"n": 40}}]})))
    assert "minimum-frequency" not in make.checks(gate.judge("t.json", json.dumps({"count": True, "n": 0})))


def test_small_counts_of_a_document_are_counted_where_they_stand(gate: Any) -> None:
    said = {"model": {"n": 4, "slope": 2.5}, "parts": [{"count": 3, "deeper": {"n": 200}}], "n": 7}
    found = [
        f for f in gate.without_data().judge("t.json", json.dumps(said)).findings if f.check == "minimum-frequency"
    ]
    assert any(f.sentence.startswith("3 value(s) named like a count are below 10.") for f in found)


def test_what_stays_behind_is_said(gate: Any, make: Any) -> None:
    judged = gate.judge("n.ipynb", make.notebook(("x", []), widgets={"state": {"secret": 1}}))
    assert judged.verdict == "fixed"
    assert make.checks(judged, Severity.FIXED) == {"left-behind"}
    assert judged.canonical is not None
    assert b"secret" not in judged.canonical.content


@pytest.mark.parametrize(
    ("limit", "name", "content"),
    [
        ({"table_rows": 2}, "t.csv", "a,b\n1,2\n1,2\n1,2\n"),
        ({"table_columns": 1}, "t.csv", "a,b\n1,2\n"),
        ({"text_characters": 3}, "t.txt", "four"),
        ({"text_characters": 3}, "t.json", '"four"'),
        ({"file_bytes": 3}, "t.txt", "four"),
        ({}, "t.txt", "x" * 20_001),
    ],
)
def test_what_is_too_large_blocks(gate: Any, make: Any, limit: dict[str, int], name: str, content: str) -> None:
    small = gate.under(limits=gate.policy.limits.model_copy(update=limit))
    assert "volume" in make.checks(small.judge(name, content))
    if limit:
        assert "volume" not in make.checks(gate.judge(name, content))


def test_what_is_too_large_is_looked_at_no_further(gate: Any, make: Any, data: Any) -> None:
    small = gate.under(limits=gate.policy.limits.model_copy(update={"table_rows": 2}))
    assert make.checks(small.judge("t.csv", data.head(5).write_csv())) == {"volume"}


def test_a_picture_that_is_too_large_blocks(gate: Any, make: Any) -> None:
    small = gate.under(limits=gate.policy.limits.model_copy(update={"image_pixels": 47}))
    assert "volume" in make.checks(small.judge("f.png", make.png(8, 6)))
