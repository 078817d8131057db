"""Facts about Thrift's compact form, in which Parquet describes itself: what is broken or too much is said so."""

from __future__ import annotations

import struct

import pytest

from hub.gate.readers import thrift
from hub.gate.readers.thrift import DEEPEST, BrokenError, Reader, TooManyError


def read(content: bytes) -> object:
    return Reader(content).struct_at(0, len(content))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b"\x11", True),
        (b"\x12", False),
        (b"\x13\x07", 7),
        (b"\x15\x0e", 7),
        (b"\x15\x0d", -7),
        (b"\x16\x80\x01", 64),
        (b"\x17" + struct.pack("<d", 2.5), 2.5),
        (b"\x18\x02ab", b"ab"),
        (b"\x19\x25\x02\x04", [1, 2]),
        (b"\x19\x21\x01\x02", [True, False]),
        (b"\x1c\x15\x02\x00", {1: 1}),
    ],
)
def test_each_kind_of_value_is_read(field: bytes, value: object) -> None:
    assert read(field + b"\x00") == {1: value}


def test_numbers_of_fields_go_on_from_the_last_or_stand_by_themselves() -> None:
    assert read(b"\x15\x02\x25\x04\x05\x14\x06\x00") == {1: 1, 3: 2, 10: 3}


def test_a_long_list_says_its_length_behind_its_head() -> None:
    assert read(b"\x19\xf5\x10" + b"\x02" * 16 + b"\x00") == {1: [1] * 16}


@pytest.mark.parametrize(
    "content",
    [
        b"\x15\x02\x05\x02\x04\x00",
        b"\x1d\x00",
        b"\x15",
        b"\x18\x05ab\x00",
        b"\x19\x95\x02\x00",
        b"\x15" + b"\x80" * 10 + b"\x01\x00",
        b"\x1c" * (DEEPEST + 2) + b"\x00" * (DEEPEST + 3),
        b"\x19" + b"\x19" * (DEEPEST + 2) + b"\x15\x02" + b"\x00" * 40,
    ],
    ids=["a field twice", "no kind", "no end", "a long text", "a long list", "a long number", "deep", "deep lists"],
)
def test_what_is_broken_is_refused(content: bytes) -> None:
    with pytest.raises(BrokenError):
        read(content)


def test_values_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thrift, "MOST_VALUES", 4)
    assert read(b"\x19\x35\x02\x02\x02\x00") == {1: [1, 1, 1]}
    with pytest.raises(TooManyError):
        read(b"\x19\x45\x02\x02\x02\x02\x00")


def test_no_byte_beyond_the_end_is_read() -> None:
    content = b"\x18\x02ab\x00"
    with pytest.raises(BrokenError):
        Reader(content).struct_at(0, len(content) - 1)
