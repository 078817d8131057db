"""Facts about fragments that are written anew in plain letters: coded words are read, and all else stays as it was."""

from __future__ import annotations

import base64

import pytest

from hub.gate.fragments import ValueFragment
from hub.gate.readers.rewriting import cell_read, rewritten

WORDS = ("cat", "oak", "elm", "fir", "ash", "yew")


def coded(word: str) -> str:
    return base64.b64encode(word.encode()).decode()


@pytest.mark.parametrize("word", WORDS)
def test_three_letters_are_enough_for_a_coded_word(word: str) -> None:
    assert cell_read(coded(word)) == ("base64", word)


def test_a_document_of_coded_words_keeps_its_numbers() -> None:
    part = ValueFragment(
        place="t.json", value={"words": [coded(word) for word in WORDS], "n": 12, "is": [True, None, 0.5]}
    )
    read = [one.value for one in rewritten(part) if isinstance(one, ValueFragment)]
    assert {"words": list(WORDS), "n": 12, "is": [True, None, 0.5]} in read
