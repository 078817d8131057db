"""Facts about uuencoded lines: each says its length, and lines that do not are none."""

from __future__ import annotations

import binascii

import pytest

from hub.gate.readers.uuencoded import uuencoded

SENTENCE = b"Acacia Bouleau was here on Monday, and at home on all of the other days of that week."


def written(content: bytes, *, backtick: bool = False) -> str:
    lines = (binascii.b2a_uu(content[at : at + 45], backtick=backtick).decode() for at in range(0, len(content), 45))
    return "".join(lines)


@pytest.mark.parametrize("backtick", [False, True])
def test_lines_that_follow_each_other_are_one_code(backtick: bool) -> None:
    text = f"begin 644 a.txt\n{written(SENTENCE, backtick=backtick)}`\nend\n"
    assert [content for _, content in uuencoded(text)] == [SENTENCE]


def test_spaces_at_the_end_of_a_line_may_be_gone() -> None:
    content = b"a sentence of words\0\0"
    (line,) = written(content).splitlines()
    assert [found for _, found in uuencoded(line.rstrip())] == [content]


@pytest.mark.parametrize(
    "text", ["", "plain words of a line", "TOTAL 12 34", "#0V%T", "AAAA BBBB CCCC DDDD", "M" + "A" * 56]
)
def test_other_lines_are_none(text: str) -> None:
    assert list(uuencoded(text)) == []


def test_sixteen_letters_are_enough() -> None:
    content = b"words of a @"
    line = written(content).rstrip()
    assert len(line) == 16
    assert [found for _, found in uuencoded(line)] == [content]
