"""Facts about reading any file: fragments or a refusal, never anything else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doubles.workbooks import workbook
from hub.gate.fragments import FileFragments, RefusalFragment
from hub.gate.kinds import ENDINGS
from hub.gate.readers import files
from hub.gate.readers.files import read_file
from hub.gate.refusals import RefusalReason

starts = st.sampled_from(
    [b"", b"PAR1", b"\x89PNG\r\n\x1a\n", b'{"nbformat": 4, "cells": [', b"a,b\n", b"%PDF", b"\xef\xbb\xbf"]
)


@given(starts, st.binary(max_size=120), st.sampled_from(sorted(ENDINGS)))
def test_any_bytes_under_any_name_become_fragments(start: bytes, rest: bytes, ending: str) -> None:
    read = read_file(1, f"out{ending}", start + rest)
    assert read.size == len(start + rest)
    assert FileFragments.model_validate_json(read.model_dump_json()) == read


@pytest.mark.parametrize("name", ["t.csv", "t.json", "t.txt", "t.ipynb"])
def test_nul_bytes_are_refused(name: str) -> None:
    (only,) = read_file(1, name, b"a,b\n1,\x00\n").fragments
    assert isinstance(only, RefusalFragment)


def test_a_file_that_is_a_picture_and_an_archive_is_refused(make: Any) -> None:
    (only,) = read_file(1, "a.png", make.png() + b"PK\x03\x04" + b"x" * 30).fragments
    assert isinstance(only, RefusalFragment)
    assert only.reason is RefusalReason.TRAILING_DATA


def test_a_file_beyond_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 3)
    (only,) = read_file(1, "a.txt", b"abcd").fragments
    assert only == RefusalFragment(reason=RefusalReason.TOO_LARGE)


@pytest.mark.parametrize("error", [RecursionError, MemoryError])
def test_a_reader_that_runs_out_refuses(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def fail(_content: bytes) -> None:
        raise error

    monkeypatch.setattr(files, "read_text", fail)
    (only,) = read_file(1, "a.txt", b"abcd").fragments
    assert only == RefusalFragment(reason=RefusalReason.CRASHED)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", b"region,n\n"),
        ("t.tsv", b"region\tn"),
        ("t.xlsx", workbook({"A": (("region", "n"),)})),
        ("t.xlsx", workbook({"A": (("region", "n"), ("Est", 12)), "B": (("region", "n"),)})),
    ],
)
def test_a_table_without_rows_says_what_it_lacks(name: str, content: bytes) -> None:
    (said,) = read_file(1, name, content).fragments
    assert isinstance(said, RefusalFragment)
    assert said.reason is RefusalReason.NO_ROWS
