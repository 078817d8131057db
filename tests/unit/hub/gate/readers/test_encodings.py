"""Facts about codes in texts: codes of letters are read, and ages, counts and what lies outside of them are not."""

from __future__ import annotations

import binascii

import pytest

from hub.gate.readers.encodings import _is_spelled, coded


@pytest.mark.parametrize(
    ("numbers", "spells"),
    [
        ([*map(ord, "agathe;41;nord")], True),
        ([*map(ord, "agathe;41;nord"), 200], False),
        ([*map(ord, "agathe;41;nord"), 2], False),
        ([34, 51, 47, 62, 38, 55, 41], False),
        ([150, 199, 220, 180, 300], False),
    ],
)
def test_codes_of_letters_spell(numbers: list[int], spells: bool) -> None:
    assert _is_spelled(numbers) is spells


def test_a_uuencoded_text_is_read() -> None:
    said = b"agathe;41;nord;income"
    line = binascii.b2a_uu(said).decode()
    assert ("uu", said) in [(run.code, run.content) for run in coded(f"begin 644 x\n{line}`\nend\n")]
